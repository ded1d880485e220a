//! Source text and positions in it.
//!
//! A [`SourceMap`] owns the text of every file of one load; a [`Span`] is eight bytes that
//! name a range in one of them. Lines and columns are worked out only when somebody looks, from
//! an index that is built once per file.

mod lines;

use std::ops::{Deref, DerefMut, Range};
use std::sync::{Arc, OnceLock};

use lines::Lines;

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
    /// Built when somebody first asks for a position: most files have nothing to show.
    lines: OnceLock<Arc<Lines>>,
}

impl SourceFile {
    fn new(name: Arc<str>, text: Arc<str>) -> Self {
        SourceFile { name, text, lines: OnceLock::new() }
    }

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
        let lines = self.lines();
        let offset = offset.min(lines.chars());
        let line = lines.containing(offset);
        Position { line: line + 1, column: offset - lines.range(&self.text, line).start + 1 }
    }

    /// The text of a line, counted from one, without its end; empty past the last.
    pub fn line(&self, line: usize) -> &str {
        self.slice(self.line_range(line))
    }

    /// The characters of a line, counted from one, without its end; empty past the last.
    pub fn line_range(&self, line: usize) -> Range<usize> {
        self.lines().range(&self.text, line.saturating_sub(1))
    }

    /// The text of a range of characters, cut to the file. Takes the same time anywhere in it.
    pub fn slice(&self, chars: Range<usize>) -> &str {
        let lines = self.lines();
        let start = lines.byte(&self.text, chars.start);
        let end = lines.byte(&self.text, chars.end).max(start);
        &self.text[start..end]
    }

    fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Arc::new(Lines::new(&self.text)))
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
        self.files.push(SourceFile::new(name.into(), text.into()));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> SourceFile {
        SourceFile::new("a.yaml".into(), text.into())
    }

    #[test]
    fn positions_count_characters() {
        let file = file("é: 1\nb: ü2\n");
        assert_eq!(file.position(0), Position { line: 1, column: 1 });
        assert_eq!(file.position(4), Position { line: 1, column: 5 });
        assert_eq!(file.position(5), Position { line: 2, column: 1 });
        assert_eq!(file.position(9), Position { line: 2, column: 5 });
        assert_eq!(file.position(99), Position { line: 3, column: 1 });
    }

    #[test]
    fn lines_come_without_their_ends() {
        let file = file("a\r\n\nb");
        assert_eq!([0, 1, 2, 3, 4].map(|n| file.line(n)), ["a", "a", "", "b", ""]);
    }

    #[test]
    fn an_empty_file_has_one_empty_line() {
        let file = file("");
        assert_eq!(file.position(7), Position { line: 1, column: 1 });
        assert_eq!(file.line(1), "");
    }

    #[test]
    fn a_slice_is_cut_to_the_file() {
        let file = file("añb");
        assert_eq!(file.slice(1..9), "ñb");
        assert_eq!(file.slice(8..9), "");
    }
}
