//! JSON in colours: names, texts, numbers, words.

use std::borrow::Cow;
use std::fmt::Write as _;

const NAME: &str = "1;34";
const TEXT: &str = "32";
const NUMBER: &str = "36";
const WORD: &str = "35";

/// Colours pretty JSON. Without the escapes it is the same text.
pub(crate) fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (token, colour) = match first {
            '"' => {
                let token = &rest[..string_end(rest)];
                let is_name = rest[token.len()..].starts_with(':');
                (token, Some(if is_name { NAME } else { TEXT }))
            }
            '-' | '0'..='9' => (&rest[..word_end(rest)], Some(NUMBER)),
            't' | 'f' | 'n' => (&rest[..word_end(rest)], Some(WORD)),
            other => (&rest[..other.len_utf8()], None),
        };
        match colour {
            Some(colour) => {
                let _ = write!(out, "\x1b[{colour}m{}\x1b[0m", escaped(token)); // a String takes any text
            }
            None => out.push_str(token),
        }
        rest = &rest[token.len()..];
    }
    out
}

/// JSON without the characters that a terminal acts on and JSON allows: DEL and the C1 controls.
fn escaped(json: &str) -> Cow<'_, str> {
    if !json.contains(char::is_control) {
        return json.into();
    }
    let escape = |c: char| if c.is_control() { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    json.chars().map(escape).collect()
}

/// One past the quote that closes the string at the start of a text.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let closes = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        closes
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

fn word_end(text: &str) -> usize {
    text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.'))).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::json;

    #[test]
    fn nothing_in_a_text_acts_on_the_terminal() {
        assert_eq!(json("\"\u{9b}2J\u{7f}\""), "\x1b[32m\"\\u009b2J\\u007f\"\x1b[0m");
    }

    #[test]
    fn colours_change_nothing_else() {
        let text = serde_json::to_string_pretty(&serde_json::json!({"a\"b": [1, -2.5e3, true, null, "x: \\\"", "é"]}));
        let text = text.expect("a value is JSON");
        let coloured = json(&text);
        let mut plain = String::new();
        let mut pieces = coloured.split('\u{1b}');
        plain.push_str(pieces.next().unwrap_or_default());
        pieces.for_each(|piece| plain.push_str(piece.split_once('m').map_or("", |(_, text)| text)));
        assert_eq!(plain, text);
        assert!(coloured.contains("\x1b[1;34m\"a\\\"b\"\x1b[0m:"));
    }
}
