//! Text from a file, made safe and honest to show on a terminal.
//!
//! A control character could drive the terminal; a bidirectional override or an invisible
//! character could make a line read otherwise than a parser reads it ("Trojan Source",
//! CVE-2021-42574). All of them are written out as `\u{…}`.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with every character that would act or vanish written out as an escape.
///
/// Tabs and line ends are escaped too: this is for names and values inside a sentence.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        push(&mut shown, c);
    }
    Cow::Owned(shown)
}

/// Appends one character, escaped if it must be.
pub(super) fn push(shown: &mut String, c: char) {
    match c {
        '\t' => shown.push_str("\\t"),
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        c if is_hidden(c) => {
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(c)); // a String takes any text
        }
        c => shown.push(c),
    }
}

/// Whether a terminal would act on a character, or show nothing for it where a parser sees one.
fn is_hidden(c: char) -> bool {
    c.is_control() || is_bidirectional(c) || is_invisible(c)
}

/// Marks, embeddings, overrides and isolates (UAX 9).
fn is_bidirectional(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters without a shape: joiners, fillers, separators, annotation marks, tags.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200d}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{2060}'..='\u{2065}'
            | '\u{206a}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_borrowed() {
        assert!(matches!(visible("naïve 日本 🙂"), Cow::Borrowed("naïve 日本 🙂")));
    }

    #[test]
    fn what_acts_or_vanishes_is_written_out() {
        assert_eq!(visible("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(visible("a\u{202e}b\u{200b}c\u{9b}"), "a\\u{202e}b\\u{200b}c\\u{9b}");
        assert_eq!(visible("a\tb\r\n"), "a\\tb\\r\\n");
    }
}
