//! A path's text without what is quoted, for the checks that run before the parser.

/// The characters outside of quotes with their offsets; of a quoted text its first quote stands.
pub(super) fn unquoted(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut quotes = Quotes::default();
    text.chars().enumerate().filter(move |(_, next)| quotes.is_outside(*next))
}

#[derive(Default)]
struct Quotes {
    open: Option<char>,
    escaped: bool,
}

impl Quotes {
    fn is_outside(&mut self, next: char) -> bool {
        let Some(open) = self.open else {
            self.open = (next == '\'' || next == '"').then_some(next);
            return true;
        };
        if self.escaped || next == '\\' {
            self.escaped = !self.escaped;
        } else if next == open {
            self.open = None;
        }
        false
    }
}
