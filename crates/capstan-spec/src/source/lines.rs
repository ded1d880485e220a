//! Where the lines of a text begin, and which byte a character begins at.
//!
//! Spans count characters, strings are cut at bytes. One pass over the text notes enough for
//! both questions to be answered in the same time anywhere in the file, however long its lines.

use std::ops::Range;

/// Characters between two noted bytes: small enough to walk, large enough to cost no memory.
const STRIDE: usize = 512;

/// The index of one text.
#[derive(Debug)]
pub(super) struct Lines {
    /// The first character of each line; at least one.
    starts: Vec<u32>,
    /// The byte of every [`STRIDE`]th character.
    bytes: Vec<u32>,
    /// Characters in all.
    chars: usize,
}

impl Lines {
    /// Reads the text once.
    pub(super) fn new(text: &str) -> Self {
        let mut lines = Lines { starts: vec![0], bytes: Vec::new(), chars: 0 };
        for (byte, c) in text.char_indices() {
            if lines.chars.is_multiple_of(STRIDE) {
                lines.bytes.push(narrow(byte));
            }
            lines.chars += 1;
            if c == '\n' {
                lines.starts.push(narrow(lines.chars));
            }
        }
        lines
    }

    /// Characters in all.
    pub(super) fn chars(&self) -> usize {
        self.chars
    }

    /// The line, from zero, that holds the character at `offset`.
    pub(super) fn containing(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start as usize <= offset).saturating_sub(1)
    }

    /// The characters of a line, from zero, without `\n` or `\r\n`; empty past the last.
    pub(super) fn range(&self, text: &str, line: usize) -> Range<usize> {
        let Some(start) = self.starts.get(line).map(|s| *s as usize) else {
            return self.chars..self.chars;
        };
        let Some(next) = self.starts.get(line + 1).map(|s| *s as usize) else {
            return start..self.chars;
        };
        let end = next - 1;
        let carriage_return = end > start && text.as_bytes()[self.byte(text, end) - 1] == b'\r';
        start..end - usize::from(carriage_return)
    }

    /// The byte at which the character at `offset` begins; past the end, the end.
    pub(super) fn byte(&self, text: &str, offset: usize) -> usize {
        if offset >= self.chars {
            return text.len();
        }
        let noted = self.bytes[offset / STRIDE] as usize;
        let rest = text[noted..].char_indices().nth(offset % STRIDE);
        rest.map_or(text.len(), |(byte, _)| noted + byte)
    }
}

/// A file is far smaller than 4 GiB ([`crate::limits::FILE_BYTES_MAX`]); a larger text would
/// only blur positions.
fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_are_those_of_a_walk(text in "(?s).{0,40}", times in 1_usize..20) {
            let text = text.repeat(times);
            let lines = Lines::new(&text);
            for (n, (byte, _)) in text.char_indices().enumerate() {
                prop_assert_eq!(lines.byte(&text, n), byte);
            }
            prop_assert_eq!(lines.byte(&text, lines.chars()), text.len());
        }
    }
}
