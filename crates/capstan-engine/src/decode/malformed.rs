//! Why an answer is not what its format wants, and where.

use std::error::Error;
use std::fmt;

/// Why bytes are not in the format that they were read as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Where.
    pub place: Place,
    /// What was found, and what was expected.
    pub what: String,
}

/// A place in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A line and a column of characters, both from 1.
    Line(usize, usize),
    /// A byte, from 0.
    Byte(usize),
    /// No place of its own.
    Whole,
}

impl Malformed {
    /// At a byte of a text, which is shown as line and column.
    pub(super) fn at(text: &str, byte: usize, what: impl Into<String>) -> Self {
        Malformed { place: Place::of(text, byte), what: what.into() }
    }

    /// At a byte of what is no text.
    pub(super) fn byte(byte: usize, what: impl Into<String>) -> Self {
        Malformed { place: Place::Byte(byte), what: what.into() }
    }

    /// Of the answer as a whole.
    pub(super) fn whole(what: impl Into<String>) -> Self {
        Malformed { place: Place::Whole, what: what.into() }
    }
}

impl Place {
    /// The line and column of a byte of a text.
    fn of(text: &str, byte: usize) -> Self {
        let before = &text.as_bytes()[..byte.min(text.len())];
        let line_start = before.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let line = 1 + before.iter().filter(|b| **b == b'\n').count();
        // Continuation bytes begin no character.
        let column = 1 + before[line_start..].iter().filter(|b| **b & 0xc0 != 0x80).count();
        Place::Line(line, column)
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Line(line, column) => write!(f, "line {line}, column {column}: {}", self.what),
            Place::Byte(byte) => write!(f, "byte {byte}: {}", self.what),
            Place::Whole => f.write_str(&self.what),
        }
    }
}

impl Error for Malformed {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        assert_eq!(Place::of("aä\nbéc", 6), Place::Line(2, 3));
        assert_eq!(Place::of("", 0), Place::Line(1, 1));
        assert_eq!(Place::of("a\n", 9), Place::Line(2, 1));
    }
}
