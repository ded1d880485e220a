//! Files become plans; what is wrong with them goes to stderr.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use capstan_engine::bindings::RealFiles;
use capstan_engine::{CallError, Loaded, Plan};
use capstan_spec::Amending;
use capstan_spec::diagnostic::Code;
use capstan_spec::diagnostic::render;

use crate::find::{Finding, Found, find};
use crate::terminal::Terminal;
use crate::{report, settings};

/// The files of a command line, read one after the other.
pub(crate) struct Loading<'t> {
    terminal: &'t Terminal,
    codes: BTreeSet<Code>,
    skipped: usize,
    /// Whether a file or a folder could not be used.
    pub(crate) failed: bool,
}

impl<'t> Loading<'t> {
    /// Nothing read yet.
    pub(crate) fn new(terminal: &'t Terminal) -> Self {
        Loading { terminal, codes: BTreeSet::new(), skipped: 0, failed: false }
    }

    /// The files that paths stand for; what else there is to say about the paths is said.
    pub(crate) fn find(&mut self, paths: &[std::path::PathBuf]) -> Vec<Found> {
        let Finding { files, unreadable, empty } = find(paths);
        self.failed |= !unreadable.is_empty();
        say_folders(&unreadable, &empty, self.terminal);
        files
    }

    /// The plan of a file; `None` when it has errors, which are then shown, or when it was found
    /// in a folder and is no capability.
    pub(crate) fn plan(&mut self, found: &Found) -> Option<Arc<Plan>> {
        let loaded = capstan_engine::load(&found.path, &RealFiles);
        if loaded.plan.is_none() {
            if is_other_yaml(found, &loaded) {
                self.skipped += 1;
            } else {
                self.show(&loaded);
            }
        }
        loaded.plan
    }

    fn show(&mut self, loaded: &Loaded) {
        self.failed = true;
        let mut out = String::new();
        for diagnostic in report::errors(&loaded.diagnostics) {
            self.codes.insert(diagnostic.code);
            // A String takes any text.
            let _ = render::text(&loaded.sources, diagnostic, self.terminal.stderr_style(), &mut out);
        }
        report::say(&out);
    }

    /// Says what is said once, behind all files.
    pub(crate) fn finish(self) {
        if self.skipped > 0 {
            report::note(&skipped_text(self.skipped), self.terminal);
        }
        let mut out = String::new();
        let _ = render::footer(self.codes, &mut out); // a String takes any text
        report::say(&out);
    }
}

/// Loads one file with what flags and then the settings change of it.
///
/// # Errors
/// The settings cannot be used. What is wrong with the file is among its diagnostics.
pub(crate) fn load(path: &Path, flags: Option<Amending>) -> Result<Loaded, CallError> {
    let amendings: Vec<Amending> = flags.into_iter().chain(settings::amendings(path)?).collect();
    Ok(capstan_engine::load_amended(path, &RealFiles, &amendings))
}

/// The plan of one file that was named; its errors are shown.
pub(crate) fn one(path: &Path, terminal: &Terminal) -> Option<Arc<Plan>> {
    let loaded = match load(path, None) {
        Ok(loaded) => loaded,
        Err(error) => {
            report::error(&error, None, terminal);
            return None;
        }
    };
    if loaded.plan.is_none() {
        report::diagnostics(&loaded.sources, report::errors(&loaded.diagnostics), terminal);
    }
    loaded.plan
}

/// Says which folders could not be read, and which hold nothing.
pub(crate) fn say_folders(
    unreadable: &[(std::path::PathBuf, std::io::Error)],
    empty: &[std::path::PathBuf],
    terminal: &Terminal,
) {
    for (folder, why) in unreadable {
        report::usage(&format!("the folder `{}` cannot be read: {why}", folder.display()), &[], terminal);
    }
    for folder in empty {
        report::note(&format!("`{}` holds no *.yaml or *.yml", folder.display()), terminal);
    }
}

/// Whether a file that nobody named is no capability: a folder may hold any YAML.
pub(crate) fn is_other_yaml(found: &Found, loaded: &Loaded) -> bool {
    !found.named && loaded.diagnostics.iter().any(|d| d.code == Code::NotACapability)
}

/// How many files were left out, and why.
pub(crate) fn skipped_text(count: usize) -> String {
    match count {
        1 => "1 YAML file is no capability and was skipped".to_owned(),
        n => format!("{n} YAML files are no capabilities and were skipped"),
    }
}
