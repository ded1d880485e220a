//! The bounds of a tree while it is built: some formats say a billion values in a few bytes.

use crate::limits::{TREE_DEPTH_MAX, TREE_WEIGHT_MAX};

/// What a tree may still grow by.
pub(super) struct Budget {
    weight_left: usize,
}

/// What is said where a tree grows too large.
const TOO_HEAVY: &str = "the answer has more values than can be held; ask for less of it";

impl Default for Budget {
    fn default() -> Self {
        Budget { weight_left: TREE_WEIGHT_MAX }
    }
}

impl Budget {
    /// Takes a value; the error is a sentence.
    pub(super) fn value(&mut self) -> Result<(), &'static str> {
        self.take(1)
    }

    /// Takes a value with a text that the reader repeats.
    pub(super) fn repeated(&mut self, text: &str) -> Result<(), &'static str> {
        self.take(1 + text.len() / 64)
    }

    /// Takes a weight.
    pub(super) fn take(&mut self, weight: usize) -> Result<(), &'static str> {
        self.weight_left = self.weight_left.checked_sub(weight).ok_or(TOO_HEAVY)?;
        Ok(())
    }

    /// Checks how deep a value stands; the error is a sentence.
    pub(super) fn depth(&self, depth: usize) -> Result<(), String> {
        if depth > TREE_DEPTH_MAX {
            return Err(format!("the answer is nested deeper than {TREE_DEPTH_MAX} levels"));
        }
        Ok(())
    }
}
