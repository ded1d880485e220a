//! Whether a request is sent again, and when. Pure: what is random comes in.

use std::time::{Duration, SystemTime};

use capstan_spec::diagnostic::Code;
use capstan_spec::document::Failure;
use http::header::RETRY_AFTER;
use http::{HeaderMap, Method};

use crate::plan::{Backoff, Retry};
use crate::upstream::settings::duration_text;
use crate::upstream::{Fate, Incoming, UpstreamError};

/// An attempt that has ended.
pub(super) struct Attempted<'a> {
    /// Which one it was, from 1.
    pub(super) number: u32,
    /// How many there may be.
    pub(super) attempts_max: u32,
    pub(super) method: &'a Method,
    /// Whether the API sees a repetition as one, by a key.
    pub(super) has_key: bool,
    pub(super) outcome: Result<&'a Incoming, &'a UpstreamError>,
    /// A random number from 0 to below 1.
    pub(super) chance: f64,
    pub(super) now: SystemTime,
}

/// What comes after an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// This is the outcome.
    Done,
    /// This is the outcome, although it could have been repeated; in words, why it was not.
    GivenUp(String),
    /// The request is sent again after a wait; in words, why. The API may take no requests now, be
    /// they from anybody.
    Again { after: Duration, why: String, is_refused: bool },
}

/// Decides what comes after an attempt.
pub(super) fn decide(retry: &Retry, attempted: &Attempted<'_>) -> Verdict {
    let Some(why) = reason(retry, attempted) else { return Verdict::Done };
    if attempted.number >= attempted.attempts_max {
        return Verdict::Done;
    }
    let asked = attempted.outcome.ok().and_then(|incoming| retry_after(&incoming.headers, attempted.now));
    let status = attempted.outcome.map_or(0, |incoming| incoming.status.as_u16());
    let is_refused = status == 429 || status == 503 && asked.is_some();
    match asked {
        Some(after) if after > retry.retry_after_max => {
            let (asked, max) = (duration_text(after), duration_text(retry.retry_after_max));
            Verdict::GivenUp(format!("the upstream asks to wait {asked}; {max} is waited at most (`retryAfterMax`)"))
        }
        Some(after) => Verdict::Again { after, why, is_refused },
        None => Verdict::Again { after: wait(&retry.backoff, attempted.number, attempted.chance), why, is_refused },
    }
}

/// Why an outcome is one to repeat; `None` where it is not, or must not be.
fn reason(retry: &Retry, attempted: &Attempted<'_>) -> Option<String> {
    let may_repeat = attempted.method.is_idempotent() || attempted.has_key || retry.unsafe_methods;
    match attempted.outcome {
        Ok(incoming) => {
            let is_listed = retry.statuses.contains(&incoming.status.as_u16());
            (is_listed && may_repeat).then(|| format!("answered {}", incoming.status))
        }
        Err(error) => {
            let (failure, may_repeat) = match (error.fate(), error.code()) {
                (Fate::Certain, _) => return None,
                // What was never sent cannot happen twice.
                (Fate::Unsent, _) => (Failure::Connect, true),
                (Fate::Unknown, Code::TimedOut) => (Failure::Timeout, may_repeat),
                (Fate::Unknown, _) => (Failure::Broken, may_repeat),
            };
            (retry.errors.contains(&failure) && may_repeat).then(|| error.to_string())
        }
    }
}

/// A random time up to a bound that grows with each attempt ("full jitter").
fn wait(backoff: &Backoff, number: u32, chance: f64) -> Duration {
    let exponent = i32::try_from(number.saturating_sub(1)).unwrap_or(i32::MAX);
    let bound = backoff.initial.as_secs_f64() * backoff.factor.powi(exponent);
    let bound = bound.min(backoff.max.as_secs_f64());
    Duration::try_from_secs_f64(bound * chance.clamp(0.0, 1.0)).unwrap_or(backoff.max)
}

/// How long `Retry-After` asks to wait (RFC 9110, section 10.2.3): seconds, or until a date, of
/// which one that is past asks for no wait. What is neither asks for nothing.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
        // More digits than a number holds are longer than anybody waits.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::from(u32::MAX))));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests;
