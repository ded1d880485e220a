//! One exchange as an entry of a HAR 1.2 archive, the form that browsers' developer tools
//! read and write.
//!
//! Credentials that their name gives away are replaced by `***`; every other text passes the
//! scrubber, which leaves `{{NAME}}` in the place of secrets. Bodies of responses are what a
//! replay answers with, so nothing goes from them by name.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};
use serde_json::{Value, json};

use super::hidden::{self, HIDDEN};
use super::{Payload, Request, masked};
use crate::bindings::Scrubber;
use crate::date;

/// When an exchange began and how long it took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) started: SystemTime,
    /// The time to the head of the answer.
    pub(super) waited: Duration,
    /// The time from there to the end of its body.
    pub(super) received: Duration,
}

impl Moment {
    /// An exchange without a body so far.
    pub(super) fn waited(started: SystemTime, waited: Duration) -> Self {
        Moment { started, waited, received: Duration::ZERO }
    }
}

/// The head of an answer.
pub(super) struct Answer<'a> {
    pub(super) status: StatusCode,
    pub(super) version: Version,
    pub(super) headers: &'a HeaderMap,
}

/// The body of an answer.
pub(super) enum Content {
    /// As it was read.
    Whole(Bytes),
    /// Too large for a recording; its size in bytes.
    LeftOut(u64),
}

/// The archive of some entries.
pub(super) fn archive(entries: &[&Value]) -> Value {
    json!({
        "log": {
            "version": "1.2",
            "creator": { "name": "capstan", "version": env!("CARGO_PKG_VERSION") },
            "entries": entries,
        }
    })
}

/// One exchange, masked.
pub(super) fn entry(
    request: &Request,
    answer: &Answer<'_>,
    content: &Content,
    moment: Moment,
    scrubber: &Scrubber,
) -> Value {
    let (wait, receive) = (milliseconds(moment.waited), milliseconds(moment.received));
    json!({
        "startedDateTime": timestamp(moment.started),
        "time": wait + receive,
        "request": request_value(request, answer.version, scrubber),
        "response": response_value(answer, content, scrubber),
        "cache": {},
        "timings": { "send": 0, "wait": wait, "receive": receive },
    })
}

/// An exchange that got no answer, as browsers write it: status 0, and why in `_error`.
pub(super) fn failed(request: &Request, why: &str, moment: Moment, scrubber: &Scrubber) -> Value {
    let wait = milliseconds(moment.waited);
    json!({
        "startedDateTime": timestamp(moment.started),
        "time": wait,
        "request": request_value(request, Version::HTTP_11, scrubber),
        "response": {
            "status": 0,
            "statusText": "",
            "httpVersion": "",
            "cookies": [],
            "headers": [],
            "content": { "size": 0, "mimeType": "" },
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": -1,
        },
        "cache": {},
        "timings": { "send": 0, "wait": wait, "receive": 0 },
        "_error": scrubber.scrub(why),
    })
}

fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

fn request_value(request: &Request, version: Version, scrubber: &Scrubber) -> Value {
    let url = hidden::url(&request.url, scrubber);
    let query = masked::query_pairs(&url);
    let query: Vec<Value> = query.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let headers = request.headers.iter().map(|(name, value)| (name, value));
    let mut value = json!({
        "method": request.method.as_str(),
        "url": url,
        "httpVersion": format!("{version:?}"),
        "cookies": request_cookies(request, scrubber),
        "headers": header_values(headers, scrubber),
        "queryString": query,
        "headersSize": -1,
        "bodySize": request.body.as_ref().map_or(0, |body| body.length().map_or(-1, |length| length as i64)),
    });
    if let Some(body) = &request.body {
        value["postData"] = post_data(request, body, scrubber);
    }
    value
}

/// Files are not recorded: their names and sizes stand in their places, and `_files` tells them from
/// others. HAR has no encoding for request bodies that are not text either; `_files` and `_encoding`
/// are ours, by the rule that custom fields begin with an underscore.
fn post_data(request: &Request, body: &Payload, scrubber: &Scrubber) -> Value {
    let mime = request.headers.iter().find(|(name, _)| *name == CONTENT_TYPE);
    let mime = mime.map_or("".into(), |(_, value)| String::from_utf8_lossy(value.as_bytes()));
    let (text, encoded) = text(&hidden::body(&mime, &body.to_shown(), scrubber));
    let mut data = json!({ "mimeType": mime, "text": text });
    if encoded {
        data["_encoding"] = "base64".into();
    }
    let files = body.files().map(|file| json!({ "length": file.length, "sha256": file.sha256.as_deref() }));
    let files: Vec<Value> = files.collect();
    if !files.is_empty() {
        data["_files"] = files.into();
    }
    data
}

fn response_value(answer: &Answer<'_>, content: &Content, scrubber: &Scrubber) -> Value {
    let Answer { status, version, headers } = answer;
    let header = |name: HeaderName| headers.get(&name).map(|value| shown(&name, value, scrubber)).unwrap_or_default();
    // As it was on the wire, which the client tells only where the body was not compressed.
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    json!({
        "status": status.as_u16(),
        "statusText": status.canonical_reason().unwrap_or(""),
        "httpVersion": format!("{version:?}"),
        "cookies": response_cookies(headers, scrubber),
        "headers": header_values(headers.iter(), scrubber),
        "content": content_value(content, &header(CONTENT_TYPE), scrubber),
        "redirectURL": header(LOCATION),
        "headersSize": -1,
        "bodySize": length.map_or(Value::from(-1), Value::from),
    })
}

fn content_value(content: &Content, mime: &str, scrubber: &Scrubber) -> Value {
    let body = match content {
        Content::Whole(body) => body,
        Content::LeftOut(size) => {
            return json!({ "size": size, "mimeType": mime, "comment": "the body is too large and left out" });
        }
    };
    let (text, encoded) = text(&scrubber.scrub_bytes(body));
    let mut value = json!({ "size": body.len(), "mimeType": mime, "text": text });
    if encoded {
        value["encoding"] = "base64".into();
    }
    value
}

/// Cookies by name: their values open sessions.
fn request_cookies(request: &Request, scrubber: &Scrubber) -> Vec<Value> {
    let texts = request.headers.iter().filter(|(name, _)| *name == COOKIE).filter_map(|(_, value)| value.to_str().ok());
    let names = texts.flat_map(|text| text.split(';')).filter_map(|pair| Some(pair.split_once('=')?.0.trim()));
    names.map(|name| json!({ "name": scrubber.scrub(name), "value": HIDDEN })).collect()
}

fn response_cookies(headers: &HeaderMap, scrubber: &Scrubber) -> Vec<Value> {
    let texts = headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    texts.filter_map(|text| cookie(text, scrubber)).collect()
}

/// A `Set-Cookie` (RFC 6265, section 4.1.1).
fn cookie(text: &str, scrubber: &Scrubber) -> Option<Value> {
    let mut parts = text.split(';').map(str::trim);
    let (name, _) = parts.next()?.split_once('=')?;
    let mut cookie = json!({ "name": scrubber.scrub(name.trim()), "value": HIDDEN });
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        match key.trim().to_ascii_lowercase().as_str() {
            "path" => cookie["path"] = scrubber.scrub(value).into(),
            "domain" => cookie["domain"] = scrubber.scrub(value).into(),
            "httponly" => cookie["httpOnly"] = true.into(),
            "secure" => cookie["secure"] = true.into(),
            "expires" => {
                if let Ok(moment) = httpdate::parse_http_date(value) {
                    cookie["expires"] = timestamp(moment).into();
                }
            }
            _ => {}
        }
    }
    Some(cookie)
}

/// The text of a masked body, or its base64 form when it is not UTF-8; true for the latter.
fn text(body: &[u8]) -> (String, bool) {
    match std::str::from_utf8(body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (STANDARD.encode(body), true),
    }
}

fn header_values<'a>(
    headers: impl Iterator<Item = (&'a HeaderName, &'a HeaderValue)>,
    scrubber: &Scrubber,
) -> Vec<Value> {
    headers.map(|(name, value)| json!({ "name": name.as_str(), "value": shown(name, value, scrubber) })).collect()
}

fn shown(name: &HeaderName, value: &HeaderValue, scrubber: &Scrubber) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    if value.is_sensitive() || hidden::is_credential_header(name.as_str()) {
        HIDDEN.to_owned()
    } else if [LOCATION, CONTENT_LOCATION].contains(name) {
        hidden::url(&text, scrubber)
    } else {
        scrubber.scrub(&text).into_owned()
    }
}

/// A moment in the form of RFC 3339, in UTC, to the millisecond.
fn timestamp(moment: SystemTime) -> String {
    // A clock before 1970 is wrong by more than this rounding.
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = date::civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let ms = since.subsec_millis();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_dates() {
        let at = |seconds, ms: u32| timestamp(UNIX_EPOCH + Duration::new(seconds, ms * 1_000_000));
        assert_eq!(at(0, 0), "1970-01-01T00:00:00.000Z");
        assert_eq!(at(951_827_696, 7), "2000-02-29T12:34:56.007Z");
        assert_eq!(at(4_107_542_400, 0), "2100-03-01T00:00:00.000Z");
        assert_eq!(at(1_767_225_599, 999), "2025-12-31T23:59:59.999Z");
    }
}
