//! Diagnostics as text, in the manner of rustc: a heading, the source line with a mark, advice.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::{self, Write};

use super::position::Place;
use super::snippet::Snippet;
use super::visible::visible;
use crate::diagnostic::{Code, Diagnostic, Fix, Severity};
use crate::source::{SourceMap, Span};

/// Characters of a message, a note or a line of advice: a name in it can be as long as its file.
const TEXT_CHARS_MAX: usize = 1_000;

/// Whether colours are used. They only repeat what the words say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Words only.
    Plain,
    /// With the escape sequences of ANSI terminals (ECMA-48).
    Colour,
}

/// Writes one diagnostic and an empty line behind it.
///
/// Text from the file never reaches the terminal raw: what would act or vanish is escaped.
///
/// ```
/// use capstan_spec::diagnostic::{Code, Diagnostic, render};
/// use capstan_spec::source::{SourceMap, Span};
///
/// let mut sources = SourceMap::new();
/// let file = sources.add("a.yaml", "mehtod: GET\n");
/// let problem = Diagnostic::new(Code::UnknownKey, Span::new(file, 0, 6), "`mehtod` is not a key")
///     .fix("method");
/// let mut out = String::new();
/// render::text(&sources, &problem, render::Style::Plain, &mut out)?;
/// assert_eq!(out, "\
/// warning[CAP0101]: `mehtod` is not a key
///  --> a.yaml:1:1
///   |
/// 1 | mehtod: GET
///   | ^^^^^^
///   |
///   = fix: replace with `method`
///
/// ");
/// # Ok::<(), std::fmt::Error>(())
/// ```
///
/// # Errors
///
/// Only those of `out`.
pub fn text(sources: &SourceMap, diagnostic: &Diagnostic, style: Style, out: &mut dyn Write) -> fmt::Result {
    let gutter = gutter(sources, diagnostic);
    let mut page = Page { sources, style, gutter, out };
    page.heading(diagnostic)?;
    page.snippets(diagnostic)?;
    page.advice(diagnostic)?;
    page.out.write_char('\n')
}

/// Writes where to read more about the codes that were shown; once per run, nothing for none.
///
/// # Errors
///
/// Only those of `out`.
pub fn footer(codes: impl IntoIterator<Item = Code>, out: &mut dyn Write) -> fmt::Result {
    let codes: BTreeSet<Code> = codes.into_iter().collect();
    let mut codes = codes.into_iter();
    let Some(first) = codes.next() else {
        return Ok(());
    };
    write!(out, "`capstan explain {first}` tells more")?;
    for (n, code) in codes.enumerate() {
        write!(out, "{}{code}", if n == 0 { "; so for " } else { ", " })?;
    }
    out.write_char('\n')
}

/// A text that may hold names from the file, bounded and safe to show.
fn bounded(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(TEXT_CHARS_MAX) {
        Some((end, _)) => Cow::Owned(format!("{}…", visible(&text[..end]))),
        None => visible(text),
    }
}

/// Digits of the largest line number shown.
fn gutter(sources: &SourceMap, diagnostic: &Diagnostic) -> usize {
    let spans = diagnostic.labels.iter().map(|l| l.span).chain([diagnostic.span]);
    let lines = spans.filter_map(|span| Place::of(sources, span)?.line());
    lines.max().unwrap_or(1).to_string().len()
}

/// What a text is, which decides its colour.
#[derive(Clone, Copy)]
enum Ink {
    Error,
    Warning,
    Message,
    Frame,
    Advice,
}

impl Ink {
    fn of(severity: Severity) -> Self {
        match severity {
            Severity::Error => Ink::Error,
            Severity::Warning => Ink::Warning,
        }
    }

    /// The parameters of "select graphic rendition".
    fn sgr(self) -> &'static str {
        match self {
            Ink::Error => "1;31",
            Ink::Warning => "1;33",
            Ink::Message => "1",
            Ink::Frame => "1;34",
            Ink::Advice => "1;36",
        }
    }
}

/// One diagnostic being written.
struct Page<'a> {
    sources: &'a SourceMap,
    style: Style,
    gutter: usize,
    out: &'a mut dyn Write,
}

impl Page<'_> {
    fn paint(&mut self, ink: Ink, text: impl fmt::Display) -> fmt::Result {
        match self.style {
            Style::Plain => write!(self.out, "{text}"),
            Style::Colour => write!(self.out, "\x1b[{}m{text}\x1b[0m", ink.sgr()),
        }
    }

    fn heading(&mut self, diagnostic: &Diagnostic) -> fmt::Result {
        let Diagnostic { severity, code, message, .. } = diagnostic;
        self.paint(Ink::of(*severity), format_args!("{severity}[{code}]"))?;
        self.paint(Ink::Message, format_args!(": {}", bounded(message)))?;
        self.out.write_char('\n')
    }

    fn snippets(&mut self, diagnostic: &Diagnostic) -> fmt::Result {
        let primary = Mark { ink: Ink::of(diagnostic.severity), sign: "^", note: "" };
        self.snippet("-->", diagnostic.span, &primary)?;
        for label in &diagnostic.labels {
            let mark = Mark { ink: Ink::Frame, sign: "-", note: &label.text };
            self.row("", "")?;
            self.snippet(":::", label.span, &mark)?;
        }
        Ok(())
    }

    /// The place, and the line with its mark; of a file without text only its name.
    fn snippet(&mut self, arrow: &str, span: Span, mark: &Mark<'_>) -> fmt::Result {
        let Some(place) = Place::of(self.sources, span) else {
            return Ok(());
        };
        let name = visible(place.file.name());
        let arrow = format!("{:1$}{arrow}", "", self.gutter);
        self.paint(Ink::Frame, arrow)?;
        let Some((start, _)) = place.range else {
            return writeln!(self.out, " {name}");
        };
        writeln!(self.out, " {name}:{}:{}", start.line, start.column)?;
        let snippet = Snippet::of(place.file, span);
        self.row("", "")?;
        self.row(start.line, &snippet.shown)?;
        self.mark(&snippet, mark)
    }

    /// A row behind the gutter, without blanks at its end when it is empty.
    fn row(&mut self, number: impl fmt::Display, shown: &str) -> fmt::Result {
        let width = self.gutter;
        self.paint(Ink::Frame, format_args!("{number:>width$} |"))?;
        let gap = if shown.is_empty() { "" } else { " " };
        writeln!(self.out, "{gap}{shown}")
    }

    fn mark(&mut self, snippet: &Snippet, mark: &Mark<'_>) -> fmt::Result {
        let more = if snippet.goes_on { "…" } else { "" };
        let signs = mark.sign.repeat(snippet.width);
        let gap = if mark.note.is_empty() { "" } else { " " };
        let (width, indent) = (self.gutter, snippet.indent);
        self.paint(Ink::Frame, format_args!("{:width$} |", ""))?;
        write!(self.out, " {:indent$}", "")?;
        self.paint(mark.ink, format_args!("{signs}{more}{gap}{}", bounded(mark.note)))?;
        self.out.write_char('\n')
    }

    fn advice(&mut self, diagnostic: &Diagnostic) -> fmt::Result {
        let advised = !diagnostic.help.is_empty() || diagnostic.fix.is_some();
        if advised && Place::of(self.sources, diagnostic.span).is_some_and(|p| p.range.is_some()) {
            self.row("", "")?;
        }
        for help in &diagnostic.help {
            self.bullet("help", help)?;
        }
        match &diagnostic.fix {
            Some(fix) => self.bullet("fix", &self.describe(fix, diagnostic.span)),
            None => Ok(()),
        }
    }

    /// `= title: text`; the further lines of a text stand below its first.
    fn bullet(&mut self, title: &str, text: &str) -> fmt::Result {
        let width = self.gutter;
        self.paint(Ink::Frame, format_args!("{:width$} =", ""))?;
        self.out.write_char(' ')?;
        self.paint(Ink::Advice, title)?;
        let mut lines = text.lines().map(bounded);
        writeln!(self.out, ": {}", lines.next().unwrap_or_default())?;
        let indent = width + title.len() + 5;
        lines.try_for_each(|line| writeln!(self.out, "{:indent$}{line}", ""))
    }

    /// What a fix does, in words; names its line where that is not the one shown.
    fn describe(&self, fix: &Fix, shown: Span) -> String {
        let place = Place::of(self.sources, fix.span).filter(|_| fix.span != shown);
        let at = place.and_then(|p| p.line()).map(|line| format!("on line {line}, "));
        let at = at.unwrap_or_default();
        let insert = fix.span.start() == fix.span.end();
        let text = &fix.replacement;
        match (text.is_empty(), text.contains('\n')) {
            (true, _) => format!("{at}remove it"),
            (false, false) if insert => format!("{at}insert `{text}`"),
            (false, false) => format!("{at}replace with `{text}`"),
            (false, true) if insert => format!("{at}insert\n{text}"),
            (false, true) => format!("{at}replace with\n{text}"),
        }
    }
}

/// How a range is marked.
struct Mark<'a> {
    ink: Ink,
    sign: &'a str,
    note: &'a str,
}
