//! Where finished rows go: outputs to the results, errors to the failures, and then, so that it is
//! never ahead of them, a line to the journal.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use super::journal::{End, Journal, Reached};

/// Bytes that are gathered before they are written.
const GATHERED_BYTES: usize = 256 * 1024;

/// A finished row as it is written.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) row: u64,
    pub(super) mark: u64,
    pub(super) end: End,
    /// The line for the results, or for the failures.
    pub(super) line: Vec<u8>,
}

/// Where finished rows go.
pub(super) struct Sink {
    results: Target,
    failures: Target,
    journal: Option<Journal>,
    lines: String,
    reached: Reached,
}

impl Sink {
    /// A sink that goes on from where a run has come to.
    pub(super) fn new(results: Target, failures: Target, journal: Option<Journal>, reached: Reached) -> Self {
        Sink { results, failures, journal, lines: String::new(), reached }
    }

    /// How far the run has come.
    pub(super) fn reached(&self) -> &Reached {
        &self.reached
    }

    /// Takes a row. It is not done before [`Sink::flush`].
    ///
    /// # Errors
    /// Those of the files.
    pub(super) fn add(&mut self, entry: &Entry) -> io::Result<()> {
        let length = entry.line.len() as u64;
        match entry.end {
            End::Done => {
                self.results.gather(&entry.line);
                self.reached.results += length;
            }
            End::Failed | End::Unreached => {
                self.failures.gather(&entry.line);
                self.reached.failures += length;
            }
        }
        self.reached.add(entry.row, entry.end, entry.mark);
        if self.journal.is_some() {
            self.reached.push_line(entry.row, entry.end, &mut self.lines);
        }
        let gathered = self.results.gathered.len().max(self.failures.gathered.len());
        if gathered >= GATHERED_BYTES { self.flush() } else { Ok(()) }
    }

    /// Writes what was gathered, the journal last.
    ///
    /// # Errors
    /// Those of the files.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.results.write()?;
        self.failures.write()?;
        if let Some(journal) = self.journal.as_mut().filter(|_| !self.lines.is_empty()) {
            journal.write(&self.lines)?;
            self.lines.clear();
        }
        Ok(())
    }

    /// Writes that there are no further rows.
    ///
    /// # Errors
    /// Those of the files.
    pub(super) fn end(&mut self) -> io::Result<()> {
        self.flush()?;
        self.journal.as_mut().map_or(Ok(()), Journal::end)
    }
}

/// A file or a stream that whole lines are written to.
pub(super) struct Target {
    out: Box<dyn Write>,
    gathered: Vec<u8>,
}

impl Target {
    /// A stream.
    pub(super) fn stream(out: impl Write + 'static) -> Self {
        Target { out: Box::new(out), gathered: Vec::new() }
    }

    /// A file whose first bytes stay. What is behind them is cut off.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn file(path: &Path, length: u64) -> io::Result<Self> {
        let mut file: File = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        // A pipe or a device has no length to be set.
        if file.metadata()?.is_file() {
            file.set_len(length)?;
            file.seek(SeekFrom::Start(length))?;
        }
        Ok(Target::stream(file))
    }

    fn gather(&mut self, line: &[u8]) {
        self.gathered.extend_from_slice(line);
    }

    fn write(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        self.out.write_all(&self.gathered)?;
        self.out.flush()?;
        self.gathered.clear();
        Ok(())
    }
}
