//! The name that an API gives to a file, as far as it is one that may be used.

use http::HeaderMap;
use http::header::CONTENT_DISPOSITION;

/// Bytes of a name: what every file system takes, with room for `.part.json`.
const NAME_BYTES_MAX: usize = 200;

/// The name of a file in a folder, from `Content-Disposition` (RFC 6266), else from the URL, secrets
/// masked, else `otherwise`. It leads nowhere else, hides nothing and is no flag of a command.
pub(super) fn of(headers: &HeaderMap, url: &str, otherwise: &str) -> String {
    let disposition = headers.get(CONTENT_DISPOSITION).map(|v| String::from_utf8_lossy(v.as_bytes()));
    let named = disposition.as_deref().and_then(filename).and_then(|name| safe(&name));
    let segment = decoded(last_segment(url));
    // A mask would be a strange name, and what it stands for must not be one.
    let named = named.or_else(|| safe(&segment).filter(|_| !segment.contains("{{")));
    named.or_else(|| safe(otherwise)).unwrap_or_else(|| "answer".to_owned())
}

/// The file name of a `Content-Disposition`; the one that tells its characters goes first.
fn filename(disposition: &str) -> Option<String> {
    let parameters = parameters(disposition);
    let get = |name: &str| parameters.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let extended = get("filename*").and_then(|value| {
        let (charset, rest) = value.split_once('\'')?;
        let (_, encoded) = rest.split_once('\'')?;
        charset.eq_ignore_ascii_case("utf-8").then(|| decoded(encoded))
    });
    extended.or_else(|| get("filename").cloned())
}

/// The parameters of a header, quotes undone.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text.split_once(';').map_or("", |(_, rest)| rest);
    while let Some((name, value)) = rest.split_once('=') {
        let (value, behind) = value_of(value.trim_start());
        found.push((name.trim().to_owned(), value));
        rest = behind.split_once(';').map_or("", |(_, rest)| rest);
    }
    found
}

fn value_of(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return (text[..end].trim().to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (value, "")
}

fn last_segment(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or("");
    let path = path.split_once("://").map_or(path, |(_, rest)| rest);
    path.split_once('/').map_or("", |(_, path)| path).rsplit('/').next().unwrap_or("")
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code.filter(|_| bytes[at] == b'%') {
            Some(code) => {
                out.push(code);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A name without folders, control characters and what some system gives a meaning to.
fn safe(name: &str) -> Option<String> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or("");
    let special = |c: char| c.is_control() || "<>:\"|?*".contains(c);
    let name: String = name.chars().map(|c| if special(c) { '_' } else { c }).collect();
    let mut name = name.trim_start_matches(['.', ' ', '-', '~']).trim_end_matches(['.', ' ']).to_owned();
    while name.len() > NAME_BYTES_MAX {
        name.pop();
    }
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(disposition: &str, url: &str) -> String {
        let value = http::HeaderValue::from_bytes(disposition.as_bytes()).expect("a header's value");
        super::of(&HeaderMap::from_iter([(CONTENT_DISPOSITION, value)]), url, "getFile")
    }

    #[test]
    fn names_come_from_the_header_then_the_url() {
        assert_eq!(of("attachment; filename=\"a \\\"b\\\".txt\"", "http://h/x"), "a _b_.txt");
        assert_eq!(of("attachment; filename=plain.txt; size=3", "http://h/x"), "plain.txt");
        assert_eq!(
            of("attachment; filename=\"x\"; filename*=UTF-8''%e2%82%ac%20rates.csv", "http://h/"),
            "€ rates.csv"
        );
        assert_eq!(of("inline", "http://h/a/b%20c.zip?x=/y"), "b c.zip");
        assert_eq!(of("inline", "http://h"), "getFile");
        assert_eq!(of("inline", "http://h/%7B%7BTOKEN%7D%7D"), "getFile");
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        for (name, expected) in [
            ("../../etc/passwd", "passwd"),
            ("..\\\\..\\\\boot.ini", "boot.ini"),
            ("/etc/cron.d/x", "x"),
            (".bashrc", "bashrc"),
            ("-rf", "rf"),
            ("..", "url"),
            ("a\u{1}\\nb", "a_nb"),
            ("C:evil", "C_evil"),
            ("trailing. .", "trailing"),
        ] {
            let header = format!("attachment; filename=\"{name}\"").replace('\u{1}', "\t");
            assert_eq!(of(&header, "http://h/url"), expected, "{name}");
        }
        assert!(safe(&"é".repeat(300)).expect("a name").len() <= NAME_BYTES_MAX);
        assert_eq!(of("attachment; filename*=UTF-8''..%2f..%2fx", "http://h/url"), "x");
    }
}
