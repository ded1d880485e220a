//! A span looked up: its file, and where it begins and ends there.

use crate::source::{Position, SourceFile, SourceMap, Span};

/// A span in its file.
pub(super) struct Place<'a> {
    /// The file.
    pub(super) file: &'a SourceFile,
    /// The first character of the span and one past its last; both `None` when the file has no
    /// text, because it could not be read.
    pub(super) range: Option<(Position, Position)>,
}

impl<'a> Place<'a> {
    /// Looks a span up; `None` when the map does not hold its file.
    pub(super) fn of(sources: &'a SourceMap, span: Span) -> Option<Self> {
        let file = sources.get(span.file())?;
        let range = (!file.text().is_empty()).then(|| (file.position(span.start()), file.position(span.end())));
        Some(Place { file, range })
    }

    /// The line on which the span begins, from one.
    pub(super) fn line(&self) -> Option<usize> {
        self.range.map(|(start, _)| start.line)
    }
}
