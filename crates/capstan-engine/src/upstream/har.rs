//! One exchange as an entry of a HAR 1.2 archive, the form that browsers' developer tools
//! read and write.
//!
//! Credentials that their name gives away are replaced by `***`; every other text passes the
//! scrubber, which leaves `{{NAME}}` in the place of secrets. Bodies of responses are what a
//! replay answers with, so nothing goes from them by name.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_LOCATION, CONTENT_TYPE, LOCATION};
use http::{HeaderName, HeaderValue, Version};
use serde_json::{Value, json};

use super::hidden::{self, HIDDEN};
use super::{Payload, Request, Response, masked};
use crate::bindings::Scrubber;
use crate::date;

/// When an exchange began and how long it took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) started: SystemTime,
    pub(super) took: Duration,
}

/// The archive of some entries.
pub(super) fn archive(entries: &[Value]) -> Value {
    json!({
        "log": {
            "version": "1.2",
            "creator": { "name": "capstan", "version": env!("CARGO_PKG_VERSION") },
            "entries": entries,
        }
    })
}

/// One exchange, masked.
pub(super) fn entry(request: &Request, response: &Response, moment: Moment, scrubber: &Scrubber) -> Value {
    let ms = (moment.took.as_secs_f64() * 1e6).round() / 1e3;
    json!({
        "startedDateTime": timestamp(moment.started),
        "time": ms,
        "request": request_value(request, response.version, scrubber),
        "response": response_value(response, scrubber),
        "cache": {},
        "timings": { "send": 0, "wait": ms, "receive": 0 },
    })
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
        "cookies": [],
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

/// Files are not recorded: their names and sizes stand in their places. HAR has no encoding for request bodies that are not text; `_encoding` is ours, by the rule
/// that custom fields begin with an underscore.
fn post_data(request: &Request, body: &Payload, scrubber: &Scrubber) -> Value {
    let mime = request.headers.iter().find(|(name, _)| *name == CONTENT_TYPE);
    let mime = mime.map_or("".into(), |(_, value)| String::from_utf8_lossy(value.as_bytes()));
    let (text, encoded) = text(&hidden::body(&mime, &body.to_shown(), scrubber));
    match encoded {
        false => json!({ "mimeType": mime, "text": text }),
        true => json!({ "mimeType": mime, "text": text, "_encoding": "base64" }),
    }
}

fn response_value(response: &Response, scrubber: &Scrubber) -> Value {
    let header =
        |name: HeaderName| response.headers.get(&name).map(|value| shown(&name, value, scrubber)).unwrap_or_default();
    let (text, encoded) = text(&scrubber.scrub_bytes(&response.body));
    let mut content = json!({
        "size": response.body.len(),
        "mimeType": header(CONTENT_TYPE),
        "text": text,
    });
    if encoded {
        content["encoding"] = "base64".into();
    }
    json!({
        "status": response.status.as_u16(),
        "statusText": response.status.canonical_reason().unwrap_or(""),
        "httpVersion": format!("{:?}", response.version),
        "cookies": [],
        "headers": header_values(response.headers.iter(), scrubber),
        "content": content,
        "redirectURL": header(LOCATION),
        "headersSize": -1,
        "bodySize": -1,
    })
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
