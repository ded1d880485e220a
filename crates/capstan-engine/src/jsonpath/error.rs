//! What is wrong with a text that was to be a JSONPath: a sentence for people and, where known,
//! the place in the text.

use std::fmt;

use jsonpath_rust::parser::errors::JsonPathError as ParserError;
use pest::error::InputLocation;

/// A text that is not a JSONPath, or one that is larger than the bounds allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPathError {
    message: String,
    offset: Option<usize>,
}

impl JsonPathError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), offset: None }
    }

    pub(super) fn at(offset: usize, message: impl Into<String>) -> Self {
        Self { message: message.into(), offset: Some(offset) }
    }

    /// The text holds something at `offset` that no path can hold there.
    pub(super) fn unexpected(text: &str, offset: usize) -> Self {
        match text.chars().nth(offset) {
            Some(found) => Self::at(offset, format!("unexpected `{found}`")),
            None => Self::at(offset, "the path ends too early"),
        }
    }

    /// Translates the parser's error on `text`.
    pub(super) fn from_parser(text: &str, error: &ParserError) -> Self {
        match error {
            ParserError::PestError(syntax) => {
                let (InputLocation::Pos(byte) | InputLocation::Span((byte, _))) = syntax.location;
                Self::unexpected(text, chars_before(text, byte))
            }
            ParserError::InvalidNumber(_) => Self::new("a number is out of range"),
            ParserError::InvalidJsonPath(message) => Self::new(lower_first(message)),
            other => Self::new(lower_first(&other.to_string())),
        }
    }

    /// One sentence on what is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where in the text it is wrong, counted in characters from 0; the text's length when the
    /// text ends too early.
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }
}

impl fmt::Display for JsonPathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.offset {
            Some(offset) => write!(f, "{} at character {}", self.message, offset + 1),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for JsonPathError {}

fn chars_before(text: &str, byte: usize) -> usize {
    text.char_indices().take_while(|(start, _)| *start < byte).count()
}

fn lower_first(message: &str) -> String {
    let mut chars = message.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}
