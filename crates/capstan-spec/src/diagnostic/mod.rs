//! What is wrong with a file, as data.
//!
//! Passes push [`Diagnostic`]s into a [`Sink`] and go on; the caller renders them once, at
//! the edge, with [`render`].

mod code;
pub mod render;

use std::collections::HashSet;
use std::fmt;

use crate::source::Span;
pub use code::Code;

/// Whether a problem stops the file from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The file cannot be used as it is.
    Error,
    /// The file works; its author should look at this.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        })
    }
}

/// A further place that explains a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there.
    pub text: String,
}

/// A change that mends the problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The text to replace.
    pub span: Span,
    /// What to put there.
    pub replacement: String,
}

/// One problem of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The stable code; `capstan explain` prints its page.
    pub code: Code,
    /// Whether the file can be used all the same.
    pub severity: Severity,
    /// One sentence on the fact, naming things as the author wrote them; no final period.
    pub message: String,
    /// Where.
    pub span: Span,
    /// Further places.
    pub labels: Vec<Label>,
    /// What to do, a sentence each.
    pub help: Vec<String>,
    /// A replacement that mends it, where one is certain.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A problem with the severity that its code has by default.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity: code.severity(),
            message: message.into(),
            span,
            labels: Vec::new(),
            help: Vec::new(),
            fix: None,
        }
    }

    /// Adds what to do.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Adds a further place.
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Adds the replacement of the primary range that mends the problem.
    pub fn fix(mut self, replacement: impl Into<String>) -> Self {
        self.fix = Some(Fix { span: self.span, replacement: replacement.into() });
        self
    }
}

/// Collects the problems of one load; the same problem at the same place is kept once.
#[derive(Debug, Default)]
pub struct Sink {
    diagnostics: Vec<Diagnostic>,
    seen: HashSet<(Code, Span, String)>,
}

impl Sink {
    /// An empty sink.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a problem. Past [`crate::limits::DIAGNOSTICS_MAX`] further ones are dropped: a file
    /// with more problems than that is not the file it was meant to be.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if self.is_full() {
            return;
        }
        let key = (diagnostic.code, diagnostic.span, diagnostic.message.clone());
        if self.seen.insert(key) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Whether further problems would be dropped: time to stop wording them.
    pub fn is_full(&self) -> bool {
        self.diagnostics.len() >= crate::limits::DIAGNOSTICS_MAX
    }

    /// Whether it is still worth searching many names for the one that was meant.
    pub(crate) fn is_suggesting(&self) -> bool {
        self.diagnostics.len() < crate::limits::SUGGESTIONS_MAX
    }

    /// Whether a problem of this code is reported at this place.
    pub(crate) fn has(&self, code: Code, span: Span) -> bool {
        self.diagnostics.iter().any(|d| d.code == code && d.span == span)
    }

    /// Whether any problem stops the file from being used.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }

    /// The problems in file order.
    pub fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort_by_key(|d| (d.span.file(), d.span.start(), d.code));
        self.diagnostics
    }
}
