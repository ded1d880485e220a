//! The dotenv form: `KEY=value`, `export KEY="a b"`, comments, quotes over several lines.
//!
//! Double quotes know the escapes `\n \r \t \" \\ \$`; single quotes know none. Nothing is
//! expanded: a `$` is a `$`, because a value that changes with the environment is no value.

/// The pairs in order, or the number of the line that is wrong and what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Vec<(String, String)>, (usize, &'static str)> {
    let mut scanner = Scanner { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1 };
    let mut pairs = Vec::new();
    while !scanner.rest.is_empty() {
        match scanner.rest.lines().next().map(str::trim).unwrap_or("") {
            "" => scanner.skip_line(),
            line if line.starts_with('#') => scanner.skip_line(),
            _ => pairs.push(scanner.pair()?),
        }
    }
    Ok(pairs)
}

struct Scanner<'a> {
    rest: &'a str,
    line: usize,
}

type Problem = (usize, &'static str);

impl<'a> Scanner<'a> {
    fn pair(&mut self) -> Result<(String, String), Problem> {
        let line = self.line;
        let key = self.key()?;
        self.take_while(is_blank);
        let value = match self.rest.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let value = self.quoted(quote)?;
                self.expect_line_end()?;
                value
            }
            _ => self.bare().to_owned(),
        };
        self.skip_line();
        match key {
            "" => Err((line, "there is no name before `=`")),
            _ => Ok((key.to_owned(), value)),
        }
    }

    /// The name, with the `=` behind it consumed.
    fn key(&mut self) -> Result<&'a str, Problem> {
        self.take_while(is_blank);
        let before = self.take_while(|c| c != '=' && c != '\n');
        if !self.rest.starts_with('=') {
            return Err((self.line, "expected `NAME=value`"));
        }
        self.advance(1);
        let before = before.trim();
        let exported = before.strip_prefix("export").filter(|rest| rest.starts_with(is_blank));
        let key = exported.unwrap_or(before).trim_start();
        match key.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '#')) {
            true => Err((self.line, "a name holds no blanks, quotes or `#`")),
            false => Ok(key),
        }
    }

    /// Up to the end of the line or to a comment, which a blank precedes.
    fn bare(&mut self) -> &'a str {
        let line = self.take_while(|c| c != '\n');
        let comment =
            line.char_indices().find(|(at, c)| *c == '#' && line[..*at].chars().next_back().is_none_or(is_blank));
        line[..comment.map_or(line.len(), |(at, _)| at)].trim()
    }

    fn quoted(&mut self, quote: char) -> Result<String, Problem> {
        let line = self.line;
        self.advance(1);
        let mut value = String::new();
        loop {
            value.push_str(self.take_while(|c| c != quote && (c != '\\' || quote == '\'')));
            let mut next = self.rest.chars();
            match (next.next(), next.next()) {
                (None, _) | (Some('\\'), None) => {
                    return Err((line, "the quote that begins here does not end"));
                }
                (Some('\\'), Some(escaped)) => {
                    push_escaped(&mut value, escaped);
                    self.advance(1 + escaped.len_utf8());
                }
                (Some(_), _) => {
                    self.advance(1);
                    return Ok(value);
                }
            }
        }
    }

    fn expect_line_end(&mut self) -> Result<(), Problem> {
        let after = self.take_while(|c| c != '\n').trim();
        match after.is_empty() || after.starts_with('#') {
            true => Ok(()),
            false => Err((self.line, "there is more text behind the closing quote")),
        }
    }

    fn skip_line(&mut self) {
        self.take_while(|c| c != '\n');
        self.advance(self.rest.len().min(1));
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let len = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        let taken = &self.rest[..len];
        self.advance(len);
        taken
    }

    fn advance(&mut self, bytes: usize) {
        self.line += self.rest[..bytes].matches('\n').count();
        self.rest = &self.rest[bytes..];
    }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r')
}

fn push_escaped(value: &mut String, escaped: char) {
    match escaped {
        'n' => value.push('\n'),
        'r' => value.push('\r'),
        't' => value.push('\t'),
        '"' | '\\' | '$' => value.push(escaped),
        other => value.extend(['\\', other]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_usual_forms_are_read() {
        let text = "# comment\r\n\nA=1\nexport B = two words # not this\r\nC=\"x\\n\\\"y\\\" $HOME \\d\" # c\n\
                    D='raw \\n # text'\nE=\nF=a#b\nG=\"one\ntwo\"\n  H=x=y\nexported=1\nI= # none";
        let pairs = parse(text).expect("it is well formed");
        let shown: Vec<_> = pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(
            shown,
            [
                ("A", "1"),
                ("B", "two words"),
                ("C", "x\n\"y\" $HOME \\d"),
                ("D", "raw \\n # text"),
                ("E", ""),
                ("F", "a#b"),
                ("G", "one\ntwo"),
                ("H", "x=y"),
                ("exported", "1"),
                ("I", ""),
            ]
        );
    }

    #[test]
    fn problems_name_their_line() {
        for (text, line) in [
            ("A=1\nhunter2\n", 2),
            ("A=\"one\ntwo\"\n=x", 3),
            ("A=1\n\nB=\"open\nC=2", 3),
            ("A='x' y", 1),
            ("two words=1", 1),
        ] {
            assert_eq!(parse(text).expect_err("it is malformed").0, line, "{text}");
        }
    }

    proptest! {
        #[test]
        fn double_quotes_carry_any_value(value in any::<String>()) {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
            let pairs = parse(&format!("export K=\"{escaped}\"\nL=1"));
            prop_assert_eq!(pairs, Ok(vec![("K".to_owned(), value), ("L".to_owned(), "1".to_owned())]));
        }

        #[test]
        fn no_text_panics(text in r#"[a="'\\ #\n\r$é]{0,40}"#) {
            let _ = parse(&text); // Only that it returns.
        }
    }
}
