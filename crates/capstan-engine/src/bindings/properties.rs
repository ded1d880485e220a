//! Java's `.properties` form: `key = value`, `key: value`, `key value`, lines continued with
//! `\`, escapes and `\uXXXX`.

type Problem = (usize, &'static str);

/// The pairs in order, or the number of the line that is wrong and what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Vec<(String, String)>, Problem> {
    let mut lines = text.lines().enumerate();
    let mut pairs = Vec::new();
    while let Some((index, line)) = lines.next() {
        let line = line.trim_start_matches(is_blank);
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        let mut logical = line.to_owned();
        while is_continued(&logical) {
            logical.pop();
            let Some((_, next)) = lines.next() else { break };
            logical.push_str(next.trim_start_matches(is_blank));
        }
        pairs.push(pair(&logical).map_err(|problem| (index + 1, problem))?);
    }
    Ok(pairs)
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{c}')
}

fn is_continued(line: &str) -> bool {
    let backslashes = line.bytes().rev().take_while(|byte| *byte == b'\\').count();
    !backslashes.is_multiple_of(2)
}

fn pair(line: &str) -> Result<(String, String), &'static str> {
    let (key, rest) = line.split_at(key_len(line));
    let rest = rest.trim_start_matches(is_blank);
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start_matches(is_blank);
    Ok((unescape(key)?, unescape(value)?))
}

/// The key ends at the first separator that no backslash escapes.
fn key_len(line: &str) -> usize {
    let mut escaped = false;
    let end = line.find(|c: char| {
        let ends = !escaped && (is_blank(c) || matches!(c, '=' | ':'));
        escaped = !escaped && c == '\\';
        ends
    });
    end.unwrap_or(line.len())
}

fn unescape(text: &str) -> Result<String, &'static str> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(c) = rest.chars().next() else { break };
        rest = &rest[c.len_utf8()..];
        match c {
            'n' => plain.push('\n'),
            'r' => plain.push('\r'),
            't' => plain.push('\t'),
            'f' => plain.push('\u{c}'),
            'u' => {
                let (c, after) = unicode(rest).ok_or("`\\u` needs four hexadecimal digits")?;
                plain.push(c);
                rest = after;
            }
            other => plain.push(other),
        }
    }
    plain.push_str(rest);
    Ok(plain)
}

/// One code unit, or the two of a surrogate pair.
fn unicode(rest: &str) -> Option<(char, &str)> {
    let (first, after) = unit(rest)?;
    if let Some(c) = char::from_u32(u32::from(first)) {
        return Some((c, after));
    }
    let (second, after) = unit(after.strip_prefix("\\u")?)?;
    Some((char::decode_utf16([first, second]).next()?.ok()?, after))
}

fn unit(rest: &str) -> Option<(u16, &str)> {
    let (digits, after) = rest.split_at_checked(4)?;
    let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    Some((plain.then(|| u16::from_str_radix(digits, 16).ok()).flatten()?, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_usual_forms_are_read() {
        let text = "# c\n! c\na=1\nb : two \nc three\nd\\ e\\=f = g\\:h\ni = one, \\\n    two\\\\\n\
                    j=\\u00e9\\ud83d\\ude00\\t.\nk\nl==x\n  m=1\n";
        let pairs = parse(text).expect("it is well formed");
        let shown: Vec<_> = pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(
            shown,
            [
                ("a", "1"),
                ("b", "two "),
                ("c", "three"),
                ("d e=f", "g:h"),
                ("i", "one, two\\"),
                ("j", "é😀\t."),
                ("k", ""),
                ("l", "=x"),
                ("m", "1"),
            ]
        );
    }

    #[test]
    fn problems_name_their_line() {
        for text in ["a=1\nb=\\u12", "a=1\nb=\\u12g4", "a=1\nb=\\ud800", "a=1\nb=x\\\n\\u+123"] {
            assert_eq!(parse(text).expect_err("it is malformed").0, 2, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in r#"[au0=: \\#!\n\té]{0,40}"#) {
            let _ = parse(&text); // Only that it returns.
        }
    }
}
