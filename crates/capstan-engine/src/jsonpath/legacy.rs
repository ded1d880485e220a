//! Spellings that are older than RFC 9535, as Jayway's JSONPath reads them, become the standard
//! spelling: no leading `$`, `$.` for the root, `$.['a']`, bare names with dashes, spaces, `@` or
//! `$`, and `.length()` at the end or in a filter.
//!
//! Only what has one plain reading is rewritten. Everything else is passed on as it stands, for the
//! parser to judge.

use std::fmt::Write;

use super::JsonPathError;
use super::plain::is_shorthand;

/// A path in the standard's spelling.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rewritten {
    pub(super) standard: String,
    /// Whether `.length()` followed it, for which the standard has no spelling outside of filters.
    pub(super) measures: bool,
}

/// Rewrites a text that nests within `bounds`.
pub(super) fn rewrite(text: &str) -> Result<Rewritten, JsonPathError> {
    let mut rewriter = Rewriter::new(text);
    let measures = rewriter.path()?;
    Ok(Rewritten { standard: rewriter.out, measures })
}

/// Whether a text is one of the older spellings of the root, by far the most frequent of them all.
pub(super) fn is_root(text: &str) -> bool {
    matches!(text, "" | "$.")
}

struct Rewriter<'t> {
    text: &'t str,
    chars: Vec<char>,
    at: usize,
    out: String,
}

impl<'t> Rewriter<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, chars: text.trim_end().chars().collect(), at: 0, out: String::with_capacity(text.len() + 8) }
    }

    /// The whole text; answers whether it ends in `.length()`.
    fn path(&mut self) -> Result<bool, JsonPathError> {
        self.skip_space();
        self.root()?;
        while let Some(next) = self.next_step() {
            match next {
                '[' => self.bracket()?,
                '.' if self.is_length_call() => return self.length_call(),
                '.' => self.dot()?,
                _ => return Err(self.unexpected()),
            }
        }
        Ok(false)
    }

    /// `$`, `$.` alone, `@` for the root, or nothing at all. After it the text goes on with a step.
    fn root(&mut self) -> Result<(), JsonPathError> {
        self.out.push('$');
        if matches!(self.rest(), [] | ['$' | '@'] | ['$' | '@', '.']) {
            self.at = self.chars.len();
            return Ok(());
        }
        match self.rest() {
            ['$' | '@', '.' | '[' | ' ', ..] => self.at += 1,
            ['.' | '[', ..] => {}
            ['$', ..] => {
                self.at += 1;
                return Err(self.unexpected());
            }
            ['*', ..] => self.star("."),
            _ => self.name("", is_bare)?,
        }
        Ok(())
    }

    fn dot(&mut self) -> Result<(), JsonPathError> {
        let dots = if self.rest().starts_with(&['.', '.']) { ".." } else { "" };
        self.at += dots.len().max(1);
        match self.peek() {
            Some('*') if dots.is_empty() => self.star("."),
            Some('*') => self.star(dots),
            Some('[') => {
                self.out.push_str(dots);
                self.bracket()?;
            }
            _ => self.name(dots, is_bare)?,
        }
        Ok(())
    }

    fn star(&mut self, before: &str) {
        self.at += 1;
        self.out.push_str(before);
        self.out.push('*');
    }

    /// A name up to the next step, written in the shortest way the standard allows.
    fn name(&mut self, dots: &str, belongs: fn(char) -> bool) -> Result<(), JsonPathError> {
        let length = self.rest().iter().take_while(|c| belongs(**c)).count();
        let name: String = self.rest()[..length].iter().collect();
        let name = name.trim();
        self.at += length;
        if name.is_empty() {
            return Err(self.unexpected());
        }
        self.out.push_str(if dots.is_empty() && is_shorthand(name) { "." } else { dots });
        push_name(&mut self.out, name);
        Ok(())
    }

    /// `[…]` with what is between copied, but for a filter.
    fn bracket(&mut self) -> Result<(), JsonPathError> {
        self.copy();
        self.skip_space();
        if self.peek() == Some('?') { self.filter() } else { self.copy_to_bracket() }
    }

    fn copy_to_bracket(&mut self) -> Result<(), JsonPathError> {
        loop {
            match self.peek() {
                None => return Err(self.unexpected()),
                Some(quote @ ('\'' | '"')) => self.copy_quoted(quote),
                Some(']') => {
                    self.copy();
                    return Ok(());
                }
                Some(_) => self.copy(),
            }
        }
    }

    /// A filter up to its `]`. Outside of texts and paths everything is copied.
    fn filter(&mut self) -> Result<(), JsonPathError> {
        loop {
            match self.peek() {
                None => return Err(self.unexpected()),
                Some(quote @ ('\'' | '"')) => self.copy_quoted(quote),
                Some('@' | '$') => self.filter_path()?,
                Some(']') => {
                    self.copy();
                    return Ok(());
                }
                Some(_) => self.copy(),
            }
        }
    }

    /// A path within a filter; `@.a.length()` becomes `length(@.a)`.
    fn filter_path(&mut self) -> Result<(), JsonPathError> {
        let start = self.out.len();
        self.copy();
        loop {
            match self.rest() {
                ['[', ..] => self.bracket()?,
                ['.', ..] if self.is_length_call() => {
                    self.at += LENGTH_CALL.len();
                    self.out.insert_str(start, "length(");
                    self.out.push(')');
                    return Ok(());
                }
                ['.', ..] => self.filter_dot()?,
                _ => return Ok(()),
            }
        }
    }

    fn filter_dot(&mut self) -> Result<(), JsonPathError> {
        let dots = if self.rest().starts_with(&['.', '.']) { ".." } else { "" };
        match self.rest().get(dots.len().max(1)) {
            Some('*' | '[') => self.dot(),
            _ => {
                self.at += dots.len().max(1);
                self.name(dots, is_bare_in_filter)
            }
        }
    }

    fn is_length_call(&self) -> bool {
        self.rest().starts_with(&LENGTH_CALL)
    }

    /// `.length()`, after which nothing may follow.
    fn length_call(&mut self) -> Result<bool, JsonPathError> {
        self.at += LENGTH_CALL.len();
        match self.peek() {
            None => Ok(true),
            Some(_) => Err(self.unexpected()),
        }
    }

    fn copy_quoted(&mut self, quote: char) {
        self.copy();
        while let Some(next) = self.peek() {
            self.copy();
            if next == '\\' && self.peek().is_some() {
                self.copy();
            } else if next == quote {
                return;
            }
        }
    }

    fn copy(&mut self) {
        self.out.extend(self.peek());
        self.at += 1;
    }

    fn next_step(&mut self) -> Option<char> {
        self.skip_space();
        self.peek()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn rest(&self) -> &[char] {
        self.chars.get(self.at..).unwrap_or_default()
    }

    fn unexpected(&self) -> JsonPathError {
        JsonPathError::unexpected(self.text, self.at)
    }
}

const LENGTH_CALL: [char; 9] = ['.', 'l', 'e', 'n', 'g', 't', 'h', '(', ')'];

/// Characters that may stand in a bare name. The others mean something in a path, or hint at an
/// expression that was meant to be one.
fn is_bare(c: char) -> bool {
    !c.is_control() && !".[]()'\"`*?,!=<>&|{}".contains(c)
}

/// In a filter a space or an operator ends a name.
fn is_bare_in_filter(c: char) -> bool {
    c.is_alphanumeric() || !c.is_ascii() && is_bare(c) || "_-@$:".contains(c)
}

/// Appends a name: bare, its dots being there already, or in brackets with quotes.
fn push_name(out: &mut String, name: &str) {
    if is_shorthand(name) {
        out.push_str(name);
        return;
    }
    let escaped = name.replace('\\', "\\\\");
    let _ = write!(out, "['{escaped}']"); // writing to a String cannot fail
}
