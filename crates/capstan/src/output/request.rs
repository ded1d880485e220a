//! A request that is not sent: as an HTTP message, as a curl command, as JSON. Its secrets are
//! masks already: `{{NAME}}`.

use std::borrow::Cow;
use std::fmt::Write as _;

use capstan_engine::upstream::{Payload, Request};
use serde_json::{Value, json};

use super::curl;
use crate::args::call::DryRun;

/// The request in a form, with a line end. `masks` are the names that masks in it can have: other
/// text that looks like a mask is a value that a caller gave. `flags` are for a curl command alone.
pub(crate) fn text(request: &Request, form: DryRun, masks: &[String], flags: &[String]) -> String {
    match form {
        DryRun::Http => http(request, masks),
        DryRun::Curl => curl::command(request, masks, flags) + "\n",
        DryRun::Json => format!("{:#}\n", to_json(request)),
    }
}

/// The headers as texts, in order.
fn headers(request: &Request) -> impl Iterator<Item = (&str, String)> {
    request.headers.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
}

fn body(request: &Request) -> Option<Cow<'_, str>> {
    let shown = request.body.as_ref().map(Payload::to_shown)?;
    Some(String::from_utf8_lossy(&shown).into_owned().into())
}

/// The host and the target of a URL.
fn split(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    match rest.find(['/', '?']) {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    }
}

/// An HTTP/1.1 message (RFC 9112) with line feeds for line ends. It tells no length of a body that
/// holds a mask, or is compressed when it is sent: that of the body which would be sent is another
/// one. Files stand there by name.
fn http(request: &Request, masks: &[String]) -> String {
    let (host, target) = split(&request.url);
    let slash = if target.starts_with('?') { "/" } else { "" };
    let mut out = format!("{} {slash}{target} HTTP/1.1\nhost: {host}\n", request.method);
    for (name, value) in headers(request) {
        let _ = writeln!(out, "{name}: {value}"); // a String takes any text
    }
    if let Some(text) = body(request) {
        if !curl::has_mask(&text, masks)
            && let Some(length) = request.body.as_ref().and_then(Payload::length)
        {
            let _ = writeln!(out, "content-length: {length}"); // the same
        }
        out.push('\n');
        out.push_str(&text);
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

#[cfg(test)]
mod tests {
    use capstan_engine::upstream::Connection;
    use http::Method;

    use super::*;

    #[test]
    fn a_masked_body_has_no_length() {
        let masks = ["TOKEN".to_owned()];
        let message = |body: &'static str| {
            let body = Some(Payload::from(body));
            let (headers, connection) = (Vec::new(), Connection::default());
            http(&Request { method: Method::POST, url: "http://a/b".to_owned(), headers, body, connection }, &masks)
        };
        assert_eq!(message("t={{OTHER}}"), "POST /b HTTP/1.1\nhost: a\ncontent-length: 11\n\nt={{OTHER}}\n");
        assert_eq!(message("t={{TOKEN}}"), "POST /b HTTP/1.1\nhost: a\n\nt={{TOKEN}}\n");
    }
}
