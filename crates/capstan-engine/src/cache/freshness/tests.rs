//! The rules, at moments that a test chooses.

use bytes::Bytes;
use http::Version;

use super::*;
use crate::upstream::Connection;

const RECEIVED: Duration = Duration::from_secs(1_800_000_000);

fn request(headers: &[(&'static str, &'static str)]) -> Request {
    let pair = |(n, v): &(&'static str, &'static str)| (HeaderName::from_static(n), HeaderValue::from_static(v));
    let headers = headers.iter().map(pair).collect();
    let url = "https://api.example/x".to_owned();
    Request { method: Method::GET, url, headers, body: None, connection: Connection::default() }
}

fn response(status: u16, headers: &[(&'static str, &'static str)]) -> Response {
    let pair = |(n, v): &(&'static str, &'static str)| (HeaderName::from_static(n), HeaderValue::from_static(v));
    let status = StatusCode::from_u16(status).expect("a status");
    let headers = headers.iter().map(pair).collect();
    Response { status, version: Version::HTTP_11, headers, body: Bytes::from_static(b"x"), url: String::new() }
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + RECEIVED + Duration::from_secs(seconds)
}

fn storable(headers: &[(&'static str, &'static str)]) -> bool {
    is_storable(&request(&[("authorization", "Bearer x")]), &response(200, headers), at(0))
}

/// What is left of an answer after some seconds: fresh, unsure with as many conditions, or useless.
fn judged(headers: &[(&'static str, &'static str)], seconds: u64, asked: &[(&'static str, &'static str)]) -> String {
    let entry = Entry::new(&response(200, headers), at(0));
    match judge(&request(asked), &entry, at(seconds)) {
        Judgement::Fresh { age } => format!("fresh at {}", age.as_secs()),
        Judgement::Unsure { conditions } => format!("unsure {}", conditions.len()),
        Judgement::Useless => "useless".to_owned(),
    }
}

#[test]
fn only_what_the_api_lets_be_kept_is_kept() {
    assert!(storable(&[("cache-control", "max-age=60")]));
    assert!(storable(&[("cache-control", "private, max-age=60")]));
    assert!(storable(&[("etag", "\"1\"")]));
    assert!(storable(&[("cache-control", "no-cache"), ("etag", "\"1\"")]));
    assert!(!storable(&[]), "without a time and a validator it could never be given");
    assert!(!storable(&[("cache-control", "no-store"), ("etag", "\"1\"")]));
    assert!(!storable(&[("cache-control", "No-Store, Max-Age=60")]), "directives have no case");
    assert!(!storable(&[("cache-control", "max-age=60"), ("vary", "accept, *")]));
    let not_kept = response(500, &[("cache-control", "max-age=60")]);
    assert!(!is_storable(&request(&[]), &not_kept, at(0)));
    let refused = request(&[("cache-control", "no-store")]);
    assert!(!is_storable(&refused, &response(200, &[("cache-control", "max-age=60")]), at(0)));
}

#[test]
fn a_kept_answer_is_given_while_it_is_fresh_and_asked_for_afterwards() {
    let minute =
        [("cache-control", "max-age=60"), ("etag", "\"1\""), ("last-modified", "Fri, 15 Jan 2027 08:00:00 GMT")];
    assert_eq!(judged(&minute, 59, &[]), "fresh at 59");
    assert_eq!(judged(&minute, 60, &[]), "unsure 2");
    assert_eq!(judged(&minute, 1, &[("cache-control", "No-Cache")]), "unsure 2");
    assert_eq!(judged(&[("cache-control", "no-cache"), ("etag", "\"1\"")], 0, &[]), "unsure 1");
    assert_eq!(judged(&[("cache-control", "max-age=60"), ("age", "50")], 9, &[]), "fresh at 59");
    assert_eq!(judged(&[("cache-control", "max-age=60"), ("age", "50")], 10, &[]), "unsure 0");
    assert_eq!(
        judged(&[("expires", "Fri, 15 Jan 2027 08:01:00 GMT"), ("date", "Fri, 15 Jan 2027 08:00:00 GMT")], 59, &[]),
        "fresh at 59"
    );
    assert_eq!(judged(&[("expires", "0")], 0, &[]), "unsure 0");
}

#[test]
fn a_clock_that_was_set_back_makes_nothing_younger() {
    let entry = Entry::new(&response(200, &[("cache-control", "max-age=60")]), at(100));
    assert_eq!(judge(&request(&[]), &entry, at(0)), Judgement::Useless);
}

#[test]
fn no_header_ends_the_process() {
    for text in ["18446744073709551615", "99999999999999999999999", "-1", "1e9", "", "\"", "=,=;,", "0x10"] {
        for name in ["age", "cache-control", "expires", "date", "last-modified", "vary", "etag", "pragma"] {
            for directive in ["", "max-age=", "stale-if-error="] {
                let mut response = response(200, &[("etag", "\"1\"")]);
                let value = HeaderValue::from_str(&format!("{directive}{text}")).expect("a header value");
                response.headers.insert(HeaderName::from_static(name), value);
                let entry = Entry::new(&response, at(0));
                let _ = judge(&request(&[]), &entry, at(1 << 33));
                let _ = may_stand_in(&request(&[]), &entry, at(1 << 33));
                let _ = is_storable(&request(&[]), &response, at(0));
            }
        }
    }
}

#[test]
fn a_stale_answer_stands_in_as_long_as_it_says() {
    let may = |cache_control: &'static str, seconds| {
        let entry = Entry::new(&response(200, &[("cache-control", cache_control)]), at(0));
        may_stand_in(&request(&[]), &entry, at(seconds)).is_some()
    };
    assert!(may("max-age=60, stale-if-error=30", 90));
    assert!(!may("max-age=60, stale-if-error=30", 91));
    assert!(may("max-age=60, Stale-If-Error=\"30\"", 90));
    assert!(!may("max-age=60", 61));
    assert!(!may("max-age=60, stale-if-error=30, must-revalidate", 61));
}

#[test]
fn a_confirmation_of_another_version_is_none() {
    let entry = Entry::new(&response(200, &[("etag", "W/\"1\"")]), at(0));
    let by = |headers: &[(&'static str, &'static str)]| is_same_version(&entry, &response(304, headers).headers);
    assert!(by(&[]) && by(&[("etag", "\"1\"")]) && by(&[("etag", "W/\"1\"")]));
    assert!(!by(&[("etag", "\"2\"")]));
}

#[test]
fn what_a_caller_does_itself_is_left_to_it() {
    assert!(is_read_only(&request(&[("accept", "*/*")])));
    for name in ["range", "if-none-match", "if-modified-since", "if-range", "if-match"] {
        assert!(!is_read_only(&request(&[(name, "x")])), "{name}");
    }
    let mut post = request(&[]);
    post.method = Method::POST;
    assert!(!is_read_only(&post));
}
