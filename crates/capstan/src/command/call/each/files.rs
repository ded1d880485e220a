//! The files of a run: where rows come from, where results, failures and the journal go.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use capstan_engine::CallError;
use capstan_spec::diagnostic::Code;

use super::rows::{Input, Rows};
use super::waiting::with_ending;
use crate::args::each::{EachArgs, RowFormat};
use crate::command::call::place::{resolved, why};

/// The files of a run.
pub(super) struct Files {
    /// The rows; `-` is standard input.
    pub(super) rows: PathBuf,
    format: RowFormat,
    /// The results; stdout where there is none.
    pub(super) results: Option<PathBuf>,
    /// The failures; stderr where there is none.
    pub(super) failures: Option<PathBuf>,
    /// The journal, where results are a file that can be gone on with.
    pub(super) journal: Option<PathBuf>,
    /// The rows that wait for their turn, beside the journal.
    pub(super) waiting: Option<PathBuf>,
}

impl Files {
    /// Settles the arguments.
    ///
    /// # Errors
    /// The format of the rows is not clear, or a file has two uses.
    pub(super) fn new(each: &EachArgs, capability: &Path) -> Result<Self, CallError> {
        let rows = each.each.clone().unwrap_or_default();
        let format = format(&rows, each.each_format)?;
        let is_file = |path: &&PathBuf| !path.exists() || path.is_file();
        let results = each.results.clone();
        let beside = |ending| results.as_ref().filter(is_file).map(|path| with_ending(path, ending));
        let (journal, waiting) = (beside(".journal"), beside(".waiting"));
        let files = Files { rows, format, results, failures: each.failures.clone(), journal, waiting };
        if each.resume && files.journal.is_none() {
            let message = format!("`{}` is no file that a run can go on with", files.shown_results());
            return Err(CallError::new(Code::OtherRun, message).with_help("write the results to a file"));
        }
        files.check_uses(capability)?;
        Ok(files)
    }

    /// Whether rows come from standard input.
    pub(super) fn is_stdin(&self) -> bool {
        self.rows == Path::new("-")
    }

    /// Bytes of the rows, where that can be known.
    pub(super) fn size(&self) -> Option<u64> {
        let metadata = self.rows.metadata().ok().filter(|metadata| !self.is_stdin() && metadata.is_file());
        metadata.map(|metadata| metadata.len())
    }

    /// Opens the rows.
    ///
    /// # Errors
    /// They cannot be read.
    pub(super) fn open(&self) -> Result<Rows, CallError> {
        let input: Input = match self.is_stdin() {
            true => Box::new(io::stdin()),
            false => Box::new(File::open(&self.rows).map_err(|error| self.unreadable(&error))?),
        };
        Rows::open(input, self.format).map_err(|error| self.unreadable(&error))
    }

    /// The error of rows that cannot be read.
    pub(super) fn unreadable(&self, error: &io::Error) -> CallError {
        unreadable(&self.rows, error)
    }

    /// The path of the results, for messages.
    pub(super) fn shown_results(&self) -> String {
        self.results.as_ref().map_or("stdout".to_owned(), |path| path.display().to_string())
    }

    /// No file may be read and written, or written twice.
    fn check_uses(&self, capability: &Path) -> Result<(), CallError> {
        let uses = [
            ("the capability", Some(capability)),
            ("the rows", Some(&*self.rows).filter(|_| !self.is_stdin())),
            ("the results", self.results.as_deref()),
            ("the failures", self.failures.as_deref()),
            ("the journal", self.journal.as_deref()),
            ("the rows that wait", self.waiting.as_deref()),
        ];
        let uses = uses.into_iter().filter_map(|(of, path)| Some((of, path?)));
        let uses: Vec<_> = uses.map(|(of, path)| (of, path, resolved(path))).collect();
        // A pipe or a device can take anything.
        let files = |(_, path, _): &&(&str, &Path, PathBuf)| path.is_file() || !path.exists();
        let first = |path: &PathBuf| uses.iter().find(|(_, _, other)| other == path).map(|(of, ..)| *of);
        let twice = uses.iter().filter(files).find_map(|(of, path, whole)| {
            let other = first(whole).filter(|other| other != of)?;
            Some(format!("`{}` has two uses in one run: {other} and {of}", path.display()))
        });
        let error = |message| CallError::new(Code::BadSettings, message).with_help("give each a file of its own");
        twice.map_or(Ok(()), |message| Err(error(message)))
    }
}

/// The error of rows that cannot be read.
pub(super) fn unreadable(rows: &Path, error: &io::Error) -> CallError {
    let name = if rows == Path::new("-") { "standard input".to_owned() } else { format!("`{}`", rows.display()) };
    let message = format!("the rows of {name} cannot be read: {error}");
    match error.kind() {
        // What was read is a file, but no rows.
        io::ErrorKind::InvalidData => CallError::new(Code::BadRow, message)
            .with_help("mend them; with `--results` and `--resume` a run goes on behind the rows that are done"),
        _ => CallError::new(Code::BadSettings, message),
    }
}

/// The error of a file that cannot be written.
pub(super) fn unwritable(path: &Path, error: &io::Error) -> CallError {
    CallError::new(Code::BadSettings, format!("`{}` cannot be written: {}", path.display(), why(path, error)))
}

/// How rows are written: as the user says, or by the name of the file.
fn format(rows: &Path, given: Option<RowFormat>) -> Result<RowFormat, CallError> {
    let extension = rows.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    match (given, extension.as_deref()) {
        (Some(format), _) => Ok(format),
        (None, Some("jsonl" | "ndjson")) => Ok(RowFormat::Jsonl),
        (None, Some("csv")) => Ok(RowFormat::Csv),
        (None, Some("tsv" | "tab")) => Ok(RowFormat::Tsv),
        (None, _) if rows == Path::new("-") => Ok(RowFormat::Jsonl),
        (None, _) => {
            let message = format!("the name of `{}` does not tell how its rows are written", rows.display());
            Err(CallError::new(Code::BadSettings, message).with_help("say it: `--each-format jsonl`, `csv` or `tsv`"))
        }
    }
}
