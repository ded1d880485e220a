//! What an answer says of how often the API wants to be asked.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, StatusCode};

use super::retry::retry_after;
use crate::limits::HOLD_MAX;

/// For how long the API wants no request; `None` where it takes more.
///
/// `Retry-After` of 429 and 503; else the headers of the used-up limit, of which every API has its
/// own: the fields of the IETF's draft in both forms, and the `X-RateLimit-…` that came before.
pub(super) fn hold(status: StatusCode, headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let busy = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    let asked = busy.then(|| retry_after(headers, now)).flatten();
    let hold = asked.or_else(|| structured(headers)).or_else(|| separate(headers, now))?;
    Some(hold.min(HOLD_MAX)).filter(|hold| !hold.is_zero())
}

/// `RateLimit: "default";r=0;t=30`, or `RateLimit: limit=100, remaining=0, reset=30`.
fn structured(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("ratelimit")?.to_str().ok()?;
    let value = |names: [&str; 2]| {
        let mut pairs = text.split([';', ',']).filter_map(|pair| pair.trim().split_once('='));
        pairs.find_map(|(name, value)| names.contains(&name.trim()).then(|| value.trim().parse::<u64>().ok())?)
    };
    let remaining = value(["r", "remaining"])?;
    (remaining == 0).then(|| value(["t", "reset"])).flatten().map(Duration::from_secs)
}

/// A header for what is left, and one for when it is filled up again.
fn separate(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    ["ratelimit-", "x-ratelimit-", "x-rate-limit-"].iter().find_map(|prefix| {
        let number = |name: &str| {
            let text = headers.get(format!("{prefix}{name}"))?.to_str().ok()?;
            text.split([',', ';']).next()?.trim().parse::<f64>().ok()
        };
        if number("remaining")? > 0.0 {
            return None;
        }
        let seconds = number("reset-after").or_else(|| number("reset").map(|reset| seconds_until(reset, now)))?;
        Duration::try_from_secs_f64(seconds.max(0.0)).ok()
    })
}

/// A reset is a number of seconds, or a moment in seconds or milliseconds since 1970.
fn seconds_until(reset: f64, now: SystemTime) -> f64 {
    const MOMENTS: f64 = 1e9;
    const MILLISECONDS: f64 = 1e12;
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    match reset {
        _ if reset >= MILLISECONDS => reset / 1000.0 - now,
        _ if reset >= MOMENTS => reset - now,
        _ => reset,
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn held(status: u16, headers: &[(&'static str, &'static str)]) -> Option<u64> {
        let pairs = headers.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)));
        let status = StatusCode::from_u16(status).expect("a status");
        hold(status, &pairs.collect(), UNIX_EPOCH + Duration::from_secs(NOW)).map(|hold| hold.as_secs())
    }

    #[test]
    fn a_used_up_limit_holds_in_every_spelling() {
        assert_eq!(held(200, &[("ratelimit-remaining", "0"), ("ratelimit-reset", "30")]), Some(30));
        assert_eq!(held(200, &[("ratelimit", "\"default\";r=0;t=30")]), Some(30));
        assert_eq!(held(200, &[("ratelimit", "limit=100, remaining=0, reset=30")]), Some(30));
        assert_eq!(held(200, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1800000030")]), Some(30));
        assert_eq!(held(200, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1800000030000")]), Some(30));
        assert_eq!(held(200, &[("x-rate-limit-remaining", "0"), ("x-rate-limit-reset-after", "30.5")]), Some(30));
        assert_eq!(held(429, &[("retry-after", "30")]), Some(30));
    }

    #[test]
    fn anything_else_holds_nothing() {
        assert_eq!(held(200, &[]), None);
        assert_eq!(held(200, &[("retry-after", "30")]), None);
        assert_eq!(held(429, &[("retry-after", "0")]), None);
        assert_eq!(held(200, &[("ratelimit-remaining", "1"), ("ratelimit-reset", "30")]), None);
        assert_eq!(held(200, &[("ratelimit-remaining", "0")]), None);
        assert_eq!(held(200, &[("ratelimit-remaining", "none"), ("ratelimit-reset", "soon")]), None);
        assert_eq!(held(200, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1799999999")]), None);
        assert_eq!(held(200, &[("ratelimit-remaining", "0"), ("ratelimit-reset", "1e300")]), None);
    }

    #[test]
    fn nothing_holds_for_ever() {
        assert_eq!(held(429, &[("retry-after", "99999999999999999999")]), Some(HOLD_MAX.as_secs()));
    }
}
