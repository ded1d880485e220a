//! The one place that calls the API under test, and the way to the files of the project.

use std::path::{Path, PathBuf};

use capstan_spec::diagnostic::Diagnostic;
use capstan_spec::diagnostic::render::{Style, text};
use capstan_spec::source::SourceMap;
use capstan_spec::{Capability, Files, load};

/// Files of a folder, for imports.
struct Folder(PathBuf);

impl Files for Folder {
    fn read(&self, path: &Path) -> Result<String, String> {
        std::fs::read_to_string(self.0.join(path)).map_err(|_| "there is no such file".to_owned())
    }
}

/// A load and what it said.
pub(crate) struct Outcome {
    pub(crate) sources: SourceMap,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) capability: Option<Capability>,
}

impl Outcome {
    /// All diagnostics as a person sees them.
    pub(crate) fn rendered(&self) -> String {
        let mut out = String::new();
        for diagnostic in &self.diagnostics {
            text(&self.sources, diagnostic, Style::Plain, &mut out).expect("a String takes any text");
            out.push('\n');
        }
        out
    }

    /// Every place that a diagnostic names lies in the text of its file.
    #[track_caller]
    pub(crate) fn assert_spans(&self) {
        for diagnostic in &self.diagnostics {
            let labels = diagnostic.labels.iter().map(|l| l.span);
            let fix = diagnostic.fix.iter().map(|f| f.span);
            for span in labels.chain(fix).chain([diagnostic.span]) {
                let file = self.sources.get(span.file()).expect("a span names a file of the load");
                let chars = file.text().chars().count();
                // A problem at the end of the text points one past the last character.
                assert!(span.start() <= chars && span.end() <= chars + 1, "{span:?} of {chars} in {diagnostic:?}");
            }
        }
    }
}

/// A place where every path leads to the same file.
struct Always<'t>(&'t str);

impl Files for Always<'_> {
    fn read(&self, _: &Path) -> Result<String, String> {
        Ok(self.0.to_owned())
    }
}

/// Loads a text whose imports lie in a folder.
pub(crate) fn load_in(folder: &Path, name: &str, text: &str) -> Outcome {
    load_with(name, text, &Folder(folder.to_owned()))
}

/// Loads a text that every import leads back to.
pub(crate) fn load_always(text: &str) -> Outcome {
    load_with("case.yaml", text, &Always(text))
}

fn load_with(name: &str, text: &str, files: &dyn Files) -> Outcome {
    let loaded = load(name, text, files);
    Outcome { sources: loaded.sources, diagnostics: loaded.diagnostics.into_sorted(), capability: loaded.capability }
}

/// Loads a text without imports.
pub(crate) fn load_text(text: &str) -> Outcome {
    load_in(Path::new("/nowhere"), "case.yaml", text)
}

/// The root of the project.
pub(crate) fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the crate lies in the project")
}

/// A folder of published files beside the project, where there is one; says so where not.
pub(crate) fn shared(folder: &str) -> Option<PathBuf> {
    let found = project().ancestors().map(|a| a.join("shared").join(folder)).find(|p| p.is_dir());
    if found.is_none() {
        eprintln!("skipped: there is no `../shared/{folder}` beside the project");
    }
    found
}

/// The YAML files below a folder, in order of their paths.
pub(crate) fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("the folder can be read").flatten().map(|e| e.path()).collect();
    entries.sort();
    let mut files = Vec::new();
    for path in entries {
        if path.is_dir() {
            files.extend(yaml_files(&path));
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            files.push(path);
        }
    }
    files
}
