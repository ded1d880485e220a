//! What a recording does not show: credentials that a name alone gives away, and secrets.
//!
//! The scrubber knows the secrets that were bound; a key typed on a command line or written into
//! a capability is known by the name beside it only. Recorder and replay both look at requests
//! through here, so that what is hidden still compares equal.

use std::borrow::Cow;

use serde_json::Value;

use super::masked::{form_decoded, is_form, is_json};
use crate::bindings::Scrubber;
use crate::encode;

/// What stands for a value that is not shown at all.
pub(super) const HIDDEN: &str = "***";

/// Parts of a header's name that tell of a credential.
const HEADER_PARTS: [&str; 11] = [
    "api-key",
    "apikey",
    "token",
    "secret",
    "password",
    "passwd",
    "authorization",
    "cookie",
    "x-auth",
    "credential",
    "signature",
];

/// The same for a query's pair or a body's member, without `-` and `_`.
const MEMBER_PARTS: [&str; 7] = ["apikey", "secret", "password", "passwd", "authorization", "credential", "signature"];

/// Tokens that stand for a place in a list. They open nothing, and a replay tells pages apart by
/// them.
const PLACES: [&str; 4] = ["pagetoken", "nexttoken", "continuationtoken", "synctoken"];

/// Whether a header's name tells of a credential.
pub(super) fn is_credential_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    HEADER_PARTS.iter().any(|part| name.contains(part))
}

/// Whether the name of a body's member tells of a credential.
fn is_credential_member(name: &str) -> bool {
    let name: String = name.chars().filter(|c| !matches!(c, '-' | '_')).collect();
    let name = name.to_ascii_lowercase();
    // `max_tokens` and `token_type` are none, hence the end only.
    let is_token = name.ends_with("token") && !PLACES.iter().any(|place| name.ends_with(place));
    is_token || name == "sig" || MEMBER_PARTS.iter().any(|part| name.contains(part))
}

/// The same for a query, where a `key` opens something; in a body it often names something.
fn is_credential_pair(name: &str) -> bool {
    name.eq_ignore_ascii_case("key") || is_credential_member(name)
}

/// A URL as it may be shown. What needs no hiding stays as it was written.
pub(crate) fn url(url: &str, scrubber: &Scrubber) -> String {
    let url = scrubber.scrub(url);
    let (before, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
    match before.split_once('?') {
        Some((path, query)) => format!("{path}?{}{fragment}", pairs(query, is_credential_pair, scrubber)),
        None => url.into_owned(),
    }
}

/// A request's body as it may be shown, by its content type.
pub(super) fn body<'a>(mime: &str, body: &'a [u8], scrubber: &Scrubber) -> Cow<'a, [u8]> {
    let body = scrubber.scrub_bytes(body);
    if is_json(mime)
        && let Ok(mut value) = serde_json::from_slice(&body)
        && hide_members(&mut value)
    {
        return value.to_string().into_bytes().into();
    }
    if is_form(mime)
        && let Ok(text) = std::str::from_utf8(&body)
    {
        return pairs(text, is_credential_member, scrubber).into_bytes().into();
    }
    body
}

/// The value of a form's field as it may be shown.
pub(super) fn field(name: &str, value: &str, scrubber: &Scrubber) -> String {
    match is_credential_member(name) {
        true => HIDDEN.to_owned(),
        false => scrubber.scrub(value).into_owned(),
    }
}

fn pairs(text: &str, is_credential: fn(&str) -> bool, scrubber: &Scrubber) -> String {
    let shown = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if is_credential(&form_decoded(name)) => format!("{}={HIDDEN}", clean(name, scrubber)),
        Some((name, value)) => format!("{}={}", clean(name, scrubber), clean(value, scrubber)),
        None => clean(pair, scrubber).into_owned(),
    };
    text.split('&').map(shown).collect::<Vec<_>>().join("&")
}

/// An encoded text without the secrets that show only once it is decoded: whoever reads a
/// `queryString` has one encoding fewer to undo than the scrubber had.
fn clean<'a>(encoded: &'a str, scrubber: &Scrubber) -> Cow<'a, str> {
    let decoded = form_decoded(encoded);
    match scrubber.scrub(&decoded) {
        Cow::Borrowed(_) => Cow::Borrowed(encoded),
        Cow::Owned(text) => {
            let mut encoded = String::with_capacity(text.len());
            encode::form(&mut encoded, &text);
            Cow::Owned(encoded)
        }
    }
}

/// Hides credentials at any depth; false when there are none.
fn hide_members(value: &mut Value) -> bool {
    match value {
        Value::Array(items) => items.iter_mut().fold(false, |hid, item| hide_members(item) | hid),
        Value::Object(members) => members.iter_mut().fold(false, |hid, (name, member)| {
            if is_credential_member(name) {
                *member = HIDDEN.into();
                return true;
            }
            hide_members(member) | hid
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::Secret;

    fn scrubber() -> Scrubber {
        Scrubber::new([("TOKEN".to_owned(), Secret::new("hunter/22"))])
    }

    #[test]
    fn names_tell_of_credentials() {
        for name in ["X-Api-Key", "apikey", "X-Amz-Security-Token", "Set-Cookie", "X-Auth-User", "X-Hub-Signature-256"]
        {
            assert!(is_credential_header(name), "{name}");
        }
        for name in ["accept", "content-type", "idempotency-key"] {
            assert!(!is_credential_header(name), "{name}");
        }
        for name in ["api_key", "apiKey", "Key", "token", "access_token", "client-secret", "PASSWORD", "sig"] {
            assert!(is_credential_pair(name), "{name}");
        }
        for name in ["keyword", "page_token", "nextPageToken", "max_tokens", "token_type", "design", "a"] {
            assert!(!is_credential_pair(name), "{name}");
        }
    }

    #[test]
    fn a_url_hides_by_name_and_keeps_the_rest_as_it_is() {
        let shown = |text| url(text, &scrubber());
        assert_eq!(shown("http://h/key=1?a=%2f+b&Api%5fKey=x%20y&c&&key=#key=z"), {
            "http://h/key=1?a=%2f+b&Api%5fKey=***&c&&key=***#key=z"
        });
        assert_eq!(shown("http://h/a#b?key=1"), "http://h/a#b?key=1");
    }

    #[test]
    fn a_secret_under_one_encoding_more_is_found() {
        let shown = url("http://h/?x=hunter%25252F22&hunter%25252F22=y", &scrubber());
        assert_eq!(shown, "http://h/?x=%7B%7BTOKEN%7D%7D&%7B%7BTOKEN%7D%7D=y");
    }

    #[test]
    fn bodies_hide_by_name() {
        let shown = |mime, text: &'static str| {
            String::from_utf8(body(mime, text.as_bytes(), &scrubber()).into_owned()).expect("text stays text")
        };
        let json = r#"{"a":[{"client_secret":{"b":1}}],"key":"name"}"#;
        assert_eq!(shown("application/json", json), r#"{"a":[{"client_secret":"***"}],"key":"name"}"#);
        assert_eq!(shown("application/json", r#"{ "a": 1.50 }"#), r#"{ "a": 1.50 }"#);
        assert_eq!(shown("application/x-www-form-urlencoded", "a=b+c&password=x"), "a=b+c&password=***");
        assert_eq!(shown("text/plain", "password=x"), "password=x");
        assert_eq!(field("password", "x", &scrubber()), "***");
        assert_eq!(field("a", "hunter/22", &scrubber()), "{{TOKEN}}");
    }
}
