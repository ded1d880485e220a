//! One source line, ready to show, with the columns of the range that is marked in it.
//!
//! A tab is shown as four spaces, a wide character takes its two columns, and a line that is
//! longer than a terminal is cut to a window around the range.

use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use super::visible;
use crate::source::{SourceFile, Span};

/// Columns of one shown line.
const WIDTH_MAX: usize = 120;

/// Columns kept in front of the range in a line that is cut.
const LEAD_MAX: usize = 40;

/// Columns of a tab. Fixed, not up to the next stop: a line keeps its shape behind the gutter.
const TAB: usize = 4;

/// A line and its mark.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Snippet {
    /// The line as shown.
    pub(super) shown: String,
    /// Columns in front of the mark.
    pub(super) indent: usize,
    /// Columns of the mark; at least one.
    pub(super) width: usize,
    /// Whether the range goes on behind what is shown.
    pub(super) goes_on: bool,
}

impl Snippet {
    /// The line on which `span` begins; of a longer range only that line is shown.
    pub(super) fn of(file: &SourceFile, span: Span) -> Self {
        let line = file.position(span.start()).line;
        let chars = file.line_range(line);
        let start = span.start().clamp(chars.start, chars.end);
        let end = span.end().clamp(start, chars.end);
        let mut snippet = cut(file, chars, start..end);
        snippet.goes_on |= last_line(file, span) > line;
        snippet
    }
}

/// The line of the last character that can be seen: the range of a YAML collection reaches to
/// the next token, across line ends and indentation that nobody means.
fn last_line(file: &SourceFile, span: Span) -> usize {
    let seen = file.slice(span.start()..span.end()).trim_end().chars().count();
    file.position(span.start() + seen.saturating_sub(1)).line
}

/// Looks only at the neighbourhood of the range, so that a line of megabytes costs nothing.
fn cut(file: &SourceFile, line: Range<usize>, range: Range<usize>) -> Snippet {
    let near = range.start.saturating_sub(WIDTH_MAX).max(line.start)..(range.start + WIDTH_MAX).min(line.end);
    let cells: Vec<char> = file.slice(near.clone()).chars().collect();
    let start = range.start - near.start;
    let whole = near == line && columns(&cells) <= WIDTH_MAX;
    let first = if whole { 0 } else { start - fitting(cells[..start].iter().rev(), LEAD_MAX) };
    let last = if whole { cells.len() } else { first + fitting(cells[first..].iter(), WIDTH_MAX) };
    let end = (range.end - near.start).min(last).max(start);

    let cut_before = near.start + first > line.start;
    let cut_behind = near.start + last < line.end;
    Snippet {
        shown: show(&cells[first..last], cut_before, cut_behind),
        indent: usize::from(cut_before) + columns(&cells[first..start]),
        width: columns(&cells[start..end]).max(1),
        goes_on: near.start + end < range.end,
    }
}

/// How many of the characters fit into `width` columns, taken in turn.
fn fitting<'c>(cells: impl Iterator<Item = &'c char>, width: usize) -> usize {
    let total = cells.scan(0, |used, c| {
        *used += column_count(*c);
        Some(*used)
    });
    total.take_while(|used| *used <= width).count()
}

fn show(cells: &[char], cut_before: bool, cut_behind: bool) -> String {
    let mut shown = String::with_capacity(cells.len() + 8);
    if cut_before {
        shown.push('…');
    }
    for c in cells {
        match c {
            '\t' => shown.extend([' '; TAB]),
            c => visible::push(&mut shown, *c),
        }
    }
    if cut_behind {
        shown.push('…');
    }
    shown
}

fn columns(cells: &[char]) -> usize {
    cells.iter().map(|c| column_count(*c)).sum()
}

/// Columns that [`show`] uses for a character.
fn column_count(c: char) -> usize {
    if c == '\t' {
        return TAB;
    }
    let mut buffer = [0; 4];
    match visible::visible(c.encode_utf8(&mut buffer)) {
        std::borrow::Cow::Borrowed(_) => c.width().unwrap_or(0),
        std::borrow::Cow::Owned(escape) => escape.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceMap;

    fn snippet(text: &str, range: Range<usize>) -> Snippet {
        let mut sources = SourceMap::new();
        let file = sources.add("a.yaml", text);
        Snippet::of(&sources.files()[file.index()], Span::new(file, range.start, range.end))
    }

    /// The line, and below it the mark.
    fn picture(text: &str, range: Range<usize>) -> String {
        let snippet = snippet(text, range);
        let mark = "^".repeat(snippet.width);
        format!("{}\n{}{mark}", snippet.shown, " ".repeat(snippet.indent))
    }

    #[test]
    fn tabs_and_wide_characters_keep_the_mark_in_place() {
        assert_eq!(picture("\ta: b", 4..5), "    a: b\n       ^");
        assert_eq!(picture("日本: 語x", 4..5), "日本: 語x\n      ^^");
        assert_eq!(picture("e\u{301}: x", 4..5), "e\u{301}: x\n   ^");
    }

    #[test]
    fn escapes_are_marked_whole() {
        assert_eq!(picture("a\u{202e}b", 1..2), "a\\u{202e}b\n ^^^^^^^^");
    }

    #[test]
    fn an_empty_range_has_one_column() {
        assert_eq!(picture("ab", 2..2), "ab\n  ^");
        assert_eq!(picture("", 0..0), "\n^");
        assert_eq!(picture("a\n", 9..12), "\n^");
    }

    #[test]
    fn a_range_of_several_lines_shows_the_first() {
        let snippet = snippet("ab: 1\ncd", 4..8);
        assert_eq!((snippet.shown.as_str(), snippet.width, snippet.goes_on), ("ab: 1", 1, true));
    }

    #[test]
    fn the_line_end_is_no_further_line() {
        assert!(!snippet("ab\ncd", 0..3).goes_on);
        assert!(!snippet("ab\n  \n  cd", 0..8).goes_on);
    }

    #[test]
    fn a_long_line_is_cut_around_the_range() {
        let text = format!("{}here{}", "x".repeat(500), "y".repeat(500));
        let snippet = snippet(&text, 500..504);
        assert_eq!(snippet.shown.chars().count(), WIDTH_MAX + 2);
        assert!(snippet.shown.starts_with("…x") && snippet.shown.ends_with("y…"));
        assert_eq!((snippet.indent, snippet.width, snippet.goes_on), (LEAD_MAX + 1, 4, false));
    }

    #[test]
    fn a_range_longer_than_the_window_goes_on() {
        let snippet = snippet(&"x".repeat(1000), 10..900);
        assert_eq!((snippet.indent, snippet.width, snippet.goes_on), (10, WIDTH_MAX - 10, true));
    }
}
