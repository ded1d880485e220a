//! Patterns of parameters: checked when a file is loaded, built when a value first meets them.
//!
//! Building the automaton of `\d{4}` takes longer than loading the whole file around it, and
//! nothing but a call of that operation needs it.

use std::sync::{Arc, OnceLock};

use regex::{Regex, RegexBuilder};

use crate::limits::PATTERN_BYTES_MAX;

/// A regular expression without look-around and back-references: linear time on any text.
#[derive(Debug)]
pub(crate) struct Pattern {
    text: Arc<str>,
    /// `None` once it has turned out too large to build.
    built: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// Checks a pattern.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub(crate) fn new(text: Arc<str>) -> Result<Self, String> {
        match regex_syntax::parse(&text) {
            Ok(_) => Ok(Pattern { text, built: OnceLock::new() }),
            Err(error) => {
                let why = error.to_string();
                Err(why.lines().last().unwrap_or("").trim_start_matches("error: ").to_owned())
            }
        }
    }

    /// The pattern as written.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a text fits. Nothing fits a pattern that is too large to build: a value that
    /// could not be checked is not sent.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        let build = || RegexBuilder::new(&self.text).size_limit(PATTERN_BYTES_MAX).build().ok();
        self.built.get_or_init(build).as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn patterns_are_checked_at_once_and_built_when_needed() {
        assert!(Pattern::new("(".into()).is_err() && Pattern::new("(?=a)".into()).is_err());
        let pattern = Pattern::new(r"^\d{4}$".into()).expect("a pattern");
        assert!(pattern.built.get().is_none());
        assert!(pattern.is_match("2024") && !pattern.is_match("24"));
        let huge = Pattern::new(r"((\w{200}){200}){200}".into());
        assert!(huge.is_err() || !huge.expect("checked").is_match("a"));
    }
}
