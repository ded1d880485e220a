//! The bounds of a query's text, checked in one scan before any recursive code sees the text.

use super::{JsonPathError, scan};

/// Bytes of a query's text.
pub const TEXT_BYTES_MAX: usize = 4096;

/// Brackets and parentheses open at once. Parsing and evaluating recurse once for each.
pub const NESTING_MAX: usize = 64;

/// Function calls open at once. The parser tries a call as a comparison, then as a test, so each
/// level doubles its time or worse; nobody writes more than two.
pub const FUNCTION_NESTING_MAX: usize = 4;

/// Refuses a text that is too long or too deeply nested.
pub(super) fn check(text: &str) -> Result<(), JsonPathError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(JsonPathError::new(format!(
            "the path has {} bytes, and at most {TEXT_BYTES_MAX} are supported",
            text.len()
        )));
    }
    check_nesting(text)
}

/// Refuses a text that is too deeply nested. Rewritten spellings are checked for this alone: the
/// quotes they gain do not make an author's path too long.
pub(super) fn check_nesting(text: &str) -> Result<(), JsonPathError> {
    let mut nesting = Nesting::default();
    for (offset, next) in scan::unquoted(text) {
        nesting.step(next);
        if nesting.open.len() > NESTING_MAX {
            let message = format!("more than {NESTING_MAX} brackets are open at once");
            return Err(JsonPathError::at(offset, message));
        }
        if nesting.functions > FUNCTION_NESTING_MAX {
            let message = format!("more than {FUNCTION_NESTING_MAX} functions are open at once");
            return Err(JsonPathError::at(offset, message));
        }
    }
    Ok(())
}

/// What is open at a place in the text.
#[derive(Default)]
struct Nesting {
    /// One entry for each open bracket: whether it is a function's parenthesis.
    open: Vec<bool>,
    functions: usize,
    previous: char,
}

impl Nesting {
    fn step(&mut self, next: char) {
        match next {
            '(' | '[' => self.open(next == '(' && self.previous.is_ascii_alphanumeric()),
            ')' | ']' => self.close(),
            _ => {}
        }
        self.previous = next;
    }

    fn open(&mut self, function: bool) {
        self.open.push(function);
        self.functions += usize::from(function);
    }

    fn close(&mut self) {
        if self.open.pop() == Some(true) {
            self.functions -= 1;
        }
    }
}
