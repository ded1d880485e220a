//! One call, and its outputs on stdout.

use std::io::{self, BufWriter, Write};

use capstan_engine::jsonpath::JsonPath;
use capstan_engine::{CallError, FailedResponse, Invocation, Outcome, Reveal};
use http::{HeaderMap, StatusCode, Version};

use super::prepare::Prepared;
use super::recording::Target;
use super::running::block_on;
use crate::args::call::Format;
use crate::exit::Exit;
use crate::output::{self, Printing};
use crate::{print, report};

/// Calls the operation once.
pub(super) fn run(prepared: &Prepared<'_>, invocation: Invocation, select: Option<&JsonPath>) -> Exit {
    let Prepared { args, terminal, engine, operation, .. } = prepared;
    // What cannot be sent is said before anything that sounds as if it had been.
    if let Err(error) = engine.render(&invocation, Reveal::Secret) {
        return prepared.fail(&error);
    }
    let target = match args.record.as_deref().map(Target::create).transpose() {
        Ok(target) => target,
        Err(error) => return prepared.fail(&error),
    };
    if args.replay.is_none() {
        engine.notices(*operation).iter().for_each(|notice| report::note(notice, terminal));
    }
    let result = match block_on(engine.call(invocation)) {
        Ok(result) => result,
        Err(error) => return prepared.fail(&error),
    };
    let recorded = prepared.record(target);
    let exit = match result {
        Ok(outcome) => {
            if args.verbose {
                outcome.notices.iter().for_each(|notice| report::note(notice, terminal));
            }
            let printing = Printing { format: args.format, select, terminal };
            print::finished(write_out(|out| print_outcome(prepared, out, &outcome, &printing)), Exit::Done, terminal)
        }
        Err(error) => {
            print_failed(prepared, &error);
            prepared.fail(&error)
        }
    };
    // The outcome came first: it is all that is left of a call that could not be recorded.
    match recorded.map_err(|error| prepared.fail(&error)) {
        Err(failed) if exit == Exit::Done => failed,
        Ok(()) | Err(_) => exit,
    }
}

fn print_outcome(
    prepared: &Prepared<'_>,
    out: &mut dyn Write,
    outcome: &Outcome,
    printing: &Printing<'_>,
) -> io::Result<()> {
    if prepared.args.include {
        head(prepared, out, outcome.version, outcome.status, &outcome.headers)?;
    }
    output::print(out, &outcome.outputs, printing)
}

/// Writes the status line and the headers of an answer, without the secrets that it repeats.
fn head(
    prepared: &Prepared<'_>,
    out: &mut dyn Write,
    version: Version,
    status: StatusCode,
    headers: &HeaderMap,
) -> io::Result<()> {
    let scrubber = prepared.engine.scrubber();
    writeln!(out, "{version:?} {status}")?;
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        writeln!(out, "{name}: {}", scrubber.scrub(&value))?;
    }
    writeln!(out)
}

/// The body of an answer that is an error: where the caller asked to see answers as they are.
fn print_failed(prepared: &Prepared<'_>, error: &CallError) {
    let Some(FailedResponse { version, status, headers, body }) = error.response() else { return };
    if !prepared.args.include && prepared.args.format != Format::Raw {
        return;
    }
    let _ = write_out(|out| {
        if prepared.args.include {
            head(prepared, out, *version, *status, headers)?;
        }
        // An error page may repeat the credential that it refuses.
        let body = prepared.engine.scrubber().scrub_bytes(body);
        out.write_all(&body)?;
        if body.ends_with(b"\n") || body.is_empty() { Ok(()) } else { out.write_all(b"\n") }
    }); // the call has failed already, and says so
}

/// Writes to stdout, buffered.
fn write_out(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    write(&mut out)?;
    out.flush()
}
