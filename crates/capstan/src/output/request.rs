//! A request that is not sent: as an HTTP message, as a curl command, as JSON. Its secrets are
//! masks already: `{{NAME}}`.

use std::fmt::Write as _;

use capstan_engine::upstream::Request;
use serde_json::{Value, json};

use crate::args::call::DryRun;

/// The request in a form, with a line end.
pub(crate) fn text(request: &Request, form: DryRun) -> String {
    match form {
        DryRun::Http => http(request),
        DryRun::Curl => curl(request),
        DryRun::Json => format!("{:#}\n", to_json(request)),
    }
}

/// The headers as texts, in order.
fn headers(request: &Request) -> impl Iterator<Item = (&str, String)> {
    request.headers.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
}

fn body(request: &Request) -> Option<String> {
    request.body.as_ref().map(|body| String::from_utf8_lossy(body).into_owned())
}

/// The host and the target of a URL.
fn split(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    match rest.find(['/', '?']) {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    }
}

/// An HTTP/1.1 message (RFC 9112) with line feeds for line ends.
fn http(request: &Request) -> String {
    let (host, target) = split(&request.url);
    let slash = if target.starts_with('?') { "/" } else { "" };
    let mut out = format!("{} {slash}{target} HTTP/1.1\nhost: {host}\n", request.method);
    for (name, value) in headers(request) {
        let _ = writeln!(out, "{name}: {value}"); // a String takes any text
    }
    if let Some(body) = body(request) {
        let _ = write!(out, "content-length: {}\n\n{body}", body.len()); // the same
    }
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

fn to_json(request: &Request) -> Value {
    let headers: Vec<Value> = headers(request).map(|(name, value)| json!({ "name": name, "value": value })).collect();
    json!({
        "method": request.method.as_str(),
        "url": request.url,
        "headers": headers,
        "body": body(request),
    })
}

/// A curl command for a POSIX shell. A mask becomes the variable that it names.
fn curl(request: &Request) -> String {
    let mut parts = vec!["curl".to_owned()];
    match (request.method.as_str(), request.body.is_some()) {
        ("GET", false) | ("POST", true) => {}
        ("HEAD", false) => parts.push("--head".to_owned()),
        (method, _) => parts.push(format!("--request {method}")),
    }
    // Without this curl reads `[`, `{` and their like in a URL as patterns.
    parts.push("--globoff".to_owned());
    parts.push(shell(&request.url));
    for (name, value) in headers(request) {
        match value.strip_prefix("Basic ").filter(|_| name == "authorization") {
            Some(pair) => parts.push(format!("--user {}", shell(pair))),
            None => parts.push(format!("--header {}", shell(&format!("{name}: {value}")))),
        }
    }
    if let Some(body) = body(request) {
        parts.push(format!("--data-raw {}", shell(&body)));
    }
    parts.join(" \\\n  ") + "\n"
}

/// A text as one word of a POSIX shell: in single quotes, or in double ones where a mask in it
/// becomes a variable.
fn shell(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, name, after)) = next_mask(rest) {
        escape(&mut out, before);
        let joins = after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        out.push_str(&if joins { format!("${{{name}}}") } else { format!("${name}") });
        rest = after;
    }
    if rest.len() == text.len() {
        return format!("'{}'", text.replace('\'', "'\\''"));
    }
    escape(&mut out, rest);
    format!("\"{out}\"")
}

/// The text before a mask, the name in it, and the text behind it.
fn next_mask(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(at) = text[from..].find("{{").map(|i| from + i) {
        let inner = &text[at + 2..];
        let end = inner.find("}}")?;
        let name = &inner[..end];
        let first_fits = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if first_fits && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Some((&text[..at], name, &inner[end + 2..]));
        }
        from = at + 2;
    }
    None
}

/// Appends a text that a shell takes as it is between double quotes.
fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        if matches!(c, '\\' | '"' | '$' | '`') {
            out.push('\\');
        }
        out.push(c);
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::shell;

    /// What a shell makes of a word.
    fn through_sh(word: &str) -> String {
        let output = Command::new("sh").arg("-c").arg(format!("printf %s {word}")).env("TOKEN", "t o'k").output();
        String::from_utf8(output.expect("sh runs").stdout).expect("what was text is text")
    }

    #[test]
    fn any_text_survives_a_shell() {
        for text in ["", "a b", "it's", "$(id) `id` \\ \" ! *", "{{not a name}}", "new\nline", "é{", "{{"] {
            assert_eq!(through_sh(&shell(text)), text);
        }
    }

    #[test]
    fn a_mask_is_a_variable() {
        assert_eq!(through_sh(&shell("Bearer {{TOKEN}} $TOKEN")), "Bearer t o'k $TOKEN");
    }
}
