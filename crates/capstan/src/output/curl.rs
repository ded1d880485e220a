//! A request as a curl command that can be pasted into a POSIX shell.
//!
//! Masks become shell variables: `{{TOKEN}}` is `"$TOKEN"`, which the shell fills in. All other
//! text is quoted so that the shell changes nothing of it.

use std::fmt::Write as _;

use capstan_engine::upstream::{Coding, Field, Part, Payload, Request};
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method};

/// Between the parts of the command: a line each.
const SEPARATOR: &str = " \\\n  ";

/// The command. `masks` are the names that masks in the request can have, `flags` what else is said to
/// curl.
pub(super) fn command(request: &Request, masks: &[String], flags: &[String]) -> String {
    let words = Words { masks };
    let mut parts = vec!["curl".to_owned()];
    match (&request.method, &request.body) {
        (&Method::GET, None) | (&Method::POST, Some(_)) => {}
        (&Method::HEAD, None) => parts.push("--head".to_owned()),
        (method, _) => parts.push(format!("--request {method}")),
    }
    parts.extend_from_slice(flags);
    // Without this curl reads `[`, `{` and their like in a URL as patterns.
    parts.push("--globoff".to_owned());
    parts.push(words.quoted(&request.url));
    let headers = request.headers.iter().filter(|(name, _)| !is_curls_own(name, request));
    parts.extend(headers.map(|(name, value)| header(name, value, &words)));
    let Some(payload) = &request.body else { return parts.join(SEPARATOR) };
    if let Some(fields) = payload.form() {
        parts.extend(fields.iter().map(|field| form_field(field, &words)));
        return parts.join(SEPARATOR);
    }
    if payload.as_file().is_none() && !request.headers.iter().any(|(name, _)| *name == CONTENT_TYPE) {
        // Otherwise curl says that it is a form.
        parts.push("--header 'content-type:'".to_owned());
    }
    let (before, data) = data(payload, &words);
    parts.push(data);
    before + &parts.join(SEPARATOR)
}

/// A body: what stands before curl in a pipe, and the flag that takes the body.
fn data(payload: &Payload, words: &Words<'_>) -> (String, String) {
    let piped = |before: String| (before, "--data-binary @-".to_owned());
    let compressor = payload.coding().map(compressor);
    if let Some(file) = payload.as_file() {
        let path = file.path.display().to_string();
        return match compressor {
            Some(compressor) => piped(format!("{compressor} --stdout -- {} | ", single(&path))),
            None => (String::new(), format!("--data-binary {}", single(&format!("@{path}")))),
        };
    }
    let body = payload.to_shown();
    let text = std::str::from_utf8(&body).ok().filter(|text| !text.contains('\0'));
    match (text, compressor) {
        (Some(text), None) => (String::new(), format!("--data-raw {}", words.quoted(text))),
        (Some(text), Some(compressor)) => piped(format!("printf %s {} | {compressor} | ", words.quoted(text))),
        (None, None) => piped(printf(&body)),
        (None, Some(compressor)) => piped(format!("{}{compressor} | ", printf(&body))),
    }
}

/// curl compresses no body; these do.
fn compressor(coding: Coding) -> &'static str {
    match coding {
        Coding::Gzip => "gzip",
        Coding::Zstd => "zstd",
    }
}

/// Whether curl sets a header itself: the boundary of a form with files. A form that curl makes is not
/// compressed, which is the same to the API.
fn is_curls_own(name: &HeaderName, request: &Request) -> bool {
    let has_form = request.body.as_ref().is_some_and(|payload| payload.form().is_some());
    has_form && (*name == CONTENT_TYPE || *name == CONTENT_ENCODING)
}

/// A field of a form. In `--form` a semicolon or a comma ends a name, so that names are quoted.
fn form_field(field: &Field, words: &Words<'_>) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""));
    let mut text = match &field.content {
        Part::File(file) => format!("{}=@{}", field.name, quoted(&file.path.to_string_lossy())),
        Part::Bytes(bytes) => {
            let value = String::from_utf8_lossy(bytes);
            if field.media_type.is_none() && field.filename.is_none() {
                return format!("--form-string {}", words.quoted(&format!("{}={value}", field.name)));
            }
            format!("{}={}", field.name, quoted(&value))
        }
    };
    if let Some(media_type) = &field.media_type {
        let _ = write!(text, ";type={media_type}"); // a String takes any text
    }
    if let Some(filename) = &field.filename {
        let _ = write!(text, ";filename={}", quoted(filename)); // the same
    }
    format!("--form {}", words.quoted(&text))
}

/// Whether a text holds a mask that has one of these names.
pub(super) fn has_mask(text: &str, masks: &[String]) -> bool {
    Words { masks }.has_mask(text)
}

fn header(name: &HeaderName, value: &HeaderValue, words: &Words<'_>) -> String {
    let value = String::from_utf8_lossy(value.as_bytes());
    // A pair is not encoded where it is masked; curl does that. Base64 has no colon.
    if let Some(pair) = value.strip_prefix("Basic ").filter(|pair| *name == AUTHORIZATION && pair.contains(':')) {
        return format!("--user {}", words.quoted(pair));
    }
    // To curl, `name:` means to leave the header out; `name;` is one without a value.
    let text = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
    format!("--header {}", words.quoted(&text))
}

/// Bytes that no argument can hold, as the output of a command.
fn printf(bytes: &[u8]) -> String {
    let mut out = "printf '".to_owned();
    for byte in bytes {
        let _ = write!(out, "\\{byte:03o}"); // a String takes any text
    }
    out + "' | "
}

/// Texts as words of the shell.
struct Words<'m> {
    /// The names that masks can have.
    masks: &'m [String],
}

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'t> {
    Text(&'t str),
    Variable(&'t str),
}

impl Words<'_> {
    fn has_mask(&self, text: &str) -> bool {
        self.pieces(text).iter().any(|piece| matches!(piece, Piece::Variable(_)))
    }

    /// A text as one word: in single quotes, where nothing has a meaning; with variables in double
    /// quotes, where four characters do, and a fifth to a shell that a person types into.
    fn quoted(&self, text: &str) -> String {
        if !self.has_mask(text) {
            return single(text);
        }
        let pieces = self.pieces(text);
        let mut out = "\"".to_owned();
        for (n, piece) in pieces.iter().enumerate() {
            match piece {
                Piece::Text(text) => push_double(&mut out, text),
                Piece::Variable(name) => out.push_str(&reference(name, pieces.get(n + 1))),
            }
        }
        out + "\""
    }

    fn pieces<'t>(&self, text: &'t str) -> Vec<Piece<'t>> {
        let mut pieces = Vec::new();
        let (mut from, mut at) = (0, 0);
        while let Some(open) = text[at..].find("{{").map(|i| at + i) {
            let name = text[open + 2..].split_once("}}").map(|(name, _)| name);
            match name.filter(|name| self.masks.iter().any(|v| v == name)) {
                Some(name) => {
                    if from < open {
                        pieces.push(Piece::Text(&text[from..open]));
                    }
                    pieces.push(Piece::Variable(name));
                    at = open + name.len() + 4;
                    from = at;
                }
                None => at = open + 1,
            }
        }
        if from < text.len() {
            pieces.push(Piece::Text(&text[from..]));
        }
        pieces
    }
}

/// A text as one word of the shell, in which nothing has a meaning.
pub(crate) fn single(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn push_double(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '\\' | '"' | '$' | '`' => out.extend(['\\', c]),
            '!' => out.push_str("\"'!'\""),
            c => out.push(c),
        }
    }
}

/// `$NAME`, in braces where the next character would become a part of the name.
fn reference(name: &str, next: Option<&Piece<'_>>) -> String {
    let mut name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, '_');
    }
    match next {
        Some(Piece::Text(text)) if text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') => {
            format!("${{{name}}}")
        }
        Some(_) | None => format!("${name}"),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use bytes::Bytes;
    use capstan_engine::upstream::Connection;
    use proptest::prelude::*;

    use super::*;

    fn request(url: &str, headers: &[(&'static str, &str)], body: Option<&[u8]>) -> Request {
        let header = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a header's value"))
        };
        Request {
            method: if body.is_some() { Method::POST } else { Method::GET },
            url: url.to_owned(),
            headers: headers.iter().map(header).collect(),
            body: body.map(|bytes| Bytes::copy_from_slice(bytes).into()),
            connection: Connection::default(),
        }
    }

    /// What a shell gives to `curl`: a line for each argument, with its length.
    fn arguments(command: &str) -> String {
        let script = format!("curl() {{ for a in \"$@\"; do printf '%s\\037' \"$a\"; done; }}\n{command}");
        let output = Command::new("sh").arg("-c").arg(script).env("TOKEN", "t0k\"en $x").env("SUB", "acme").output();
        String::from_utf8(output.expect("there is a shell").stdout).expect("the texts are UTF-8")
    }

    fn joined(arguments: &[&str]) -> String {
        arguments.iter().map(|a| format!("{a}\u{1f}")).collect()
    }

    fn names() -> Vec<String> {
        vec!["TOKEN".to_owned(), "SUB".to_owned()]
    }

    #[test]
    fn masks_are_variables_of_the_shell() {
        let headers = [("authorization", "Bearer {{TOKEN}}"), ("x-given", "{{OTHER}}!")];
        let request = request("https://{{SUB}}.a.b/{{SUB}}x", &headers, None);
        let command = command(&request, &names(), &[]);
        assert!(command.contains("\"https://$SUB.a.b/${SUB}x\""), "{command}");
        assert!(command.contains("\"authorization: Bearer $TOKEN\""), "{command}");
        let expected = [
            "--globoff",
            "https://acme.a.b/acmex",
            "--header",
            "authorization: Bearer t0k\"en $x",
            "--header",
            "x-given: {{OTHER}}!",
        ];
        assert_eq!(arguments(&command), joined(&expected));
    }

    #[test]
    fn an_open_pair_is_left_to_curl() {
        let basic = request("http://a/", &[("authorization", "Basic me:{{TOKEN}}"), ("x-empty", "")], None);
        let expected = joined(&["--globoff", "http://a/", "--user", "me:t0k\"en $x", "--header", "x-empty;"]);
        assert_eq!(arguments(&command(&basic, &names(), &[])), expected);
        let fixed = request("http://a/", &[("authorization", "Basic bWU6eA==")], None);
        let expected = joined(&["--globoff", "http://a/", "--header", "authorization: Basic bWU6eA=="]);
        assert_eq!(arguments(&command(&fixed, &names(), &[])), expected);
    }

    #[test]
    fn bytes_come_through_a_pipe() {
        let command = command(&request("http://a/", &[], Some(b"\0\xff")), &[], &[]);
        assert!(command.starts_with("printf '\\000\\377' | curl"), "{command}");
        assert!(command.ends_with("--header 'content-type:' \\\n  --data-binary @-"), "{command}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_text_survives_the_shell(text in "[^\0\u{1f}]{0,40}", masked in "[ -~]{0,20}") {
            let names = names();
            let words = Words { masks: &names };
            let word = format!("{masked}{{{{SUB}}}}{masked}");
            let command = format!("curl {} {}", words.quoted(&text), words.quoted(&word));
            let expected = joined(&[&text, &format!("{masked}acme{masked}")]);
            prop_assume!(!masked.contains("{{"));
            prop_assert_eq!(arguments(&command), expected);
        }
    }
}
