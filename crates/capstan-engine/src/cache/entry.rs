//! A kept answer, and the bytes that it is kept as.
//!
//! A line with the form and a digest of the rest; a line of JSON with the head; the body as it is. The
//! digest is not there against forgers, who could write it as well: a file that broke off, or that
//! another program wrote into, is no answer.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, HeaderName, PROXY_AUTHENTICATE, SET_COOKIE, TE,
    TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderValue, StatusCode, Version};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::key::hex;
use crate::upstream::Response;

/// The form; another is not read.
const FORM: &str = "capstan-cache 1";

/// Headers that belong to the connection an answer came on, or to one caller's session.
const NOT_KEPT: [HeaderName; 7] = [CONNECTION, PROXY_AUTHENTICATE, SET_COOKIE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];

/// What a confirmation must not change: the body is the one that was kept (RFC 9111, section 3.2).
const OF_THE_BODY: [HeaderName; 3] = [CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE];

/// A kept answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// When it came, or was last confirmed.
    pub(crate) received: SystemTime,
}

#[derive(Serialize, Deserialize)]
struct Head {
    status: u16,
    version: String,
    received_ms: u64,
    /// Values byte for byte as characters.
    headers: Vec<(String, String)>,
}

impl Entry {
    /// What is kept of an answer.
    pub(crate) fn new(response: &Response, received: SystemTime) -> Self {
        let Response { status, version, headers, body, .. } = response;
        let mut headers = headers.clone();
        drop_not_kept(&mut headers);
        Entry { status: *status, version: *version, headers, body: body.clone(), received }
    }

    /// The same answer after the API has confirmed it.
    pub(crate) fn confirmed(mut self, by: &HeaderMap, received: SystemTime) -> Self {
        let mut newer = by.clone();
        drop_not_kept(&mut newer);
        OF_THE_BODY.iter().for_each(|name| {
            newer.remove(name);
        });
        // The age of the answer before is not that of the confirmation.
        self.headers.remove(http::header::AGE);
        for name in newer.keys() {
            self.headers.remove(name);
        }
        for (name, value) in &newer {
            self.headers.append(name, value.clone());
        }
        self.received = received;
        self
    }

    /// The answer to the request for a URL.
    pub(crate) fn to_response(&self, url: &str, age: Duration) -> Response {
        let mut headers = self.headers.clone();
        headers.insert(http::header::AGE, HeaderValue::from(age.as_secs()));
        Response { status: self.status, version: self.version, headers, body: self.body.clone(), url: url.to_owned() }
    }

    /// The bytes that it is kept as.
    pub(crate) fn to_bytes(&self) -> Bytes {
        let characters = |value: &HeaderValue| value.as_bytes().iter().map(|byte| char::from(*byte)).collect();
        let headers = self.headers.iter().map(|(name, value)| (name.as_str().to_owned(), characters(value)));
        let since = self.received.duration_since(UNIX_EPOCH).unwrap_or_default();
        let head = Head {
            status: self.status.as_u16(),
            version: version_text(self.version).to_owned(),
            received_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            headers: headers.collect(),
        };
        let mut rest = serde_json::to_vec(&head).expect("texts and numbers are JSON");
        rest.push(b'\n');
        rest.extend_from_slice(&self.body);
        let mut bytes = format!("{FORM} {}\n", sum(&rest)).into_bytes();
        bytes.append(&mut rest);
        bytes.into()
    }

    /// Reads what was kept; `None` where it is damaged or of another form.
    pub(crate) fn parse(bytes: &Bytes) -> Option<Entry> {
        let rest = bytes.strip_prefix(FORM.as_bytes())?.strip_prefix(b" ")?;
        let (told, rest) = split_line(rest)?;
        if told != sum(rest).as_bytes() {
            return None;
        }
        let (head, body) = split_line(rest)?;
        let head: Head = serde_json::from_slice(head).ok()?;
        let mut headers = HeaderMap::new();
        for (name, value) in &head.headers {
            let value: Option<Vec<u8>> = value.chars().map(|c| u8::try_from(c).ok()).collect();
            headers.append(HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_bytes(&value?).ok()?);
        }
        Some(Entry {
            status: StatusCode::from_u16(head.status).ok()?,
            version: version(&head.version)?,
            headers,
            body: bytes.slice_ref(body),
            received: UNIX_EPOCH.checked_add(Duration::from_millis(head.received_ms))?,
        })
    }
}

/// Removes what is not kept, and what the answer itself ties to its connection.
fn drop_not_kept(headers: &mut HeaderMap) {
    let named = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let named: Vec<HeaderName> = named.flat_map(|text| text.split(',')).filter_map(|n| n.trim().parse().ok()).collect();
    for name in named.iter().chain(&NOT_KEPT) {
        headers.remove(name);
    }
    headers.remove("keep-alive");
}

fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

fn sum(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

const VERSIONS: [(Version, &str); 5] = [
    (Version::HTTP_09, "0.9"),
    (Version::HTTP_10, "1.0"),
    (Version::HTTP_11, "1.1"),
    (Version::HTTP_2, "2"),
    (Version::HTTP_3, "3"),
];

fn version_text(version: Version) -> &'static str {
    VERSIONS.iter().find(|(known, _)| *known == version).map_or("1.1", |(_, text)| text)
}

fn version(text: &str) -> Option<Version> {
    VERSIONS.iter().find(|(_, known)| *known == text).map(|(version, _)| *version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        let mut headers = HeaderMap::new();
        headers.append("link", HeaderValue::from_static("<a>; rel=next"));
        headers.append("link", HeaderValue::from_static("<b>; rel=prev"));
        headers.insert("x-odd", HeaderValue::from_bytes(b"caf\xe9").expect("a header may have it"));
        let body = Bytes::from_static(b"\x00\xff\n{}\n");
        let received = UNIX_EPOCH + Duration::from_millis(1_800_000_000_123);
        Entry { status: StatusCode::OK, version: Version::HTTP_2, headers, body, received }
    }

    #[test]
    fn what_is_kept_comes_back() {
        assert_eq!(Entry::parse(&entry().to_bytes()), Some(entry()));
    }

    #[test]
    fn what_is_damaged_does_not() {
        let bytes = entry().to_bytes();
        for at in 0..bytes.len() {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= 1;
            assert_eq!(Entry::parse(&damaged.into()), None, "byte {at}");
            assert_eq!(Entry::parse(&bytes.slice(..at)), None, "cut at {at}");
        }
    }

    #[test]
    fn cookies_and_what_belongs_to_the_connection_are_not_kept() {
        let mut headers = entry().headers;
        for (name, value) in
            [("set-cookie", "a=b"), ("connection", "x-hop, close"), ("x-hop", "1"), ("keep-alive", "5")]
        {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let Entry { status, version, body, received, .. } = entry();
        let response = Response { status, version, headers, body, url: String::new() };
        assert_eq!(Entry::new(&response, received), entry());
    }

    #[test]
    fn a_confirmation_changes_headers_and_no_body() {
        let mut newer = HeaderMap::new();
        newer.insert("link", HeaderValue::from_static("<c>; rel=next"));
        newer.insert("content-length", HeaderValue::from_static("0"));
        newer.insert("etag", HeaderValue::from_static("\"2\""));
        let confirmed = entry().confirmed(&newer, UNIX_EPOCH);
        assert_eq!(confirmed.headers.get_all("link").iter().count(), 1);
        assert_eq!(confirmed.headers["etag"], "\"2\"");
        assert!(!confirmed.headers.contains_key("content-length"));
        assert_eq!((confirmed.body, confirmed.received), (entry().body, UNIX_EPOCH));
    }
}
