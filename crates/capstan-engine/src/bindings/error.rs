//! Why a binding has no values.

use std::fmt;

use capstan_spec::diagnostic::Code;

/// Why a binding has no values. Its text never holds a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingError {
    /// `UnsupportedLocation` or `BindingFile`.
    pub code: Code,
    /// One sentence on the fact.
    pub message: String,
    /// What to do, where there is something to say.
    pub help: Option<String>,
}

impl BindingError {
    /// A location that cannot be followed.
    pub(super) fn location(message: String, help: &str) -> Self {
        BindingError { code: Code::UnsupportedLocation, message, help: Some(help.to_owned()) }
    }

    /// A file that cannot be read.
    pub(crate) fn unreadable(path: &std::path::Path, error: &std::io::Error) -> Self {
        BindingError {
            code: Code::BindingFile,
            message: format!("the binding file `{}` cannot be read: {error}", path.display()),
            help: Some("a `location` is relative to the folder of the capability".to_owned()),
        }
    }

    /// A file that cannot be understood.
    pub(super) fn file(message: String) -> Self {
        BindingError { code: Code::BindingFile, message, help: None }
    }
}

impl fmt::Display for BindingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BindingError {}
