//! Rows become aligned columns, as wide as characters are on a terminal.

use std::borrow::Cow;

use capstan_spec::diagnostic::render::visible;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns between two columns.
const GAP: usize = 2;

/// The least that is left of a last column; below that a cut text says nothing.
const LAST_MIN: usize = 16;

/// Writes rows as a table. Cells show control characters; the last column is cut where the
/// table would be wider than `width`.
pub(crate) fn table<const N: usize>(rows: &[[Cow<'_, str>; N]], width: Option<usize>, indent: usize) -> String {
    let rows: Vec<[String; N]> = rows.iter().map(|row| row.each_ref().map(|cell| line(cell))).collect();
    let mut widths = [0; N];
    for row in &rows {
        for (most, cell) in widths.iter_mut().zip(row) {
            *most = (*most).max(cell.width());
        }
    }
    let before: usize = indent + widths.iter().take(N - 1).filter(|w| **w > 0).map(|w| w + GAP).sum::<usize>();
    let last = width.map(|width| width.saturating_sub(before).max(LAST_MIN));
    rows.iter().map(|row| written(row, &widths, last, indent)).collect()
}

fn written<const N: usize>(row: &[String; N], widths: &[usize; N], last: Option<usize>, indent: usize) -> String {
    let mut out = " ".repeat(indent);
    for (n, (cell, width)) in row.iter().zip(widths).enumerate() {
        if n == N - 1 {
            out.push_str(&last.map_or(Cow::Borrowed(cell.as_str()), |last| cut(cell, last)));
        } else if *width > 0 {
            out.push_str(cell);
            out.extend(std::iter::repeat_n(' ', width + GAP - cell.width()));
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// A text on one line: white space is one blank, what would act on a terminal is written out.
pub(crate) fn line(text: &str) -> String {
    let words: Vec<&str> = text.split(['\n', '\r', '\t', ' ']).filter(|word| !word.is_empty()).collect();
    visible(&words.join(" ")).into_owned()
}

/// The part of a text that fits, with an ellipsis where something is missing.
pub(crate) fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    let mut left = width.saturating_sub(1);
    let fits = |c: &char| {
        let wide = c.width().unwrap_or(0);
        let fits = wide <= left;
        left = left.saturating_sub(wide);
        fits
    };
    let mut cut: String = text.chars().take_while(fits).collect();
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    Cow::Owned(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let rows = [["a".into(), "日本".into(), "x y".into()], ["bcd".into(), "e".into(), "\u{1b}z".into()]];
        assert_eq!(table(&rows, None, 1), " a    日本  x y\n bcd  e     \\u{1b}z\n");
    }

    #[test]
    fn a_column_without_text_takes_no_room() {
        assert_eq!(table(&[["a".into(), "".into(), "b".into()]], None, 0), "a  b\n");
    }

    #[test]
    fn the_last_column_is_cut_to_the_width() {
        let rows = [["a".into(), "one two three four five six".into()]];
        assert_eq!(table(&rows, Some(20), 0), "a  one two three fo…\n");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 6), "日本語");
    }
}
