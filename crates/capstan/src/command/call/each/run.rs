//! The run: rows are begun while there is room, and written as their turn comes.
//!
//! Everything happens on one thread but the reading of rows. What is under way is bounded by the
//! concurrency, what waits for its turn by the window, what is read ahead by the queue.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use capstan_engine::{CallError, Engine, ErrorKind, Invocation, Outcome};
use capstan_spec::diagnostic::Code;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::calls::{Calls, Finished, Job};
use super::columns::Columns;
use super::entry::{self, Shape};
use super::journal::End;
use super::progress::{Counts, Progress, TICK};
use super::queue::{Ahead, Queue};
use super::rows::Row;
use super::sink::{Entry, Sink};
use super::waiting::{Kept, Waiting};
use super::window::Window;
use crate::command::call::running::{Interrupts, runtime};
use crate::report;
use crate::terminal::Terminal;

/// How long calls that are under way may take once the user has asked for the end.
const GRACE: Duration = Duration::from_secs(10);

/// The longest time for which finished rows are gathered before they are written: many rows a second
/// share a write, few are written at once.
const GATHERED: Duration = Duration::from_millis(20);

/// The longest wait of a row that was held back: a breaker may close earlier than it says.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// A run that is ready to begin.
pub(super) struct Run<'r> {
    pub(super) engine: &'r Engine,
    pub(super) fixed: Invocation,
    pub(super) columns: Columns,
    pub(super) concurrency: usize,
    pub(super) failures_max: Option<u64>,
    pub(super) verbose: bool,
    pub(super) terminal: &'r Terminal,
    pub(super) shape: Shape<'r>,
    /// Rows that were read already.
    pub(super) ahead: VecDeque<Row>,
    pub(super) queue: Queue,
    pub(super) window: Window<Entry>,
    /// Rows that an earlier part of the run has called already.
    pub(super) kept: Kept,
    /// Keeps the rows that wait in the window, where the run can be gone on with.
    pub(super) waiting: Option<Waiting>,
    pub(super) sink: Sink,
    pub(super) progress: Progress,
    /// Rows that an earlier part of the run did.
    pub(super) earlier: u64,
    /// Where the failures are, for the last line.
    pub(super) failures_at: String,
}

/// How a run ended.
pub(super) struct Ended {
    pub(super) stop: Stop,
    /// Rows that failed, in all parts of the run.
    pub(super) failed: u64,
    /// Those of them that were not reached.
    pub(super) unreached: u64,
}

/// Why no further rows are begun.
pub(super) enum Stop {
    /// There are none.
    Over,
    /// The user or the system asked for it.
    Interrupted,
    /// So many rows failed.
    Failures(u64),
    /// No row can be called, for a reason that is none of the row's.
    Fatal(CallError),
    /// The rows cannot be read.
    Input(io::Error),
    /// The results, the failures or the journal cannot be written.
    Output(io::Error),
}

/// Runs to the end.
///
/// # Errors
/// The network cannot be used.
pub(super) fn run(run: Run<'_>) -> Result<Ended, CallError> {
    let ended = runtime()?.block_on(async {
        let (calls, written) = (Calls::new(run.engine.clone()), Instant::now());
        let mut active = Active {
            calls,
            stop: None,
            grace: None,
            failed: 0,
            bytes: 0,
            written,
            has_unwritten: false,
            held: Vec::new(),
            run,
        };
        if let Err(error) = active.drive().await {
            active.stop = Some(Stop::Output(error));
        }
        active.finish()
    });
    Ok(ended)
}

/// A run under way.
struct Active<'r> {
    run: Run<'r>,
    calls: Calls,
    stop: Option<Stop>,
    /// When calls under way are given up.
    grace: Option<Instant>,
    /// Rows that failed in this part of the run.
    failed: u64,
    /// Bytes of the input that are done with.
    bytes: u64,
    /// When finished rows were last written.
    written: Instant,
    /// Whether there are some that were not.
    has_unwritten: bool,
    /// Why rows had to wait, where it was said.
    held: Vec<Code>,
}

impl Active<'_> {
    /// Until nothing is under way and nothing is to be begun. The error is that of the sink.
    async fn drive(&mut self) -> io::Result<()> {
        let mut interrupts = Interrupts::listen();
        let mut tick = tokio::time::interval(TICK);
        let is_shown = self.run.progress.is_shown();
        loop {
            self.begin()?;
            let wants_rows = self.wants_rows();
            if self.calls.is_empty() && !wants_rows {
                return Ok(());
            }
            tokio::select! {
                biased;
                () = interrupts.next() => if self.interrupt() { return Ok(()) },
                () = until(self.grace) => return Ok(()),
                finished = self.calls.next() => {
                    self.finished(finished)?;
                    // What else has finished by now is written with it.
                    while let Some(finished) = self.calls.try_next() {
                        self.finished(finished)?;
                    }
                    if self.written.elapsed() >= GATHERED {
                        self.write()?;
                    }
                }
                () = until(self.has_unwritten.then_some(self.written + GATHERED)) => self.write()?,
                ahead = self.run.queue.next(), if wants_rows => self.take(ahead),
                _ = tick.tick(), if is_shown => self.run.progress.show(self.counts(), self.bytes),
            }
        }
    }

    /// Whether the next thing to do is to wait for rows.
    fn wants_rows(&self) -> bool {
        self.stop.is_none() && self.run.ahead.is_empty() && self.calls.len() < self.run.concurrency
    }

    fn take(&mut self, ahead: Ahead) {
        match ahead {
            Ahead::Rows(rows) => self.run.ahead = rows,
            Ahead::End(Ok(())) => self.stop = Some(Stop::Over),
            Ahead::End(Err(error)) => self.stop = Some(Stop::Input(error)),
        }
    }

    /// Begins calls while there are rows and room for them.
    fn begin(&mut self) -> io::Result<()> {
        while self.stop.is_none() && self.calls.len() < self.run.concurrency && !self.run.ahead.is_empty() {
            let Some(place) = self.run.window.begin() else { break };
            let Some(row) = self.run.ahead.pop_front() else { break };
            if let Some(entry) = self.run.kept.remove(&row.number) {
                self.enter(place, row.end, entry)?;
                continue;
            }
            match &row.cells {
                Ok(cells) => {
                    let params = self.run.columns.params(cells);
                    self.call(place, row, params, Duration::ZERO);
                }
                Err(bad) => {
                    let error = entry::unreadable(bad);
                    self.finished(Finished { place, row, result: Err(error) })?;
                }
            }
        }
        if self.calls.is_empty() { self.write() } else { Ok(()) }
    }

    fn call(&mut self, place: u64, row: Row, params: Map<String, Value>, after: Duration) {
        let invocation = self.run.fixed.clone().params(params);
        self.calls.begin(Job { place, row, invocation, after });
    }

    fn finished(&mut self, finished: Finished) -> io::Result<()> {
        let Finished { place, row, result } = finished;
        if let (Err(error), Ok(cells)) = (&result, &row.cells)
            && let Some(wait) = error.wait()
        {
            self.say_held(error);
            if matches!(self.stop, None | Some(Stop::Over)) {
                let params = self.run.columns.params(cells);
                self.call(place, row, params, wait.min(ASK_AGAIN));
            }
            return Ok(());
        }
        let (end, line) = match result {
            Ok(outcome) => {
                self.say(&row, &outcome);
                (End::Done, self.run.shape.outcome(&row, &outcome))
            }
            Err(error) if is_of_every_row(&error) => {
                // Also when the last row was read already: rows that were not done are no end.
                if matches!(self.stop, None | Some(Stop::Over)) {
                    self.stop = Some(Stop::Fatal(error));
                }
                return Ok(());
            }
            Err(error) => {
                self.count_failure();
                self.run.shape.failure(&row, &error)
            }
        };
        self.enter(place, row.end, entry::entry(&row, end, line))
    }

    /// Gives a finished row to the sink once its turn has come. It ends at this byte of the input.
    fn enter(&mut self, place: u64, at: u64, entry: Entry) -> io::Result<()> {
        self.has_unwritten = true;
        self.bytes = self.bytes.max(at);
        self.run.window.finish(place, entry).iter().try_for_each(|entry| self.run.sink.add(entry))
    }

    /// Brings to the files what has finished by now.
    fn write(&mut self) -> io::Result<()> {
        self.written = Instant::now();
        self.has_unwritten = false;
        self.run.sink.flush()?;
        match &mut self.run.waiting {
            Some(waiting) => waiting.keep(&mut self.run.window, &self.run.kept),
            None => {
                self.run.window.newly_held().for_each(drop);
                Ok(())
            }
        }
    }

    fn say(&self, row: &Row, outcome: &Outcome) {
        if self.run.verbose {
            let notices = outcome.notices.iter();
            notices.for_each(|notice| report::note(&format!("row {}: {notice}", row.number), self.run.terminal));
        }
    }

    /// Says once for what rows wait. What a rate limit or an open breaker holds back was not sent: it
    /// is called again, for otherwise all rows behind it would fail just so, one as fast as the other.
    fn say_held(&mut self, error: &CallError) {
        if !self.held.contains(&error.code()) {
            self.held.push(error.code());
            let text = format!("rows wait for their turn ({}): {error}", error.code());
            self.run.progress.beside(|| report::note(&text, self.run.terminal));
        }
    }

    fn count_failure(&mut self) {
        self.failed += 1;
        if self.run.failures_max.is_some_and(|most| self.failed >= most) {
            self.stop.get_or_insert(Stop::Failures(self.failed));
        }
    }

    /// Begins no further rows; whether calls under way are given up at once.
    fn interrupt(&mut self) -> bool {
        if matches!(self.stop, Some(Stop::Interrupted)) {
            return true;
        }
        self.stop = Some(Stop::Interrupted);
        self.grace = Some(Instant::now() + GRACE);
        let (count, terminal) = (self.calls.len(), self.run.terminal);
        if count > 0 {
            let calls = if count == 1 { "a call".to_owned() } else { format!("{count} calls") };
            let text = format!("waiting for {calls} under way, {} s at most; Ctrl-C again gives up", GRACE.as_secs());
            self.run.progress.beside(|| report::note(&text, terminal));
        }
        false
    }

    /// Leaves the files as they are to be found: however the run ended, what has finished is written.
    /// Rows that wait for an older one stay in their file; where there is none, nobody can go on, and
    /// they are written now, as they would be if the older one had failed.
    fn leave(&mut self, stop: &Stop) -> io::Result<()> {
        if self.run.waiting.is_none() {
            let Active { run, .. } = self;
            run.window.held().try_for_each(|entry| run.sink.add(entry))?;
        }
        self.write()?;
        if matches!(stop, Stop::Over) {
            self.run.sink.end()?;
        }
        match &mut self.run.waiting {
            Some(waiting) if self.run.kept.is_empty() && self.run.window.held().next().is_none() => waiting.remove(),
            Some(_) | None => Ok(()),
        }
    }

    fn counts(&self) -> Counts {
        let reached = self.run.sink.reached();
        Counts { done: reached.done.count() - reached.failed, failed: reached.failed, earlier: self.run.earlier }
    }

    /// Takes stock. Calls that are still under way are cancelled by dropping them.
    fn finish(mut self) -> Ended {
        let mut stop = self.stop.take().unwrap_or(Stop::Over);
        if !matches!(stop, Stop::Output(_))
            && let Err(error) = self.leave(&stop)
        {
            stop = Stop::Output(error);
        }
        let counts = self.counts();
        self.run.progress.finish(counts, if counts.failed > 0 { &self.run.failures_at } else { "" });
        Ended { stop, failed: counts.failed, unreached: self.run.sink.reached().unreached }
    }
}

/// Whether an error is none of the row's, so that every other row would have it: one of the capability,
/// its variables and its keys. A recording may be broken in one entry and whole in the others.
fn is_of_every_row(error: &CallError) -> bool {
    error.kind() == ErrorKind::Capability && error.code() != Code::BadRecording
}

/// Waits until then; for ever, where no time is set.
async fn until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}
