//! Whether an answer may be kept, and whether a kept one may be given (RFC 9111). Pure.
//!
//! The rules are `http-cache-semantics`'. It sees the headers in one spelling and with an age that it
//! can add to, for it takes directives letter by letter and an endless age would end the process. The
//! rest of an answer's headers never passes it, since it keeps one of several with the same name.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{
    AGE, CACHE_CONTROL, DATE, ETAG, EXPIRES, HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE, LAST_MODIFIED, PRAGMA, RANGE, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_cache_semantics::{BeforeRequest, CacheOptions, CachePolicy};

use super::Entry;
use crate::upstream::{Request, Response};

/// What decides over keeping.
const DECIDING: [HeaderName; 7] = [CACHE_CONTROL, DATE, ETAG, EXPIRES, LAST_MODIFIED, PRAGMA, VARY];

/// Headers by which a caller deals with versions and parts by itself.
const OF_THE_CALLER: [HeaderName; 6] =
    [IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE];

/// The age that stands for any larger one (RFC 9111, section 1.2.2).
const SECONDS_MAX: u64 = 1 << 31;

/// What a kept answer is worth to a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// It can be given.
    Fresh { age: Duration },
    /// It can be given once the API has confirmed it; with what it is asked.
    Unsure { conditions: Vec<(HeaderName, HeaderValue)> },
    /// It is of no use.
    Useless,
}

/// Whether a request asks for something that may be kept.
pub(crate) fn is_read_only(request: &Request) -> bool {
    let is_conditional = request.headers.iter().any(|(name, _)| OF_THE_CALLER.contains(name));
    matches!(request.method, Method::GET | Method::HEAD) && request.body.is_none() && !is_conditional
}

/// Whether an answer may be kept.
pub(crate) fn is_storable(request: &Request, response: &Response, now: SystemTime) -> bool {
    let policy = policy(request, response.status, &response.headers, now);
    // Without a time and without a validator it would never be given again.
    let can_be_confirmed = [ETAG, LAST_MODIFIED].iter().any(|name| response.headers.contains_key(name));
    policy.is_storable() && !varies_by_all(&response.headers) && (can_be_confirmed || !policy.is_stale(now))
}

/// Whether those who asked the same at the same time may take an answer: what may be kept, or could be
/// if only it said for how long.
pub(crate) fn may_share(request: &Request, response: &Response, now: SystemTime) -> bool {
    let storable = policy(request, response.status, &response.headers, now).is_storable();
    storable && !varies_by_all(&response.headers) && !has_directive(&response.headers, "no-cache")
}

/// What a kept answer is worth to a request that comes now.
pub(crate) fn judge(request: &Request, entry: &Entry, now: SystemTime) -> Judgement {
    // A clock that was set back makes no answer younger.
    if entry.received > now {
        return Judgement::Useless;
    }
    let policy = policy(request, entry.status, &entry.headers, entry.received);
    let parts = match policy.before_request(&asked(request), now) {
        BeforeRequest::Fresh(_) => return Judgement::Fresh { age: policy.age(now) },
        BeforeRequest::Stale { matches: false, .. } => return Judgement::Useless,
        BeforeRequest::Stale { request, matches: true } => request,
    };
    let added = |name: HeaderName| parts.headers.get(&name).cloned().map(|value| (name, value));
    let conditions: Vec<_> = [IF_NONE_MATCH, IF_MODIFIED_SINCE].into_iter().filter_map(added).collect();
    Judgement::Unsure { conditions }
}

/// Whether a kept answer may be given where the API fails: as long as its `stale-if-error` says
/// (RFC 5861, section 4).
pub(crate) fn may_stand_in(request: &Request, entry: &Entry, now: SystemTime) -> Option<Duration> {
    let headers = &entry.headers;
    let forbidden = ["must-revalidate", "no-cache"].iter().any(|directive| has_directive(headers, directive));
    let seconds = directive(headers, "stale-if-error")?.parse().ok()?;
    let policy = policy(request, entry.status, headers, entry.received);
    let age = policy.age(now);
    let over = age.saturating_sub(lifetime(request, entry));
    (!forbidden && over <= Duration::from_secs(seconds)).then_some(age)
}

/// The age of a kept answer.
pub(crate) fn age(request: &Request, entry: &Entry, now: SystemTime) -> Duration {
    policy(request, entry.status, &entry.headers, entry.received).age(now)
}

/// Whether a confirmation is that of a kept answer: of another version it would be a mistake of the
/// API's, or of something in between (RFC 9111, section 4.3.4).
pub(crate) fn is_same_version(entry: &Entry, confirmation: &HeaderMap) -> bool {
    let tag = |headers: &HeaderMap| {
        let value = headers.get(ETAG)?.as_bytes();
        Some(value.strip_prefix(b"W/").unwrap_or(value).to_vec())
    };
    tag(confirmation).is_none_or(|confirmed| tag(&entry.headers) == Some(confirmed))
}

/// For how long an answer is fresh.
fn lifetime(request: &Request, entry: &Entry) -> Duration {
    let mut headers = entry.headers.clone();
    headers.remove(AGE);
    // Before everything, nothing has an age yet.
    policy(request, entry.status, &headers, entry.received).time_to_live(UNIX_EPOCH)
}

fn policy(request: &Request, status: StatusCode, headers: &HeaderMap, received: SystemTime) -> CachePolicy {
    let mut response = http::Response::new(());
    *response.status_mut() = status;
    *response.headers_mut() = deciding(headers);
    let options = CacheOptions { shared: false, ..CacheOptions::default() };
    CachePolicy::new_options(&asked(request), &response, received, options)
}

/// The request as the rules see it. Its URL is in the key of what is kept, so any will do.
fn asked(request: &Request) -> http::Request<()> {
    let mut asked = http::Request::new(());
    *asked.method_mut() = request.method.clone();
    for (name, value) in &request.headers {
        let value = if *name == CACHE_CONTROL { lowered(value) } else { value.clone() };
        asked.headers_mut().append(name, value);
    }
    asked
}

fn deciding(headers: &HeaderMap) -> HeaderMap {
    let mut deciding = HeaderMap::new();
    for name in &DECIDING {
        for value in headers.get_all(name) {
            let value = if *name == CACHE_CONTROL { lowered(value) } else { value.clone() };
            deciding.append(name, value);
        }
    }
    if let Some(age) = headers.get(AGE).and_then(|value| value.to_str().ok()) {
        let is_number = !age.is_empty() && age.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = is_number.then(|| age.parse().unwrap_or(SECONDS_MAX).min(SECONDS_MAX));
        deciding.insert(AGE, HeaderValue::from(seconds.unwrap_or(0)));
    }
    deciding
}

/// Directives have no case.
fn lowered(value: &HeaderValue) -> HeaderValue {
    HeaderValue::from_bytes(&value.as_bytes().to_ascii_lowercase()).unwrap_or_else(|_| value.clone())
}

fn varies_by_all(headers: &HeaderMap) -> bool {
    headers.get_all(VARY).iter().any(|value| value.as_bytes().contains(&b'*'))
}

fn has_directive(headers: &HeaderMap, name: &str) -> bool {
    directive(headers, name).is_some()
}

/// The value of a directive of `Cache-Control`; empty where it has none.
fn directive(headers: &HeaderMap, name: &str) -> Option<String> {
    let texts = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let mut directives = texts.flat_map(|text| text.split(',')).map(str::trim);
    directives.find_map(|directive| {
        let (key, value) = directive.split_once('=').unwrap_or((directive, ""));
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests;
