//! Encoders by place: what a value may look like in a path segment, a query, a header, a host.

use http::HeaderName;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but the unreserved characters of RFC 3986, section 2.3: what is left means nothing in any
/// part of a URI.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What an author may write in a path as it stands: `pchar` of RFC 3986 and escapes.
const PATH_LITERAL: &AsciiSet = &UNRESERVED
    .remove(b'/')
    .remove(b'%')
    .remove(b':')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=');

/// What an author may write in a query as it stands.
const QUERY_LITERAL: &AsciiSet = &PATH_LITERAL.remove(b'?');

/// What may stand in a cookie value: `cookie-octet` of RFC 6265, section 4.1.1.
const COOKIE: &AsciiSet = &percent_encoding::CONTROLS.add(b' ').add(b'"').add(b',').add(b';').add(b'\\').add(b'%');

/// Appends a value where nothing but a value may come of it: a path segment, a query, a form.
pub(crate) fn component(out: &mut String, value: &str) {
    out.extend(utf8_percent_encode(value, UNRESERVED));
}

/// A value where nothing but a value may come of it.
pub(crate) fn to_component(value: &str) -> Box<str> {
    let mut out = String::with_capacity(value.len());
    component(&mut out, value);
    out.into_boxed_str()
}

/// Appends a value of a form (URL Standard, `application/x-www-form-urlencoded`): a space is `+`.
pub(crate) fn form(out: &mut String, value: &str) {
    let mut pieces = value.split(' ');
    if let Some(first) = pieces.next() {
        component(out, first);
    }
    for piece in pieces {
        out.push('+');
        component(out, piece);
    }
}

/// A path as an author wrote it, made sendable: what must be encoded is, the rest stays.
pub(crate) fn path_literal(text: &str) -> String {
    utf8_percent_encode(text, PATH_LITERAL).collect()
}

/// A query as an author wrote it, made sendable.
pub(crate) fn query_literal(text: &str) -> String {
    utf8_percent_encode(text, QUERY_LITERAL).collect()
}

/// Appends a cookie value.
pub(crate) fn cookie(out: &mut String, value: &str) {
    out.extend(utf8_percent_encode(value, COOKIE));
}

/// Appends a text as a JSON string (RFC 8259, section 7), quotes included.
pub(crate) fn json_string(out: &mut String, value: &str) {
    out.push('"');
    json_text(out, value);
    out.push('"');
}

/// Appends a text as the inside of a JSON string.
pub(crate) fn json_text(out: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x20 => {
                let _ = std::fmt::Write::write_fmt(out, format_args!("\\u{:04x}", c as u32)); // a String takes all
            }
            c => out.push(c),
        }
    }
}

/// Appends a text as XML character data or attribute value (XML 1.0, section 2.4).
pub(crate) fn xml(out: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c => out.push(c),
        }
    }
}

/// Appends a text as the inside of a SPARQL string literal (SPARQL 1.1, section 19.7).
pub(crate) fn sparql(out: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '\\' | '"' | '\'' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
}

/// Whether a header says where a message ends or where it goes: those are the sender's alone.
pub(crate) fn is_framing(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "host"
            | "content-length"
            | "transfer-encoding"
            | "connection"
            | "keep-alive"
            | "upgrade"
            | "te"
            | "trailer"
            | "expect"
    )
}

/// Whether a text is made of the characters of a host and port alone (RFC 3986, section 3.2.2,
/// without escapes and literals): whatever it says, it cannot end the host or begin a user name.
pub(crate) fn is_host(text: &str) -> bool {
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
    // An empty label is none: `a..b`, `.a`.
    plain && text.split('.').all(|label| !label.is_empty())
}

/// Whether a text is a whole authority: a host, and perhaps a port.
pub(crate) fn is_authority(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|t| t.split_once(']')) {
        Some((host, port)) => {
            let literal = !host.is_empty() && host.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'));
            return literal && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
        }
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    is_host(host) && port.is_none_or(is_port)
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a host is this machine.
pub(crate) fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[').and_then(|t| t.split_once(']')) {
        Some((host, _)) => host,
        None => authority.split(':').next().unwrap_or(authority),
    };
    let host = host.to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn components_come_back(text in ".*") {
            let encoded = to_component(&text);
            prop_assert!(encoded.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
            let back = percent_encoding::percent_decode_str(&encoded).decode_utf8().expect("what was UTF-8 is UTF-8");
            prop_assert_eq!(back, text);
        }

        #[test]
        fn json_strings_come_back(text in ".*") {
            let mut encoded = String::new();
            json_string(&mut encoded, &text);
            prop_assert_eq!(serde_json::from_str::<String>(&encoded).expect("a JSON string"), text);
        }
    }

    #[test]
    fn authorities() {
        for good in ["a", "acme.kinde.com", "localhost:8080", "[::1]:80", "127.0.0.1"] {
            assert!(is_authority(good), "{good}");
        }
        for bad in ["", "a/b", "a@b", "a:b", "a:99999", "a#", "a?b", "[x]:1", "a b", "a:80:80"] {
            assert!(!is_authority(bad), "{bad}");
        }
        assert!(is_loopback("localhost:1") && is_loopback("[::1]") && is_loopback("127.8.8.8:2"));
        assert!(!is_loopback("localhost.example.com") && !is_loopback("128.0.0.1"));
    }
}
