//! Loading: a file becomes a plan, with all that is wrong with it.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use capstan_spec::Amending;
use capstan_spec::diagnostic::{Code, Diagnostic, Sink};
use capstan_spec::source::{SourceMap, Span};

use crate::bindings::Files;
use crate::compile::compile;
use crate::plan::Plan;

/// What a load gives.
#[derive(Debug)]
pub struct Loaded {
    /// The texts of all files that were read, for rendering the diagnostics.
    pub sources: Arc<SourceMap>,
    /// What is wrong, in file order.
    pub diagnostics: Vec<Diagnostic>,
    /// The plan; `None` when there are errors among the diagnostics.
    pub plan: Option<Arc<Plan>>,
}

/// Loads a capability from a file. Never fails: the diagnostics say what is wrong, also when the
/// file cannot be read.
pub fn load(path: &Path, files: &dyn Files) -> Loaded {
    load_amended(path, files, &[])
}

/// Loads a capability from a file as [`load`] does, with changes to its consumed APIs, the most
/// important first.
pub fn load_amended(path: &Path, files: &dyn Files, amendings: &[Amending]) -> Loaded {
    let name = path.to_string_lossy();
    match read_text(path, files) {
        Ok(text) => loaded(&name, &text, files, amendings),
        Err(unreadable) => unreadable.into_loaded(&name),
    }
}

/// Loads a capability from its text. Imports are relative to the folder of `name`.
pub fn load_text(name: &str, text: &str, files: &dyn Files) -> Loaded {
    loaded(name, text, files, &[])
}

fn loaded(name: &str, text: &str, files: &dyn Files, amendings: &[Amending]) -> Loaded {
    let loaded = capstan_spec::load_amended(name, text, &SpecFiles(files), amendings);
    let mut sink = loaded.diagnostics;
    let sources = Arc::new(loaded.sources);
    let plan = loaded.capability.map(|capability| compile(&capability, name, sources.clone(), files, &mut sink));
    let plan = plan.filter(|_| !sink.has_errors()).map(Arc::new);
    Loaded { sources, diagnostics: sink.into_sorted(), plan }
}

/// Why a file has no text.
struct Unreadable {
    code: Code,
    why: String,
}

impl Unreadable {
    fn into_loaded(self, name: &str) -> Loaded {
        let mut sources = SourceMap::new();
        let file = sources.add(name, "");
        let mut sink = Sink::new();
        sink.push(
            Diagnostic::new(self.code, Span::new(file, 0, 0), format!("the file cannot be read: {}", self.why))
                .help("check the path: it is relative to the working directory"),
        );
        Loaded { sources: Arc::new(sources), diagnostics: sink.into_sorted(), plan: None }
    }
}

fn read_text(path: &Path, files: &dyn Files) -> Result<String, Unreadable> {
    let limit = u64::try_from(capstan_spec::limits::FILE_BYTES_MAX).unwrap_or(u64::MAX);
    let bytes = files.read(path, limit).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => Unreadable {
            code: Code::FileTooLarge,
            why: format!("a capability has {} MiB at most", limit / (1024 * 1024)),
        },
        _ => Unreadable { code: Code::FileUnreadable, why: explain(&error) },
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Unreadable { code: Code::FileUnreadable, why: format!("it is not UTF-8 text (byte {})", at + 1) }
    })
}

/// An error of the file system as a sentence.
fn explain(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "it does not exist".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => error.to_string(),
    }
}

/// The files of the engine as the specification crate wants them.
struct SpecFiles<'f>(&'f dyn Files);

impl capstan_spec::Files for SpecFiles<'_> {
    fn read(&self, path: &Path) -> Result<String, String> {
        read_text(path, self.0).map_err(|unreadable| unreadable.why)
    }
}
