//! How far a run is: a bar on a terminal, one line at the end anywhere.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use crate::report;
use crate::terminal::Terminal;

/// How often the bar says something else.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// What a run has done so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    /// Rows with outputs.
    pub(super) done: u64,
    /// Rows that failed.
    pub(super) failed: u64,
    /// Rows that an earlier part of the run did; they are among the others.
    pub(super) earlier: u64,
}

impl Counts {
    /// All rows.
    pub(super) fn rows(self) -> u64 {
        self.done + self.failed
    }
}

/// The line on stderr that tells how far the run is.
pub(super) struct Progress {
    bar: ProgressBar,
    terminal: Terminal,
    started: Instant,
    has_length: bool,
}

impl Progress {
    /// A bar over the bytes of the rows, where their number is known; hidden where it would
    /// disturb or nobody would see it.
    pub(super) fn new(bytes: Option<u64>, is_quiet: bool, terminal: Terminal) -> Self {
        let template = match bytes {
            Some(_) => "{bar:24} {percent}% {msg}, {eta} left",
            None => "{spinner} {msg} ({elapsed})",
        };
        let bar = crate::progress::bar(bytes, template, terminal.stderr && !is_quiet);
        Progress { bar, terminal, started: Instant::now(), has_length: bytes.is_some() }
    }

    /// Whether somebody sees it.
    pub(super) fn is_shown(&self) -> bool {
        !self.bar.is_hidden()
    }

    /// Shows how far the run is: rows, and the bytes of the input that they took.
    pub(super) fn show(&self, counts: Counts, bytes: u64) {
        self.bar.set_message(format!("{}, {}", told(counts), self.rate(counts)));
        match self.has_length {
            true => self.bar.set_position(bytes),
            false => self.bar.tick(),
        }
    }

    /// Begins to measure: what an earlier run did takes no time.
    pub(super) fn begin_at(&mut self, bytes: u64) {
        self.started = Instant::now();
        self.bar.set_position(bytes);
        self.bar.reset_eta();
    }

    /// Says something beside the bar.
    pub(super) fn beside(&self, say: impl FnOnce()) {
        self.bar.suspend(say);
    }

    /// Writes to stderr beside the bar.
    pub(super) fn beside_writer(&self) -> impl Write + 'static {
        Beside(self.bar.clone())
    }

    /// Takes the bar away and tells what was done.
    pub(super) fn finish(&self, counts: Counts, failures: &str) {
        self.bar.finish_and_clear();
        let took = self.started.elapsed().as_secs_f64();
        // Of a run that was over at once a rate says nothing.
        let rate = if took < 1.0 { String::new() } else { format!(", {}", self.rate(counts)) };
        let text = format!("{}{failures} ({took:.1} s{rate})", told(counts));
        report::note(&text, &self.terminal);
    }

    fn rate(&self, counts: Counts) -> String {
        let seconds = self.started.elapsed().as_secs_f64().max(0.001);
        let rate = (counts.rows() - counts.earlier) as f64 / seconds;
        if rate < 10.0 { format!("{rate:.1} rows/s") } else { format!("{rate:.0} rows/s") }
    }
}

/// Stderr, with the bar out of the way.
struct Beside(ProgressBar);

impl Write for Beside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// `12 rows, 5 of them earlier, 2 failed`.
fn told(counts: Counts) -> String {
    let rows = counts.rows();
    let noun = if rows == 1 { "row" } else { "rows" };
    let earlier = match counts.earlier {
        0 => String::new(),
        earlier => format!(", {earlier} of them earlier"),
    };
    match counts.failed {
        0 => format!("{rows} {noun} done{earlier}"),
        failed => format!("{rows} {noun}{earlier}, {failed} failed"),
    }
}
