//! A binary answer on its way to a file or to stdout, piece by piece.

mod name;
mod part;

use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use capstan_engine::range::{Rest, validator};
use capstan_engine::{CallError, Download};
use capstan_spec::diagnostic::Code;
use http::header::CONTENT_TYPE;
use indicatif::ProgressBar;

pub(super) use self::part::{Part, State};
use super::prepare::Prepared;
use crate::terminal::Terminal;
use crate::{progress, report};

/// A file that an answer goes to, and what of it was there before.
pub(super) struct Target {
    pub(super) part: Part,
    /// The request that it answers, secrets masked.
    request: String,
    /// The rest that is asked for.
    pub(super) rest: Option<Rest>,
    /// Whether it can be gone on with after an interruption; `None` before anything has come.
    is_resumable: Option<bool>,
}

impl Target {
    /// Makes the file of `--output` ready, if there is one. A folder must be there before anything is sent.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn open(prepared: &Prepared<'_>, request: String) -> Result<Option<Self>, CallError> {
        let asked = &prepared.args.download;
        if let Some(folder) = asked.folder().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
            return Err(CallError::new(Code::OutputFile, format!("there is no folder `{}`", folder.display())));
        }
        let Some(path) = asked.file() else { return Ok(None) };
        let part = Part::open(path)?;
        let rest = part.rest(&request).filter(|_| asked.go_on);
        if asked.go_on && rest.is_none() {
            let why = match part.length() {
                0 => "there is nothing to continue: the whole answer is loaded",
                _ => {
                    "what is there cannot be continued: it is of another request, or the API gave it no strong \
                     `ETag` and no `Last-Modified`; the whole answer is loaded"
                }
            };
            report::note(why, prepared.terminal);
        }
        Ok(Some(Target { part, request, is_resumable: None, rest }))
    }

    /// Makes a new file ready in a folder, of the name that comes with the answer.
    ///
    /// # Errors
    /// It cannot be written, or the name is taken: no API may replace a file.
    pub(super) fn named(
        prepared: &Prepared<'_>,
        folder: &Path,
        download: &Download,
        request: String,
    ) -> Result<Self, CallError> {
        let operation = prepared.engine.catalogue().operation(prepared.operation).name();
        let path = folder.join(name::of(&download.headers, &download.to_shown_url(), operation));
        if fs::symlink_metadata(&path).is_ok() {
            let message = format!("`{}` is there already", path.display());
            return Err(CallError::new(Code::OutputFile, message)
                .with_help("a name that the API gives replaces no file; to replace it, name it: `--output FILE`"));
        }
        let part = Part::open(&path)?;
        report::note(&format!("the answer goes to `{}`", path.display()), prepared.terminal);
        Ok(Target { part, request, is_resumable: None, rest: None })
    }

    /// Takes a body in.
    ///
    /// # Errors
    /// The body ends early or is too large, or the file cannot be written. What came stays.
    pub(super) async fn receive(&mut self, download: &mut Download, terminal: &Terminal) -> Result<(), CallError> {
        let asked = self.rest.as_ref().map_or(0, |rest| rest.offset);
        if download.offset < asked {
            report::note("the answer starts over: the API sent no part, or the body is another one by now", terminal);
        }
        let validator = match download.offset {
            0 => validator(&download.headers),
            // The answer to a range need not repeat it.
            _ => self.rest.as_ref().map(|rest| rest.validator.clone()),
        };
        self.is_resumable = Some(validator.is_some());
        self.part.begin(download.offset, Some(&State { request: self.request.clone(), validator }))?;
        let bar = progress_of(download, terminal);
        while let Some(chunk) = download.chunk().await? {
            self.part.write_all(&chunk).map_err(|error| self.part.failed(&error))?;
            bar.inc(chunk.len() as u64);
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// Gets ready for an answer that cannot be gone on with.
    ///
    /// # Errors
    /// Those of the file.
    pub(super) fn begin_afresh(&mut self) -> Result<(), CallError> {
        self.is_resumable = Some(false);
        self.part.begin(0, None)
    }

    /// Writes an answer that is there already.
    ///
    /// # Errors
    /// Those of the file.
    pub(super) fn write(&mut self, write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> Result<(), CallError> {
        self.begin_afresh()?;
        let mut out = BufWriter::new(&mut self.part);
        let written = write(&mut out).and_then(|()| out.flush());
        drop(out);
        written.map_err(|error| self.part.failed(&error))
    }

    /// Says what is there of a file that did not become whole.
    pub(super) fn say_what_is_left(self, error: &CallError, prepared: &Prepared<'_>) {
        let Some(kept) = self.part.kept() else { return self.part.discard() };
        // What an earlier run left is as it was.
        let Some(is_resumable) = self.is_resumable.or(self.rest.as_ref().map(|_| true)) else { return };
        let (kept, length) = (kept.display(), self.part.length());
        let text = match is_resumable {
            true if error.code() == Code::ResponseTooLarge => {
                format!("{length} bytes are in `{kept}`; go on with the same call, `--continue` and a larger limit")
            }
            true => format!("{length} bytes are in `{kept}`; go on with the same call and `--continue`"),
            false => format!("{length} bytes are in `{kept}`; the API gives no way to go on with them"),
        };
        report::note(&text, prepared.terminal);
    }
}

/// What a person may want to know of a body: that it is of another type than the document declares.
pub(super) fn notice(download: &Download) -> Option<String> {
    let declared = download.media_type.as_deref()?;
    let came = String::from_utf8_lossy(download.headers.get(CONTENT_TYPE)?.as_bytes());
    let essence = |text: &str| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    // What is nothing but bytes says nothing against a type.
    let is_any = ["application/octet-stream", "binary/octet-stream"].contains(&&*essence(&came));
    let is_other = !is_any && essence(&came) != essence(declared);
    is_other.then(|| format!("the answer is `{came}`, not `{declared}` as `outputMediaType` says"))
}

/// Hands a body on to stdout.
///
/// # Errors
/// Those of the body. The inner result is that of stdout.
pub(super) async fn print(download: &mut Download) -> Result<io::Result<()>, CallError> {
    while let Some(chunk) = download.chunk().await? {
        let mut out = io::stdout().lock();
        if let Err(error) = out.write_all(&chunk).and_then(|()| out.flush()) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

/// The bar on stderr that tells how far the file is.
fn progress_of(download: &Download, terminal: &Terminal) -> ProgressBar {
    let template = match download.total {
        Some(_) => "{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
        None => "{spinner} {bytes} {bytes_per_sec}",
    };
    let bar = progress::bar(download.total, template, terminal.stderr);
    bar.set_position(download.offset);
    bar.reset_eta();
    bar
}
