//! One file: loaded, its problems rendered, all else dropped.

use std::fs;

use capstan_engine::Loaded;
use capstan_engine::bindings::RealFiles;
use capstan_spec::diagnostic::render::{self, Style};
use capstan_spec::diagnostic::{Code, Diagnostic, Severity};
use serde_json::{Value, json};

use crate::args::catalogue::{ValidateArgs, ValidateFormat};
use crate::command::loading::is_other_yaml;
use crate::find::Found;
use crate::terminal::Terminal;

/// What is left of a file.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// For stdout; empty when there is nothing to show.
    pub(super) shown: String,
    /// For stderr: a person is told there that a path leads nowhere, as every command does.
    pub(super) talk: String,
    pub(super) bytes: usize,
    pub(super) errors: usize,
    pub(super) warnings: usize,
    pub(super) codes: Vec<Code>,
    /// Whether the file is no capability, and nobody said that it is one.
    pub(super) skipped: bool,
}

/// How files are checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checker {
    format: ValidateFormat,
    strict: bool,
    quiet: bool,
    style: Style,
    talk_style: Style,
}

impl Checker {
    pub(super) fn new(args: &ValidateArgs, terminal: &Terminal) -> Self {
        Checker {
            format: args.format,
            strict: args.strict,
            quiet: args.quiet,
            style: terminal.stdout_style(),
            talk_style: terminal.stderr_style(),
        }
    }

    /// Checks a file.
    pub(super) fn check(&self, found: &Found) -> Checked {
        let mut loaded = capstan_engine::load(&found.path, &RealFiles);
        if is_other_yaml(found, &loaded) {
            return Checked { skipped: true, ..Checked::default() };
        }
        self.settle(&mut loaded.diagnostics);
        let of = |severity| loaded.diagnostics.iter().filter(|d| d.severity == severity).count();
        let (shown, talk) = match self.format {
            ValidateFormat::Text if found.named && fs::metadata(&found.path).is_err() => {
                (String::new(), text(&loaded, self.talk_style))
            }
            ValidateFormat::Text => (text(&loaded, self.style), String::new()),
            ValidateFormat::Json => (entry(found, &loaded).to_string(), String::new()),
            ValidateFormat::Sarif => (results(&loaded), String::new()),
        };
        Checked {
            shown,
            talk,
            bytes: loaded.sources.files().first().map_or(0, |file| file.text().len()),
            errors: of(Severity::Error),
            warnings: of(Severity::Warning),
            codes: loaded.diagnostics.iter().map(|d| d.code).collect(),
            skipped: false,
        }
    }

    /// Applies `--strict` and `--quiet`.
    fn settle(&self, diagnostics: &mut Vec<Diagnostic>) {
        if self.strict {
            diagnostics.iter_mut().for_each(|d| d.severity = Severity::Error);
        }
        if self.quiet {
            diagnostics.retain(|d| d.severity == Severity::Error);
        }
    }
}

fn text(loaded: &Loaded, style: Style) -> String {
    let mut out = String::new();
    for diagnostic in &loaded.diagnostics {
        let _ = render::text(&loaded.sources, diagnostic, style, &mut out); // a String takes any text
    }
    out
}

fn entry(found: &Found, loaded: &Loaded) -> Value {
    let diagnostics: Vec<Value> = loaded.diagnostics.iter().map(|d| render::json(&loaded.sources, d)).collect();
    json!({ "file": found.path.to_string_lossy(), "diagnostics": diagnostics })
}

/// The results of a SARIF log, separated.
fn results(loaded: &Loaded) -> String {
    if loaded.diagnostics.is_empty() {
        return String::new();
    }
    let log = render::sarif([(&*loaded.sources, loaded.diagnostics.as_slice())]);
    let results = log["runs"][0]["results"].as_array().into_iter().flatten();
    results.map(Value::to_string).collect::<Vec<_>>().join(",\n")
}
