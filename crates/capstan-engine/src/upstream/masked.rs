//! Requests as a recording compares them: secrets masked, encodings undone.
//!
//! A mask may have been percent-encoded by whoever rendered the request without the secret
//! (`%7B%7BNAME%7D%7D`), and two encoders may escape differently; neither makes another
//! request. URLs are taken apart as text, because a host like `{{ORG}}.kinde.com` is none.

use percent_encoding::percent_decode_str;
use serde_json::Value;

/// A URL in parts that can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MaskedUrl {
    /// Scheme and authority in lower case, except masks; without the default port.
    pub(super) origin: String,
    /// The path's segments, decoded.
    pub(super) path: Vec<String>,
    /// The query's pairs in order, decoded.
    pub(super) query: Vec<(String, String)>,
}

impl MaskedUrl {
    /// Takes a masked URL apart; there is no text that it refuses.
    pub(super) fn parse(url: &str) -> Self {
        let before_query = url.split(['?', '#']).next().unwrap_or("");
        let (scheme, rest) = before_query.split_once("://").unwrap_or(("", before_query));
        let (authority, path) = match rest.find('/') {
            Some(slash) => (&rest[..slash], &rest[slash + 1..]),
            None => (rest, ""),
        };
        MaskedUrl {
            origin: origin(scheme, authority),
            path: path.split('/').map(decoded).collect(),
            query: query_pairs(url),
        }
    }
}

fn origin(scheme: &str, authority: &str) -> String {
    let scheme = scheme.to_ascii_lowercase();
    let authority = decoded(authority);
    let default_port = if scheme == "https" { ":443" } else { ":80" };
    let authority = authority.strip_suffix(default_port).unwrap_or(&authority);
    format!("{scheme}://{}", lower_outside_masks(authority))
}

fn lower_outside_masks(text: &str) -> String {
    let mut lower = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, behind) = after.split_once("}}").unwrap_or((after, ""));
        lower.push_str(&before.to_ascii_lowercase());
        lower.extend(["{{", name, "}}"]);
        rest = behind;
    }
    lower.push_str(&rest.to_ascii_lowercase());
    lower
}

/// The pairs of a URL's query in order, decoded as forms are.
pub(super) fn query_pairs(url: &str) -> Vec<(String, String)> {
    let query = url.split('#').next().and_then(|url| url.split_once('?'));
    form_pairs(query.map_or("", |(_, query)| query))
}

fn form_pairs(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (form_decoded(name), form_decoded(value)))
        .collect()
}

/// One name or value of a query or form, decoded.
pub(super) fn form_decoded(text: &str) -> String {
    decoded(&text.replace('+', " "))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A masked body in the form in which it is compared.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum MaskedBody {
    /// JSON, by value.
    Json(Value),
    /// A form, by its pairs in order.
    Form(Vec<(String, String)>),
    /// Anything else, byte for byte, except for the boundary of a multipart body, which is new
    /// in each request.
    Bytes(Vec<u8>),
}

impl MaskedBody {
    /// Reads a masked body by its content type.
    pub(super) fn parse(mime: &str, body: &[u8]) -> Self {
        if is_json(mime)
            && let Ok(value) = serde_json::from_slice(body)
        {
            return MaskedBody::Json(value);
        }
        if is_form(mime)
            && let Ok(text) = std::str::from_utf8(body)
        {
            return MaskedBody::Form(form_pairs(text));
        }
        match boundary(mime) {
            Some(boundary) => MaskedBody::Bytes(without(body, boundary.as_bytes())),
            None => MaskedBody::Bytes(body.to_vec()),
        }
    }
}

/// Whether a content type says JSON.
pub(super) fn is_json(mime: &str) -> bool {
    let essence = essence(mime);
    essence == "application/json" || essence.ends_with("+json")
}

/// Whether a content type says form.
pub(super) fn is_form(mime: &str) -> bool {
    essence(mime) == "application/x-www-form-urlencoded"
}

fn essence(mime: &str) -> String {
    mime.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
}

fn boundary(mime: &str) -> Option<&str> {
    if !mime.get(..10)?.eq_ignore_ascii_case("multipart/") {
        return None;
    }
    let (_, value) = mime.split_once("boundary=")?;
    let value = value.split(';').next()?.trim().trim_matches('"');
    (!value.is_empty()).then_some(value)
}

fn without(body: &[u8], part: &[u8]) -> Vec<u8> {
    let mut rest = body;
    let mut kept = Vec::with_capacity(body.len());
    while let Some(byte) = rest.first() {
        match rest.strip_prefix(part) {
            Some(behind) => rest = behind,
            None => {
                kept.push(*byte);
                rest = &rest[1..];
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn same(a: &str, b: &str) {
        assert_eq!(MaskedUrl::parse(a), MaskedUrl::parse(b));
    }

    #[test]
    fn equal_requests_compare_equal() {
        same("https://{{ORG}}.Kinde.com/a", "HTTPS://{{ORG}}.kinde.com:443/a");
        same("https://%7B%7BORG%7D%7D.kinde.com/a", "https://{{ORG}}.kinde.com/a");
        same("http://h", "http://h/");
        same("http://h/a%2Fb?x=%7b%7bK%7d%7d+1", "http://h/a%2fb?x={{K}}%201#f");
    }

    #[test]
    fn different_requests_compare_different() {
        let pairs = [
            ("http://h/a/b", "http://h/a%2Fb"),
            ("http://h/a", "http://h/a/"),
            ("http://h/?a=1&b=2", "http://h/?b=2&a=1"),
            ("http://h/", "https://h/"),
            ("http://{{A}}/", "http://{{a}}/"),
        ];
        for (a, b) in pairs {
            assert_ne!(MaskedUrl::parse(a), MaskedUrl::parse(b), "{a} {b}");
        }
    }

    #[test]
    fn bodies_compare_by_what_they_mean() {
        let same = |mime: [&str; 2], a: &str, b: &str| {
            MaskedBody::parse(mime[0], a.as_bytes()) == MaskedBody::parse(mime[1], b.as_bytes())
        };
        let json = "application/json; charset=utf-8";
        assert!(same([json, json], r#"{"a":1,"b":2}"#, r#"{ "b": 2, "a": 1 }"#));
        assert!(!same([json, json], r#"{"a":1}"#, r#"{"a":2}"#));
        assert!(same(["application/x-www-form-urlencoded"; 2], "a=%7B+b", "a={%20b"));
        let multipart = ["multipart/form-data; boundary=aa", "multipart/form-data; boundary=\"bb\""];
        assert!(same(multipart, "--aa\r\nx\r\n--aa--", "--bb\r\nx\r\n--bb--"));
        assert!(!same(["text/plain"; 2], "a b", "a+b"));
    }
}
