//! One call, and its outputs on stdout.

use std::io::{self, BufWriter, Write};

use capstan_engine::jsonpath::JsonPath;
use capstan_engine::{CallError, Download, FailedResponse, Invocation, Records, Reveal, Streamed};
use capstan_spec::diagnostic::Code;
use http::{HeaderMap, StatusCode, Version};

use super::download;
use super::place::resolved;
use super::prepare::Prepared;
use super::recording::Target;
use super::records;
use super::running::block_on;
use crate::args::call::Format;
use crate::exit::Exit;
use crate::output::{self, Printing};
use crate::{print, report};

/// Calls the operation once.
pub(super) fn run(prepared: &Prepared<'_>, invocation: Invocation, select: Option<&JsonPath>) -> Exit {
    if let Some(exit) = refused(prepared, select) {
        return exit;
    }
    match begin(prepared, &invocation) {
        Ok(begun) => finish(prepared, invocation, select, begun),
        Err(error) => prepared.fail(&error),
    }
}

/// What must be there before anything is sent.
struct Begun<'a> {
    recording: Option<Target<'a>>,
    file: Option<download::Target>,
    /// The request, secrets masked.
    request: String,
}

fn begin<'a>(prepared: &Prepared<'a>, invocation: &Invocation) -> Result<Begun<'a>, CallError> {
    let Prepared { args, engine, .. } = prepared;
    // What cannot be sent is said before anything that sounds as if it had been.
    engine.render(invocation, Reveal::Secret)?;
    check_one_use(prepared)?;
    let recording = args.record.as_deref().map(Target::create).transpose()?;
    let masked = engine.render(invocation, Reveal::Masked)?;
    let request = format!("{} {}", masked.method, masked.url);
    let file = download::Target::open(prepared, request.clone())?;
    prepared.say_notices();
    Ok(Begun { recording, file, request })
}

/// The answer and the recording are files of their own.
fn check_one_use(prepared: &Prepared<'_>) -> Result<(), CallError> {
    let Prepared { args, .. } = prepared;
    let (Some(answer), Some(recording)) = (args.download.file(), args.record.as_deref()) else { return Ok(()) };
    let can_be_shared = answer.exists() && !answer.is_file();
    if can_be_shared || resolved(answer) != resolved(recording) {
        return Ok(());
    }
    let message = format!("`{}` has two uses in one call: the answer and the recording", answer.display());
    Err(CallError::new(Code::BadSettings, message).with_help("give each a file of its own"))
}

fn finish(
    prepared: &Prepared<'_>,
    invocation: Invocation,
    select: Option<&JsonPath>,
    Begun { recording, mut file, request }: Begun<'_>,
) -> Exit {
    let invocation = match file.as_ref().and_then(|file| file.rest.clone()) {
        Some(rest) => invocation.rest(rest),
        None => invocation,
    };
    let result = block_on(answer(prepared, invocation, select, &mut file, request)).and_then(|result| result);
    let exit = match result.and_then(|written| complete(&mut file, written)) {
        Ok(written) => print::finished(written, Exit::Done, prepared.terminal),
        Err(error) => {
            print_failed(prepared, &error);
            let exit = prepared.fail(&error);
            if let Some(file) = file {
                file.say_what_is_left(&error, prepared);
            }
            exit
        }
    };
    prepared.record(recording, exit)
}

/// Gives the file its name. One whose answer did not get there has none.
fn complete(file: &mut Option<download::Target>, written: io::Result<()>) -> Result<io::Result<()>, CallError> {
    if written.is_ok()
        && let Some(file) = file.take()
    {
        file.part.finish()?;
    }
    Ok(written)
}

/// What makes no sense for an answer that is binary, or is not.
fn refused(prepared: &Prepared<'_>, select: Option<&JsonPath>) -> Option<Exit> {
    let Prepared { args, terminal, engine, operation, .. } = prepared;
    let is_binary = engine.catalogue().operation(*operation).is_binary();
    if args.download.folder().is_some() && (!is_binary || args.download.go_on) {
        let message = match is_binary {
            true => "`--continue` goes on with a file, not with a folder",
            false => "only a binary answer brings the name of its file",
        };
        return Some(report::usage(message, &["name the file: `--output FILE`".to_owned()], terminal));
    }
    if !is_binary {
        return None;
    }
    if select.is_some() {
        let help = "write the bytes into a file: `--output FILE`".to_owned();
        return Some(report::usage("`--select` cannot look into a binary answer", &[help], terminal));
    }
    if terminal.stdout && args.download.output.is_none() && !args.download.remote_name {
        let help = "write them into a file: `--output FILE`; to the terminal all the same: `--output -`".to_owned();
        return Some(report::usage("the bytes of a binary answer would disturb the terminal", &[help], terminal));
    }
    None
}

/// Sends the call and puts its answer where it goes. The inner result is that of stdout.
async fn answer(
    prepared: &Prepared<'_>,
    invocation: Invocation,
    select: Option<&JsonPath>,
    file: &mut Option<download::Target>,
    request: String,
) -> Result<io::Result<()>, CallError> {
    let Prepared { args, terminal, engine, .. } = prepared;
    let streamed = engine.stream(invocation).await?;
    if let (Streamed::Download(download), Some(folder)) = (&streamed, args.download.folder()) {
        *file = Some(download::Target::named(prepared, folder, download, request)?);
    }
    let file = file.as_mut();
    match streamed {
        Streamed::Outcome(outcome) => {
            if args.verbose {
                outcome.notices.iter().for_each(|notice| report::note(notice, terminal));
            }
            let head = |out: &mut dyn Write| match args.include {
                true => head(prepared, out, outcome.version, outcome.status, &outcome.headers),
                false => Ok(()),
            };
            let Some(file) = file else {
                let printing = Printing { format: args.format, select, terminal };
                return Ok(write_out(|out| head(out).and_then(|()| output::print(out, &outcome.outputs, &printing))));
            };
            let printing = Printing { format: args.format, select, terminal: &terminal.to_file() };
            file.write(|out| output::print(out, &outcome.outputs, &printing))?;
            Ok(write_out(head))
        }
        Streamed::Records(mut records) => {
            if args.include {
                let Records { version, status, headers, .. } = &records;
                let written = write_out(|out| head(prepared, out, *version, *status, headers));
                if written.is_err() {
                    return Ok(written);
                }
            }
            match file {
                Some(file) => {
                    let written = records::into_file(prepared, &mut records, select, file).await?;
                    written.map_err(|error| file.part.failed(&error)).map(Ok)
                }
                None => {
                    let printing = Printing { format: args.format, select, terminal };
                    records::print(prepared, &mut records, &printing, &mut io::stdout()).await
                }
            }
        }
        Streamed::Download(mut download) => {
            if let Some(notice) = download::notice(&download).filter(|_| args.verbose) {
                report::note(&engine.scrubber().scrub(&notice), terminal);
            }
            if args.include {
                let Download { version, status, headers, .. } = &download;
                let written = write_out(|out| head(prepared, out, *version, *status, headers));
                if written.is_err() {
                    return Ok(written);
                }
            }
            match file {
                Some(file) => file.receive(&mut download, terminal).await.map(Ok),
                None => download::print(&mut download).await,
            }
        }
    }
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
