//! Talk on stderr: errors of calls, diagnostics of files, notes.
//!
//! ```text
//! error[CAP0503]: a parameter does not fit `getOrganization`
//!   - `code` is required (query, string)
//!   --> capabilities/kinde-organizations.yaml:59:11
//!   help: see `capstan describe capabilities/kinde-organizations.yaml getOrganization`
//! ```

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Write as _};

use capstan_engine::CallError;
use capstan_engine::bindings::Scrubber;
use capstan_spec::diagnostic::render::{self, Style, visible};
use capstan_spec::diagnostic::{Diagnostic, Severity};
use capstan_spec::source::SourceMap;

use crate::exit::Exit;
use crate::terminal::Terminal;

/// Prints an error and tells how the process ends. The scrubber is the engine's, where there is
/// one: the causes below an error come from other crates, which know of no secrets.
pub(crate) fn error(error: &CallError, scrubber: Option<&Scrubber>, terminal: &Terminal) -> Exit {
    say(&error_text(error, scrubber, terminal.stderr_style()));
    error.kind().into()
}

/// Prints what is wrong with a command line, as clap prints what it finds wrong itself.
pub(crate) fn usage(message: &str, help: &[String], terminal: &Terminal) -> Exit {
    let style = terminal.stderr_style();
    let mut out = paint(style, RED, "error:");
    out.push(' ');
    out.push_str(&visible(message));
    out.push('\n');
    push_help(&mut out, help, style);
    say(&out);
    Exit::Usage
}

/// Prints a fact that a person should know, on a line of its own.
pub(crate) fn note(text: &str, terminal: &Terminal) {
    say(&format!("{} {}\n", paint(terminal.stderr_style(), CYAN, "note:"), visible(text)));
}

/// Prints diagnostics, and where to read more about them.
pub(crate) fn diagnostics<'d>(
    sources: &SourceMap,
    diagnostics: impl IntoIterator<Item = &'d Diagnostic>,
    terminal: &Terminal,
) {
    say(&diagnostics_text(sources, diagnostics, terminal.stderr_style()));
}

/// Those diagnostics that stop a file from being used.
pub(crate) fn errors(diagnostics: &[Diagnostic]) -> impl Iterator<Item = &Diagnostic> {
    diagnostics.iter().filter(|d| d.severity == Severity::Error)
}

/// Diagnostics as text, and where to read more about them.
pub(crate) fn diagnostics_text<'d>(
    sources: &SourceMap,
    diagnostics: impl IntoIterator<Item = &'d Diagnostic>,
    style: Style,
) -> String {
    let mut out = String::new();
    let mut codes = Vec::new();
    for diagnostic in diagnostics {
        codes.push(diagnostic.code);
        let _ = render::text(sources, diagnostic, style, &mut out); // a String takes any text
    }
    let _ = render::footer(codes, &mut out); // the same
    out
}

/// An error as text: its sentence, then a line for each fact, place, cause and piece of advice.
pub(crate) fn error_text(error: &CallError, scrubber: Option<&Scrubber>, style: Style) -> String {
    let mut out = paint(style, RED, &format!("error[{}]", error.code()));
    out.push_str(&paint(style, BOLD, &format!(": {}", visible(&error.to_string()))));
    out.push('\n');
    for detail in error.details() {
        push_line(&mut out, "- ", detail);
    }
    if let Some(location) = error.location() {
        push_line(&mut out, &paint(style, BLUE, "--> "), location);
    }
    if let Some(request) = error.request() {
        push_line(&mut out, "request: ", request);
    }
    if let Some(cause) = cause(error, scrubber) {
        push_line(&mut out, "cause: ", &cause);
    }
    push_help(&mut out, error.help(), style);
    out
}

/// What lies at the bottom of an error, unless the error says it itself. The causes in between
/// name the layers of a library, which tells a person nothing. They know of no secrets either.
pub(crate) fn cause(error: &dyn Error, scrubber: Option<&Scrubber>) -> Option<String> {
    let mut deepest = error.source()?;
    while let Some(deeper) = deepest.source() {
        deepest = deeper;
    }
    let text = deepest.to_string();
    let text = scrubber.map_or_else(|| text.clone(), |scrubber| scrubber.scrub(&text).into_owned());
    (!error.to_string().contains(&text)).then_some(text)
}

fn push_help(out: &mut String, help: &[String], style: Style) {
    for text in help {
        push_line(out, &paint(style, CYAN, "help: "), text);
    }
}

/// A line below a heading; further lines of its text are indented once more.
fn push_line(out: &mut String, title: &str, text: &str) {
    for (n, line) in text.lines().enumerate() {
        let title = if n == 0 { title } else { "  " };
        let _ = writeln!(out, "  {title}{}", visible(line)); // a String takes any text
    }
}

const RED: &str = "1;31";
const BLUE: &str = "1;34";
const CYAN: &str = "1;36";
const BOLD: &str = "1";

/// A text in a colour (ECMA-48, "select graphic rendition"), where colours are wanted.
fn paint(style: Style, sgr: &str, text: &str) -> String {
    match style {
        Style::Plain => text.to_owned(),
        Style::Colour => format!("\x1b[{sgr}m{text}\x1b[0m"),
    }
}

/// Writes to stderr as it is.
pub(crate) fn say(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes()); // nobody is left to be told
}

#[cfg(test)]
mod tests {
    use capstan_engine::upstream::UpstreamError;
    use capstan_spec::diagnostic::Code;

    use super::*;

    fn sample() -> CallError {
        CallError::new(Code::InvalidParameters, "a parameter does not fit `x`\u{1b}[2J")
            .detail("`code` is required")
            .with_help("first\nsecond")
    }

    #[test]
    fn an_error_is_a_sentence_with_its_facts_below() {
        let expected = "error[CAP0503]: a parameter does not fit `x`\\u{1b}[2J\n  - `code` is required\n  help: first\n    second\n";
        assert_eq!(error_text(&sample(), None, Style::Plain), expected);
    }

    #[test]
    fn colours_only_repeat_the_words() {
        let coloured = error_text(&sample(), None, Style::Colour);
        let mut plain = String::new();
        let mut pieces = coloured.split('\u{1b}');
        plain.push_str(pieces.next().unwrap_or_default());
        pieces.for_each(|piece| plain.push_str(piece.split_once('m').map_or("", |(_, text)| text)));
        assert_eq!(plain, error_text(&sample(), None, Style::Plain));
    }

    #[test]
    fn only_the_deepest_cause_is_shown_and_only_once() {
        let inner = io::Error::other("connection refused");
        let middle = io::Error::other(UpstreamError::new(Code::Unreachable, "client error").caused_by(inner));
        let outer = UpstreamError::new(Code::Unreachable, "`x` cannot be reached").caused_by(middle);
        assert_eq!(cause(&outer, None).as_deref(), Some("connection refused"));
        let inner = io::Error::other("connection refused");
        let outer = UpstreamError::new(Code::Unreachable, "`x`: connection refused").caused_by(inner);
        assert_eq!(cause(&outer, None), None);
    }
}
