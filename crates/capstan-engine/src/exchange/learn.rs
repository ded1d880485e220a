//! What an answer says of how often the API wants to be asked. Pure.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, StatusCode};

use super::retry::retry_after;
use crate::limits::HOLD_MAX;

/// What an answer says of the requests to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// For how long the API wants none.
    pub(super) hold: Option<Duration>,
    /// How many it takes.
    pub(super) quota: Option<Quota>,
    /// Whether this one was too many.
    pub(super) is_refusal: bool,
}

/// How many requests an API takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quota {
    /// Requests until the limit is filled up again.
    pub(super) left: u64,
    /// The time until then.
    pub(super) reset: Duration,
    /// What it is filled up to, where that is told.
    pub(super) limit: Option<u64>,
    /// How often it is filled up, where that is told.
    pub(super) window: Option<Duration>,
}

/// What an answer says.
///
/// `Retry-After` of 429 and 503 goes before the headers of limits, of which every API has its own:
/// the fields of the IETF's draft in all three forms that it had, and the `X-RateLimit-…` that came
/// before.
pub(super) fn said(status: StatusCode, headers: &HeaderMap, now: impl FnOnce() -> SystemTime) -> Said {
    let is_refusal = status == StatusCode::TOO_MANY_REQUESTS;
    let is_busy = is_refusal || status == StatusCode::SERVICE_UNAVAILABLE;
    if !is_busy && !speaks(headers) {
        return Said { hold: None, quota: None, is_refusal };
    }
    let now = now();
    let asked = is_busy.then(|| retry_after(headers, now)).flatten();
    let quota = match asked {
        Some(_) => None,
        None => structured(headers).or_else(|| separate(headers, is_refusal, now)),
    };
    let quota = quota.map(|quota| Quota { reset: quota.reset.min(HOLD_MAX), ..quota });
    Said {
        hold: asked.map(|hold| hold.min(HOLD_MAX)).filter(|hold| !hold.is_zero()),
        quota: quota.filter(|quota| !quota.reset.is_zero()),
        is_refusal,
    }
}

/// Whether any header is about limits. Most answers have none, and are asked for no name of the many.
fn speaks(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        let name = name.as_str();
        ["ratelimit", "x-rate"].iter().any(|family| name.starts_with(family))
    })
}

/// `RateLimit: "burst";r=5;t=1, "daily";r=0;t=30`, or `RateLimit: limit=100, remaining=0, reset=30`.
/// Of several limits the one counts of which the least is left.
fn structured(headers: &HeaderMap) -> Option<Quota> {
    let text = headers.get("ratelimit")?.to_str().ok()?;
    let policies = headers.get("ratelimit-policy").and_then(|value| value.to_str().ok()).unwrap_or("");
    if let Some(left) = number(parameters(text, ','), "remaining") {
        let reset = number(parameters(text, ','), "reset")?;
        let window = number(parameters(policies, ';'), "w");
        let limit = number(parameters(text, ','), "limit");
        return Some(Quota { left, reset: Duration::from_secs(reset), limit, window: window.map(Duration::from_secs) });
    }
    let limits = split(text, ',').filter_map(|item| {
        let left = number(parameters(item, ';'), "r")?;
        let reset = number(parameters(item, ';'), "t")?;
        let policy = split(policies, ',').find(|policy| name(policy) == name(item)).unwrap_or("");
        let limit = number(parameters(policy, ';'), "q");
        let window = number(parameters(policy, ';'), "w");
        Some(Quota { left, reset: Duration::from_secs(reset), limit, window: window.map(Duration::from_secs) })
    });
    limits.min_by_key(|quota| (quota.left, std::cmp::Reverse(quota.reset)))
}

/// What an item of a list is called.
fn name(item: &str) -> &str {
    split(item, ';').next().unwrap_or("").trim()
}

fn number<'a>(mut parameters: impl Iterator<Item = (&'a str, &'a str)>, name: &str) -> Option<u64> {
    parameters.find_map(|(known, value)| (known == name).then(|| value.parse().ok())?)
}

/// The pairs of a list, parted by a mark.
fn parameters(text: &str, mark: char) -> impl Iterator<Item = (&str, &str)> {
    let pairs = split(text, mark).filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.trim(), value.trim()))
}

/// The parts between marks that stand in no quoted text (RFC 9651, section 3.3.3).
fn split(text: &str, mark: char) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.split(move |c: char| {
        let was_escaped = std::mem::take(&mut is_escaped);
        match c {
            '\\' if is_quoted => is_escaped = !was_escaped,
            '"' if !was_escaped => is_quoted = !is_quoted,
            _ => {}
        }
        c == mark && !is_quoted
    })
}

/// Headers of one family: what is left, the limit, and when it is filled up again, as the time
/// until then or as a moment.
struct Family {
    left: &'static str,
    limit: &'static str,
    reset: &'static str,
    reset_after: &'static str,
}

const FAMILIES: [Family; 3] = [
    Family {
        left: "ratelimit-remaining",
        limit: "ratelimit-limit",
        reset: "ratelimit-reset",
        reset_after: "ratelimit-reset-after",
    },
    Family {
        left: "x-ratelimit-remaining",
        limit: "x-ratelimit-limit",
        reset: "x-ratelimit-reset",
        reset_after: "x-ratelimit-reset-after",
    },
    Family {
        left: "x-rate-limit-remaining",
        limit: "x-rate-limit-limit",
        reset: "x-rate-limit-reset",
        reset_after: "x-rate-limit-reset-after",
    },
];

/// A header for what is left, and one for when it is filled up again. An API that refuses need not
/// say that nothing is left.
fn separate(headers: &HeaderMap, is_refusal: bool, now: SystemTime) -> Option<Quota> {
    FAMILIES.iter().find_map(|family| {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let first = |name| text(name).and_then(|text| text.split([',', ';']).next()?.trim().parse::<f64>().ok());
        let left = first(family.left).or(is_refusal.then_some(0.0)).filter(|left| left.is_finite())?;
        let seconds =
            first(family.reset_after).or_else(|| text(family.reset).and_then(|reset| seconds_until(reset, now)))?;
        let reset = Duration::try_from_secs_f64(seconds.max(0.0)).ok()?;
        // What is left of a cost may have a fraction; part of a request is none.
        let whole = |number: f64| number.max(0.0) as u64;
        let window = text(family.limit).and_then(|text| number(parameters(text, ';'), "w"));
        let limit = first(family.limit).filter(|limit| limit.is_finite()).map(whole);
        Some(Quota { left: whole(left), reset, limit, window: window.map(Duration::from_secs) })
    })
}

/// A reset is a number of seconds, or a moment: in seconds or milliseconds since 1970, or a date.
fn seconds_until(reset: &str, now: SystemTime) -> Option<f64> {
    const MOMENTS: f64 = 1e9;
    const MILLISECONDS: f64 = 1e12;
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    if let Ok(date) = httpdate::parse_http_date(reset.trim()) {
        return Some(date.duration_since(now).unwrap_or_default().as_secs_f64());
    }
    let reset: f64 = reset.split([',', ';']).next()?.trim().parse().ok()?;
    Some(match reset {
        _ if reset >= MILLISECONDS => reset / 1000.0 - since,
        _ if reset >= MOMENTS => reset - since,
        _ => reset,
    })
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn heard(status: u16, headers: &[(&'static str, &'static str)]) -> Said {
        let pairs = headers.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)));
        let status = StatusCode::from_u16(status).expect("a status");
        said(status, &pairs.collect(), || UNIX_EPOCH + Duration::from_secs(NOW))
    }

    fn hold(status: u16, headers: &[(&'static str, &'static str)]) -> Option<u64> {
        heard(status, headers).hold.map(|hold| hold.as_secs())
    }

    /// What is left, and the seconds until it is filled up.
    fn quota(status: u16, headers: &[(&'static str, &'static str)]) -> Option<(u64, u64)> {
        heard(status, headers).quota.map(|quota| (quota.left, quota.reset.as_secs()))
    }

    #[test]
    fn a_limit_in_every_spelling() {
        for (left, reset) in [
            (("ratelimit-remaining", "7"), ("ratelimit-reset", "30")),
            (("x-ratelimit-remaining", "7"), ("x-ratelimit-reset", "30")),
            (("x-ratelimit-remaining", "7"), ("x-ratelimit-reset", "1800000030")),
            (("x-ratelimit-remaining", "7"), ("x-ratelimit-reset", "1800000030000")),
            (("x-ratelimit-remaining", "7.5"), ("x-ratelimit-reset", "Fri, 15 Jan 2027 08:00:30 GMT")),
            (("x-rate-limit-remaining", "7"), ("x-rate-limit-reset-after", "30.5")),
        ] {
            assert_eq!(quota(200, &[left, reset]), Some((7, 30)), "{reset:?}");
        }
        assert_eq!(quota(200, &[("ratelimit", "\"default\";r=7;t=30")]), Some((7, 30)));
        assert_eq!(quota(200, &[("ratelimit", "limit=100, remaining=7, reset=30")]), Some((7, 30)));
        assert_eq!(quota(429, &[("x-ratelimit-reset", "30")]), Some((0, 30)), "it refuses, so nothing is left");
    }

    #[test]
    fn of_several_limits_the_one_counts_that_is_nearest() {
        let text = "\"a;r=0\";r=5;t=1, \"b\\\", r=1\";r=3;t=60, \"c\";r=3;t=90";
        let said = heard(200, &[("ratelimit", text), ("ratelimit-policy", "\"a\";q=9;w=1, \"c\";q=50;w=100")]);
        let window = Some(Duration::from_secs(100));
        assert_eq!(said.quota, Some(Quota { left: 3, reset: Duration::from_secs(90), limit: Some(50), window }));
    }

    #[test]
    fn the_size_of_a_limit_where_it_is_told() {
        let size = |headers: &[(&'static str, &'static str)]| {
            heard(200, headers).quota.map(|quota| (quota.limit, quota.window.map(|w| w.as_secs())))
        };
        let (left, reset) = (("ratelimit-remaining", "7"), ("ratelimit-reset", "30"));
        assert_eq!(size(&[left, reset]), Some((None, None)));
        assert_eq!(size(&[left, reset, ("ratelimit-limit", "100")]), Some((Some(100), None)));
        assert_eq!(size(&[left, reset, ("ratelimit-limit", "100, 100;w=60")]), Some((Some(100), Some(60))));
        let old = [("ratelimit", "limit=100, remaining=7, reset=30"), ("ratelimit-policy", "100;w=60")];
        assert_eq!(size(&old), Some((Some(100), Some(60))));
    }

    #[test]
    fn a_wait_that_is_asked_for_goes_before_limits() {
        let limit = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "600")];
        assert_eq!(hold(429, &[("retry-after", "30")]), Some(30));
        assert_eq!(hold(503, &[("retry-after", "30")]), Some(30));
        assert_eq!(quota(429, &[limit[0], limit[1], ("retry-after", "30")]), None);
        assert_eq!(quota(200, &[limit[0], limit[1], ("retry-after", "30")]), Some((0, 600)));
    }

    #[test]
    fn anything_else_says_nothing() {
        assert_eq!(hold(200, &[("retry-after", "30")]), None);
        assert_eq!(hold(429, &[("retry-after", "0")]), None);
        for headers in [
            &[][..],
            &[("ratelimit-remaining", "0")],
            &[("ratelimit-reset", "30")],
            &[("ratelimit-remaining", "none"), ("ratelimit-reset", "soon")],
            &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1799999999")],
            &[("ratelimit-remaining", "0"), ("ratelimit-reset", "1e300")],
            &[("ratelimit-remaining", "NaN"), ("ratelimit-reset", "NaN")],
            &[("ratelimit", "\"a\";r=0")],
        ] {
            assert_eq!(quota(200, headers), None, "{headers:?}");
        }
    }

    #[test]
    fn nothing_holds_for_ever() {
        let max = HOLD_MAX.as_secs();
        assert_eq!(hold(429, &[("retry-after", "99999999999999999999")]), Some(max));
        assert_eq!(quota(200, &[("ratelimit", "\"a\";r=0;t=99999999999")]), Some((0, max)));
    }
}
