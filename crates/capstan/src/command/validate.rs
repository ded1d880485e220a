//! `capstan validate`: many files, checked in parallel and shown in order.
//!
//! A worker loads a file, renders what is wrong with it, and drops the rest; one place writes.

mod check;
mod parallel;
mod summary;

use std::io::{self, BufWriter, Write};
use std::time::Instant;

use capstan_spec::diagnostic::render;
use indicatif::ProgressBar;

use self::check::{Checked, Checker};
use self::parallel::in_order;
use self::summary::Summary;
use super::loading::{say_folders, skipped_text};
use crate::args::catalogue::{ValidateArgs, ValidateFormat};
use crate::exit::Exit;
use crate::find::{Finding, find};
use crate::terminal::Terminal;
use crate::{print, progress, report};

/// Below so many files the work is done before a bar could be read.
const BAR_FILES_MIN: usize = 50;

/// Checks all files, and ends with an error when one has errors.
pub(crate) fn run(args: &ValidateArgs, terminal: &Terminal) -> Exit {
    let started = Instant::now();
    let Finding { files, unreadable, empty } = find(&args.paths);
    say_folders(&unreadable, if args.quiet { &[] } else { &empty }, terminal);
    let checker = Checker::new(args, terminal);
    let mut output = Output::new(args, terminal, files.len());
    let mut summary = Summary::default();
    let written = output.begin().and_then(|()| {
        in_order(&files, |found| checker.check(found), |checked| output.file(&checked, &mut summary))?;
        output.end(&summary)
    });
    if !args.quiet && args.format == ValidateFormat::Text {
        say_summary(&summary, started, terminal);
    }
    let failed = summary.errors > 0 || !unreadable.is_empty();
    print::finished(written, if failed { Exit::Capability } else { Exit::Done }, terminal)
}

fn say_summary(summary: &Summary, started: Instant, terminal: &Terminal) {
    if summary.skipped > 0 {
        report::note(&skipped_text(summary.skipped), terminal);
    }
    let mut out = format!("{}\n", summary.line(started.elapsed()));
    let _ = render::footer(summary.codes.iter().copied(), &mut out); // a String takes any text
    report::say(&out);
}

/// Where results go, in the form that was asked for.
struct Output {
    format: ValidateFormat,
    out: BufWriter<io::Stdout>,
    bar: ProgressBar,
    first: bool,
    /// What of a SARIF log stands behind the results.
    sarif_end: String,
}

impl Output {
    fn new(args: &ValidateArgs, terminal: &Terminal, files: usize) -> Self {
        let shown = terminal.stderr && !args.quiet && files >= BAR_FILES_MIN;
        let bar = progress::bar(u64::try_from(files).ok(), "{bar:30} {pos}/{len} files", shown);
        Output { format: args.format, out: BufWriter::new(io::stdout()), bar, first: true, sarif_end: String::new() }
    }

    fn begin(&mut self) -> io::Result<()> {
        match self.format {
            ValidateFormat::Text => Ok(()),
            ValidateFormat::Json => self.out.write_all(b"{\"files\":["),
            ValidateFormat::Sarif => {
                let log = render::sarif([]).to_string();
                let (start, end) = log.split_once("\"results\":[").expect("a log has results");
                self.sarif_end = end.to_owned();
                write!(self.out, "{start}\"results\":[")
            }
        }
    }

    fn file(&mut self, checked: &Checked, summary: &mut Summary) -> io::Result<()> {
        summary.add(checked);
        self.bar.inc(1);
        if !checked.talk.is_empty() {
            self.bar.suspend(|| report::say(&checked.talk));
        }
        if checked.shown.is_empty() {
            return Ok(());
        }
        let separator = match (self.format, std::mem::take(&mut self.first)) {
            (ValidateFormat::Text, _) => "",
            (ValidateFormat::Json | ValidateFormat::Sarif, true) => "\n",
            (ValidateFormat::Json | ValidateFormat::Sarif, false) => ",\n",
        };
        let Output { out, bar, .. } = self;
        let write = |out: &mut BufWriter<io::Stdout>| {
            out.write_all(separator.as_bytes())?;
            out.write_all(checked.shown.as_bytes())
        };
        if bar.is_hidden() {
            return write(out);
        }
        // The bar must be away while anything is written to what may be the same terminal.
        bar.suspend(|| write(out).and_then(|()| out.flush()))
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        self.bar.finish_and_clear();
        match self.format {
            ValidateFormat::Text => {}
            ValidateFormat::Json => writeln!(self.out, "\n],\"summary\":{}}}", summary.value())?,
            ValidateFormat::Sarif => writeln!(self.out, "{}", self.sarif_end)?,
        }
        self.out.flush()
    }
}
