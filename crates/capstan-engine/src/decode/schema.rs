//! What an `outputSchema` names: a file beside the capability, read through the door to files.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::bindings::{Files, locate};
use crate::limits::{SCHEMA_BYTES_MAX, SCHEMA_DEPTH_MAX};

/// Where the files of schemas are.
#[derive(Clone, Copy)]
pub struct SchemaFolder<'f> {
    /// The door to them.
    pub files: &'f dyn Files,
    /// The folder that their names are relative to.
    pub folder: &'f Path,
}

/// Why a schema cannot be used: a sentence, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaError {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl SchemaError {
    pub(super) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        SchemaError { message: message.into(), help: help.into() }
    }
}

impl SchemaFolder<'_> {
    /// The path of a schema: relative to the folder, or a `file:` location.
    pub(super) fn locate(&self, location: &str) -> Result<PathBuf, SchemaError> {
        locate(location, self.folder).map_err(|_| {
            let message = format!("`{location}` cannot be read as a schema");
            SchemaError::new(message, "name a file beside the capability: `outputSchema: ./schemas/order.proto`")
        })
    }

    /// The text of a file; `Ok(None)` where there is no such file.
    pub(super) fn text(&self, path: &Path) -> Result<Option<String>, SchemaError> {
        let shown = path.display();
        let bytes = match self.files.read(path, SCHEMA_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == ErrorKind::FileTooLarge => {
                let message = format!("the schema `{shown}` is larger than {} KiB", SCHEMA_BYTES_MAX / 1024);
                return Err(SchemaError::new(message, "check that the path names a schema"));
            }
            Err(error) => {
                return Err(SchemaError::new(
                    format!("the schema `{shown}` cannot be read: {error}"),
                    "check the path",
                ));
            }
        };
        let text = String::from_utf8(bytes).map_err(|_| {
            SchemaError::new(format!("the schema `{shown}` is not text in UTF-8"), "check that the path names a schema")
        })?;
        check_depth(path, &text)?;
        Ok(Some(text))
    }

    /// The text of a file that must be there.
    pub(super) fn required(&self, path: &Path) -> Result<String, SchemaError> {
        self.text(path)?.ok_or_else(|| {
            let help = "the path is relative to the folder of the capability";
            SchemaError::new(format!("the schema `{}` does not exist", path.display()), help)
        })
    }
}

/// Parsers of schemas go down with each bracket; one in a text or a comment counts with them.
fn check_depth(path: &Path, text: &str) -> Result<(), SchemaError> {
    let mut depth = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > SCHEMA_DEPTH_MAX {
            let message = format!("the schema `{}` is nested deeper than {SCHEMA_DEPTH_MAX} levels", path.display());
            return Err(SchemaError::new(message, "check that the path names a schema"));
        }
    }
    Ok(())
}
