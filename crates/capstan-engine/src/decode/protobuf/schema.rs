//! A `.proto` file and all that it imports become the descriptor of a message.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use prost_reflect::{FileDescriptor, MessageDescriptor};
use protox::file::{File, FileResolver, GoogleFileResolver};
use protox::{Compiler, Error};

use crate::decode::schema::{SchemaError, SchemaFolder};
use crate::limits::SCHEMA_FILES_MAX;

/// Compiles what `location` names.
pub(in crate::decode) fn compile(location: &str, folder: &SchemaFolder<'_>) -> Result<MessageDescriptor, SchemaError> {
    let (file, message) = match location.split_once('#') {
        Some((file, message)) => (file, Some(message)),
        None => (location, None),
    };
    let path = folder.locate(file)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let sources = Sources::gather(&path, &name, folder)?;
    let mut compiler = Compiler::with_file_resolver(sources);
    compiler.include_imports(true);
    compiler.open_file(&name).map_err(|error| broken(&path, &error))?;
    let pool = compiler.descriptor_pool();
    let descriptor = pool.get_file_by_name(&name);
    descriptor.and_then(|file| find(&file, message)).ok_or_else(|| {
        let what = message.map_or("no message".to_owned(), |message| format!("no message `{message}`"));
        let help = "the first message of the file is the answer; name another: `outputSchema: order.proto#Order`";
        SchemaError::new(format!("the schema `{}` has {what}", path.display()), help)
    })
}

/// The message of that name, with or without its package, or else the first.
fn find(file: &FileDescriptor, message: Option<&str>) -> Option<MessageDescriptor> {
    let Some(name) = message else { return file.messages().next() };
    let pool = file.parent_pool();
    let full = format!("{}.{name}", file.package_name());
    pool.get_message_by_name(name).or_else(|| pool.get_message_by_name(&full))
}

fn broken(path: &Path, error: &Error) -> SchemaError {
    let file = error.file().filter(|file| !path.ends_with(file)).map(|file| format!(" (`{file}`)")).unwrap_or_default();
    let message = format!("the schema `{}` is not valid{file}: {error}", path.display());
    SchemaError::new(
        message,
        "imports are looked for beside the schema and in the folders above it, up to the capability's",
    )
}

/// The texts of a file and of all that it imports. They are read before the compiler runs, which
/// wants to own its door to files.
struct Sources {
    texts: HashMap<String, String>,
    google: GoogleFileResolver,
}

impl Sources {
    fn gather(path: &Path, name: &str, folder: &SchemaFolder<'_>) -> Result<Self, SchemaError> {
        let roots = roots(path, folder.folder);
        let mut sources = Sources { texts: HashMap::new(), google: GoogleFileResolver::new() };
        let mut wanted = imports(name, &folder.required(path)?, &mut sources.texts);
        while let Some(import) = wanted.pop() {
            if sources.texts.contains_key(&import) {
                continue;
            }
            if sources.texts.len() >= SCHEMA_FILES_MAX {
                let message = format!("the schema `{}` has more than {SCHEMA_FILES_MAX} files", path.display());
                return Err(SchemaError::new(message, "name a schema that imports less"));
            }
            // One that is nowhere may be one of the compiler's own, or is its error to report.
            if let Some(text) = first_text(&roots, &import, folder)? {
                wanted.extend(imports(&import, &text, &mut sources.texts));
            }
        }
        Ok(sources)
    }
}

/// Keeps a text, and gives what it imports. What it cannot tell, the compiler will.
fn imports(name: &str, text: &str, texts: &mut HashMap<String, String>) -> Vec<String> {
    texts.insert(name.to_owned(), text.to_owned());
    File::from_source(name, text).map(|file| file.file_descriptor_proto().dependency.clone()).unwrap_or_default()
}

/// The folder of the schema and those above it, up to the capability's.
fn roots(path: &Path, capability: &Path) -> Vec<PathBuf> {
    let beside = path.parent().unwrap_or(Path::new(""));
    if beside.starts_with(capability) {
        let above = beside.ancestors().take_while(|folder| folder.starts_with(capability));
        above.map(Path::to_owned).collect()
    } else {
        vec![beside.to_owned(), capability.to_owned()]
    }
}

fn first_text(roots: &[PathBuf], import: &str, folder: &SchemaFolder<'_>) -> Result<Option<String>, SchemaError> {
    for root in roots {
        if let Some(text) = folder.text(&root.join(import))? {
            return Ok(Some(text));
        }
    }
    Ok(None)
}

impl FileResolver for Sources {
    fn resolve_path(&self, path: &Path) -> Option<String> {
        Some(path.to_string_lossy().into_owned())
    }

    fn open_file(&self, name: &str) -> Result<File, Error> {
        match self.texts.get(name) {
            Some(text) => File::from_source(name, text),
            None => self.google.open_file(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::MapFiles;

    fn compiled(files: &[(&str, &str)], location: &str) -> Result<String, String> {
        let files = MapFiles::from_iter(files.iter().map(|(path, text)| (path, text.as_bytes())));
        let folder = SchemaFolder { files: &files, folder: Path::new("cap") };
        compile(location, &folder).map(|message| message.full_name().to_owned()).map_err(|error| error.message)
    }

    #[test]
    fn imports_are_found_beside_and_above() {
        let main = r#"syntax = "proto3"; package p; import "sub/b.proto"; import "c.proto";
            import "google/protobuf/timestamp.proto";
            message A { sub.B b = 1; C c = 2; google.protobuf.Timestamp t = 3; } message Other {}"#;
        let files = [
            ("cap/schemas/a.proto", main),
            ("cap/sub/b.proto", r#"syntax = "proto3"; package sub; message B {}"#),
            ("cap/schemas/c.proto", r#"syntax = "proto3"; package p; message C {}"#),
        ];
        assert_eq!(compiled(&files, "./schemas/a.proto").as_deref(), Ok("p.A"));
        assert_eq!(compiled(&files, "schemas/a.proto#Other").as_deref(), Ok("p.Other"));
        assert_eq!(compiled(&files, "schemas/a.proto#sub.B").as_deref(), Ok("sub.B"));
        assert!(compiled(&files, "schemas/a.proto#None").is_err_and(|e| e.contains("no message `None`")));
        assert!(compiled(&files[..1], "schemas/a.proto").is_err_and(|e| e.contains("sub/b.proto")));
        assert!(compiled(&files, "x.proto").is_err_and(|e| e.contains("does not exist")));
    }

    #[test]
    fn what_is_no_schema_is_an_error() {
        assert!(compiled(&[("cap/a.proto", "message {")], "a.proto").is_err_and(|e| e.contains("not valid")));
        let deep = "message A {".repeat(10_000);
        assert!(compiled(&[("cap/a.proto", &deep)], "a.proto").is_err_and(|e| e.contains("deeper")));
        let cycle = [
            ("cap/a.proto", r#"syntax = "proto3"; import "b.proto"; message A {}"#),
            ("cap/b.proto", r#"syntax = "proto3"; import "a.proto"; message B {}"#),
        ];
        assert!(compiled(&cycle, "a.proto").is_err());
    }
}
