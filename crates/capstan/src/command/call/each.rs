//! A call for every row of a file: outputs to stdout or a file, failures to their own.
//!
//! ```text
//! rows ── queue ── columns ── Engine::call, several at a time ── window ── sink: results, failures, journal
//! ```
//!
//! A row is *done* once its line is written and the journal says so; a run that goes on begins with
//! the rows that are not.

mod calls;
mod columns;
mod done;
mod entry;
mod files;
mod journal;
mod limits;
mod mark;
mod progress;
mod queue;
mod quotes;
mod resume;
mod rows;
mod run;
mod sink;
mod start;
mod waiting;
mod window;

use std::path::Path;

use capstan_engine::jsonpath::JsonPath;
use capstan_engine::{CallError, Invocation};
use capstan_spec::diagnostic::Code;

use self::run::{Ended, Stop};
use super::prepare::Prepared;
use crate::args::call::{CallArgs, Format};
use crate::exit::Exit;
use crate::{params, print, report};

/// What does not go together on the command line.
pub(super) fn check_args(args: &CallArgs) -> Result<(), &'static str> {
    let Some(path) = &args.each.each else { return Ok(()) };
    let is_stdin = path == Path::new("-");
    if is_stdin && params::stdin_readers(args.params_json.as_deref(), &args.params) > 0 {
        return Err("standard input is read by `--each` and by a parameter");
    }
    if args.format == Format::Table {
        return Err("`--format table` needs all rows at once, which `--each` never has");
    }
    Ok(())
}

/// Calls for every row. The invocation holds what is the same for all of them.
pub(super) fn run(prepared: &Prepared<'_>, fixed: Invocation, select: Option<&JsonPath>) -> Exit {
    let started = start::start(prepared, fixed, select);
    let ended = match started.and_then(run::run) {
        Ok(ended) => ended,
        Err(error) => return prepared.fail(&error),
    };
    exit(prepared, ended)
}

/// Says how the run ended.
fn exit(prepared: &Prepared<'_>, ended: Ended) -> Exit {
    let Ended { stop, failed, unreached } = ended;
    let finished = match failed {
        0 => Exit::Done,
        all if all == unreached => Exit::Unreachable,
        _ => Exit::Upstream,
    };
    match stop {
        Stop::Over => finished,
        Stop::Failures(failures) => {
            let rows = if failures == 1 { "a row".to_owned() } else { format!("{failures} rows") };
            report::note(&format!("stopped, because {rows} failed{}", to_go_on(prepared)), prepared.terminal);
            finished
        }
        Stop::Interrupted => {
            let text = format!("interrupted{}", to_go_on(prepared));
            prepared.fail(&CallError::new(Code::Interrupted, text))
        }
        Stop::Fatal(error) => stopped(prepared, &error),
        Stop::Input(error) => {
            prepared.fail(&files::unreadable(prepared.args.each.each.as_deref().unwrap_or(Path::new("")), &error))
        }
        Stop::Output(error) => print::finished(Err(error), finished, prepared.terminal),
    }
}

/// What stopped the run is mended first, and then it goes on.
fn stopped(prepared: &Prepared<'_>, error: &CallError) -> Exit {
    let exit = prepared.fail(error);
    report::note(&format!("stopped{}", to_go_on(prepared)), prepared.terminal);
    exit
}

/// How a run is taken up again, as the end of a sentence.
fn to_go_on(prepared: &Prepared<'_>) -> &'static str {
    match prepared.args.each.results {
        Some(_) => "; the same command with `--resume` goes on",
        None => "; with `--results FILE` a run can go on later",
    }
}
