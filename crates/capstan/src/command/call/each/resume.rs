//! Going on with a run: what its journal says, and the rows that are left.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use capstan_engine::CallError;
use capstan_spec::diagnostic::Code;

use super::files::{Files, unwritable};
use super::journal::{self, Found, Identity, Lengths, Reached};
use super::rows::{Row, Rows};
use super::waiting::{self, Kept};

/// What earlier parts of a run have left.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// How far they have come.
    pub(super) reached: Reached,
    /// The bytes of the journal that say so; `None` where the run begins.
    pub(super) journal: Option<u64>,
    /// Rows that have finished, but did not have their turn.
    pub(super) kept: Kept,
}

impl Earlier {
    /// The rows that are not called again.
    pub(super) fn count(&self) -> u64 {
        self.reached.done.count() + self.kept.len() as u64
    }

    /// The last row that is not called again; 0 where there is none.
    fn last(&self) -> u64 {
        let kept = self.kept.last_key_value().map_or(0, |(row, _)| *row);
        kept.max(self.reached.done.last())
    }
}

/// What there is of a run.
///
/// # Errors
/// The journal is of another run, or results would be lost.
pub(super) fn found(files: &Files, identity: &Identity, is_asked: bool) -> Result<Earlier, CallError> {
    if let Some(path) = &files.waiting
        && waiting::is_foreign(path).map_err(|error| unwritable(path, &error))?
    {
        let message = format!("`{}` does not hold the rows of a run that wait", path.display());
        return Err(CallError::new(Code::OtherRun, message).with_help(OTHER_NAME));
    }
    let Some((reached, length)) = journalled(files, identity, is_asked)? else { return Ok(Earlier::default()) };
    let kept = match &files.waiting {
        Some(path) => waiting::read(path, &reached.done).map_err(|error| unwritable(path, &error))?,
        None => Kept::new(),
    };
    let earlier = Earlier { reached, journal: Some(length), kept };
    match (is_asked, earlier.reached.is_over || earlier.count() == 0) {
        (true, _) => Ok(earlier),
        (false, true) => Ok(Earlier::default()),
        (false, false) => Err(unfinished(files, &earlier)),
    }
}

const OTHER_NAME: &str = "give the results another name, or move that file away";

/// How far the run has come, and how many bytes of its journal say so; `None` where it begins.
fn journalled(files: &Files, identity: &Identity, is_asked: bool) -> Result<Option<(Reached, u64)>, CallError> {
    let Some(path) = &files.journal else { return Ok(None) };
    let found = read(path, ALL).map_err(|error| unwritable(path, &error))?;
    let shown = path.display();
    match (found, is_asked) {
        (None, true) if has_bytes(files) => {
            let message = format!("nothing tells which rows are done: there is no `{shown}`");
            Err(CallError::new(Code::OtherRun, message).with_help("begin anew: leave out `--resume`"))
        }
        (None | Some(Found::Nothing), _) => Ok(None),
        (Some(Found::Other), _) => {
            Err(CallError::new(Code::OtherRun, format!("`{shown}` is not a journal of a run")).with_help(OTHER_NAME))
        }
        (Some(Found::Run(of, _, _)), true) if of != *identity => Err(other(path, &of, identity)),
        (Some(Found::Run(_, reached, length)), true) => {
            check_whole(files, path, &reached).map(|()| Some((reached, length)))
        }
        (Some(Found::Run(_, reached, length)), false) => Ok(Some((reached, length))),
    }
}

fn read(path: &Path, lengths: Lengths) -> io::Result<Option<Found>> {
    match File::open(path) {
        Ok(journal) => journal::read(journal, lengths).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The files are as long as a journal says.
const ALL: Lengths = Lengths { results: u64::MAX, failures: u64::MAX };

/// What the journal calls done must be in the files: they may have been moved away, or have lost
/// their ends in a power cut.
fn check_whole(files: &Files, journal: &Path, reached: &Reached) -> Result<(), CallError> {
    let lengths = Lengths { results: length(files.results.as_deref())?, failures: length(files.failures.as_deref())? };
    if reached.results <= lengths.results && reached.failures <= lengths.failures {
        return Ok(());
    }
    let lacking = |path: Option<&Path>, length: u64, expected: u64| {
        let path = path.filter(|_| length < expected)?.display();
        Some(format!("`{path}` has {}, not the {expected} of the run", bytes(length)))
    };
    let details = [
        lacking(files.results.as_deref(), lengths.results, reached.results),
        lacking(files.failures.as_deref(), lengths.failures, reached.failures),
    ];
    let held = match read(journal, lengths).map_err(|error| unwritable(journal, &error))? {
        Some(Found::Run(_, held, _)) => held.done.count(),
        Some(Found::Nothing | Found::Other) | None => 0,
    };
    let (done, shown) = (reached.done.count(), journal.display());
    let message = format!("the output of {held} of the {done} rows that are done is there");
    let mut error = CallError::new(Code::OtherRun, message).with_help("go on with it: put back what was there");
    if held > 0 {
        // Each row has a line, behind the one that names the run.
        let lines = held + 1;
        error = error.with_help(format!("call only what is lacking: keep the first {lines} lines of `{shown}`"));
    }
    let error = error.with_help(format!("begin anew: remove `{shown}`"));
    Err(details.into_iter().flatten().fold(error, CallError::detail))
}

/// Bytes of a file that is written to. A pipe or a device has as many as one likes.
fn length(path: Option<&Path>) -> Result<u64, CallError> {
    let Some(path) = path else { return Ok(u64::MAX) };
    match fs::metadata(path) {
        Ok(metadata) => Ok(if metadata.is_file() { metadata.len() } else { u64::MAX }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(unwritable(path, &error)),
    }
}

fn bytes(length: u64) -> String {
    match length {
        0 => "nothing".to_owned(),
        1 => "1 byte".to_owned(),
        length => format!("{length} bytes"),
    }
}

fn has_bytes(files: &Files) -> bool {
    let metadata = files.results.as_ref().and_then(|path| fs::metadata(path).ok());
    metadata.is_some_and(|metadata| metadata.len() > 0)
}

fn unfinished(files: &Files, earlier: &Earlier) -> CallError {
    let (results, rows) = (files.shown_results(), earlier.count());
    let message = format!("`{results}` holds a run that was interrupted after {rows} rows");
    CallError::new(Code::OtherRun, message)
        .with_help(format!("go on with `--resume`, or begin anew: remove `{results}.journal`"))
}

/// Names what the two runs differ in; a fact that is only a mark says nothing to a person.
fn other(journal: &Path, of: &Identity, identity: &Identity) -> CallError {
    let error = CallError::new(Code::OtherRun, format!("`{}` is of another run", journal.display()));
    let differ = identity.iter().filter(|(name, fact)| of.get(*name) != Some(fact));
    let error = differ.fold(error, |error, (name, fact)| {
        let theirs = of.get(name).map_or("", String::as_str);
        error.detail(match name.as_str() {
            "parameters" => "the parameters that hold for every row are others".to_owned(),
            "mapping" => "`--each-map` is another".to_owned(),
            "output" => "`--format`, `--select` or `--with-row` is another".to_owned(),
            "base URI" => "`--base-uri`, or that of the settings, is another".to_owned(),
            "overrides" => "`--auth`, `--header` or `--query`, or those of the settings, are others".to_owned(),
            "failures" if fact.is_empty() => format!("its failures are in `{theirs}`: `--failures` is missing"),
            "failures" if theirs.is_empty() => "it has no file of failures".to_owned(),
            name => format!("its {name} is `{theirs}`, not `{fact}`"),
        })
    });
    error.with_help(format!("use the arguments of that run, or begin anew: remove `{}`", journal.display()))
}

/// Reads the rows of an earlier part of the run, and gives those of them that are not done.
///
/// # Errors
/// They are not the same rows, or cannot be read.
pub(super) fn undone(rows: &mut Rows, earlier: &Earlier, files: &Files) -> Result<VecDeque<Row>, CallError> {
    let (reached, kept) = (&earlier.reached, &earlier.kept);
    let mut undone = VecDeque::new();
    let (mut sum, mut same) = (0_u64, 0);
    for _ in 0..earlier.last() {
        let Some(row) = rows.next().transpose().map_err(|error| files.unreadable(&error))? else { break };
        if reached.done.contains(row.number) {
            sum = sum.wrapping_add(row.mark);
            continue;
        }
        same += usize::from(kept.get(&row.number).is_some_and(|entry| entry.mark == row.mark));
        undone.push_back(row);
    }
    if sum == reached.sum && same == kept.len() {
        return Ok(undone);
    }
    let message = "the rows are not those of the interrupted run: some that are done have changed";
    Err(CallError::new(Code::OtherRun, message)
        .with_help("rows may be added behind the others; to begin anew, remove the journal"))
}
