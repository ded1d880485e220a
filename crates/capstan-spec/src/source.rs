//! Source text and positions in it.
//!
//! A [`SourceMap`] owns the text of every file of one load; a [`Span`] is eight bytes that
//! name a range in one of them. Lines and columns are worked out only when somebody looks.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// Names one file of a [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FileId(u16);

impl FileId {
    /// The position of the file in its [`SourceMap`].
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// A range of characters in one file.
///
/// `start` counts characters (Unicode scalar values) from the beginning of the file. `len` is
/// capped at 65,535 characters: a longer range keeps its start, which is all a person looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    file: FileId,
    len: u16,
    start: u32,
}

impl Span {
    /// The range from `start` (inclusive) to `end` (exclusive), in characters.
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        Span {
            file,
            start: u32::try_from(start).unwrap_or(u32::MAX),
            len: u16::try_from(end.saturating_sub(start)).unwrap_or(u16::MAX),
        }
    }

    /// The file this range lies in.
    pub fn file(self) -> FileId {
        self.file
    }

    /// The first character of the range, counted from the beginning of the file.
    pub fn start(self) -> usize {
        self.start as usize
    }

    /// One past the last character of the range.
    pub fn end(self) -> usize {
        self.start as usize + usize::from(self.len)
    }

    /// The part of this range that begins `offset` characters in and is `len` characters long.
    pub fn slice(self, offset: usize, len: usize) -> Self {
        let start = self.start() + offset;
        Span::new(self.file, start, (start + len).min(self.end().max(start)))
    }
}

/// A value and the place in the source that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Ties a value to its place.
    pub fn new(value: T, span: Span) -> Self {
        Spanned { value, span }
    }

    /// The same place with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned::new(f(self.value), self.span)
    }
}

impl<T> Deref for Spanned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Spanned<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

/// A line and a column, both counted from one; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from one.
    pub line: usize,
    /// The column in characters, from one.
    pub column: usize,
}

/// One file of a load.
#[derive(Clone, Debug)]
pub struct SourceFile {
    name: Arc<str>,
    text: Arc<str>,
}

impl SourceFile {
    /// The name as the caller gave it, for messages: usually a path.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line and column of the character at `offset`; past the end, the end.
    pub fn position(&self, offset: usize) -> Position {
        let mut line = 1;
        let mut column = 1;
        for c in self.text.chars().take(offset) {
            if c == '\n' {
                line += 1;
                column = 1;
            } else {
                column += 1;
            }
        }
        Position { line, column }
    }

    /// The text of a line, counted from one, without its end; empty past the last.
    pub fn line(&self, line: usize) -> &str {
        self.text.lines().nth(line.saturating_sub(1)).unwrap_or("")
    }
}

/// The files of one load, in the order in which they were opened.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// A map without files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file. A map holds 65,535 files; further ones share the last id, which only
    /// blurs positions and cannot be reached below the import limit.
    pub fn add(&mut self, name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> FileId {
        let id = FileId(u16::try_from(self.files.len()).unwrap_or(u16::MAX));
        self.files.push(SourceFile { name: name.into(), text: text.into() });
        id
    }

    /// The file of an id; `None` for an id of another map.
    pub fn get(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.index())
    }

    /// All files, in the order in which they were opened.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The name of the file and the position at which a range begins.
    pub fn locate(&self, span: Span) -> Option<(&str, Position)> {
        let file = self.get(span.file())?;
        Some((file.name(), file.position(span.start())))
    }
}
