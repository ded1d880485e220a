//! Verdicts, table by table.

use std::time::UNIX_EPOCH;

use http::{HeaderValue, StatusCode, Version};
use proptest::prelude::*;

use super::*;
use crate::upstream::Body;

const NOW: u64 = 1_800_000_000;

fn answer(status: u16, after: Option<&str>) -> Incoming {
    let mut headers = HeaderMap::new();
    if let Some(after) = after {
        headers.insert(RETRY_AFTER, HeaderValue::from_str(after).expect("a header value"));
    }
    Incoming {
        status: StatusCode::from_u16(status).expect("a status"),
        version: Version::HTTP_11,
        headers,
        url: String::new(),
        redirects: Vec::new(),
        body: Body::whole(Default::default()),
    }
}

fn error(code: Code, fate: Fate) -> UpstreamError {
    UpstreamError::new(code, "it failed").with_fate(fate)
}

fn verdict(method: Method, number: u32, has_key: bool, outcome: Result<&Incoming, &UpstreamError>) -> Verdict {
    let now = UNIX_EPOCH + Duration::from_secs(NOW);
    let attempted = Attempted { number, attempts_max: 3, method: &method, has_key, outcome, chance: 0.5, now };
    decide(&Retry::default(), &attempted)
}

fn is_again(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Again { .. })
}

#[test]
fn safe_methods_are_repeated_and_others_only_with_a_key() {
    let busy = answer(503, None);
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::OPTIONS] {
        assert!(is_again(&verdict(method, 1, false, Ok(&busy))));
    }
    for method in [Method::POST, Method::PATCH] {
        assert_eq!(verdict(method.clone(), 1, false, Ok(&busy)), Verdict::Done);
        assert!(is_again(&verdict(method, 1, true, Ok(&busy))));
    }
}

#[test]
fn what_was_never_sent_may_be_sent_by_any_method() {
    let refused = error(Code::Unreachable, Fate::Unsent);
    assert!(is_again(&verdict(Method::POST, 1, false, Err(&refused))));
    let broken = error(Code::BrokenResponse, Fate::Unknown);
    assert_eq!(verdict(Method::POST, 1, false, Err(&broken)), Verdict::Done);
    assert!(is_again(&verdict(Method::GET, 1, false, Err(&broken))));
    let certain = error(Code::Unreachable, Fate::Certain);
    assert_eq!(verdict(Method::GET, 1, true, Err(&certain)), Verdict::Done);
}

#[test]
fn success_refusals_and_the_last_attempt_are_final() {
    for status in [200, 204, 301, 400, 401, 404, 501] {
        assert_eq!(verdict(Method::GET, 1, false, Ok(&answer(status, None))), Verdict::Done, "{status}");
    }
    assert!(is_again(&verdict(Method::GET, 2, false, Ok(&answer(500, None)))));
    assert_eq!(verdict(Method::GET, 3, false, Ok(&answer(500, None))), Verdict::Done);
}

#[test]
fn every_form_of_retry_after() {
    let wait = |text: &str| match verdict(Method::GET, 1, false, Ok(&answer(429, Some(text)))) {
        Verdict::Again { after, .. } => Some(after),
        Verdict::Done | Verdict::GivenUp(_) => None,
    };
    assert_eq!(wait("7"), Some(Duration::from_secs(7)));
    assert_eq!(wait("0"), Some(Duration::ZERO));
    assert_eq!(wait("60"), Some(Duration::from_secs(60)));
    // NOW is Fri, 15 Jan 2027 08:00:00 GMT.
    assert_eq!(wait("Fri, 15 Jan 2027 08:00:09 GMT"), Some(Duration::from_secs(9)));
    assert_eq!(wait("Friday, 15-Jan-27 08:00:09 GMT"), Some(Duration::from_secs(9)));
    assert_eq!(wait("Fri, 15 Jan 2027 07:00:00 GMT"), Some(Duration::ZERO));
    // Neither is waited for by its own word: half of the first bound.
    for text in ["soon", "-5", "1.5", "", "Fri, 99 Jan 2027 08:00:00 GMT"] {
        assert_eq!(wait(text), Some(Duration::from_millis(250)), "{text}");
    }
    for text in ["61", "99999999999999999999999", "Sat, 16 Jan 2027 08:00:00 GMT"] {
        assert_eq!(wait(text), None, "{text}");
    }
}

#[test]
fn a_refusal_is_told_from_a_failure() {
    let is_refused = |status, after| match verdict(Method::GET, 1, false, Ok(&answer(status, after))) {
        Verdict::Again { is_refused, .. } => is_refused,
        Verdict::Done | Verdict::GivenUp(_) => panic!("{status} is repeated"),
    };
    assert!(is_refused(429, None) && is_refused(429, Some("0")) && is_refused(503, Some("1")));
    assert!(!is_refused(503, None) && !is_refused(500, Some("1")));
}

proptest! {
    #[test]
    fn a_wait_is_never_longer_than_its_bound(number in 1..200_u32, chance in 0.0..1.0_f64) {
        let backoff = Retry::default().backoff;
        let wait = wait(&backoff, number, chance);
        prop_assert!(wait <= backoff.max);
        if number == 1 {
            prop_assert!(wait <= backoff.initial);
        }
    }

    #[test]
    fn no_retry_after_panics(text in "\\PC{0,40}") {
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(RETRY_AFTER, value);
        }
        let _ = retry_after(&headers, UNIX_EPOCH + Duration::from_secs(NOW)); // it only must come back
    }
}
