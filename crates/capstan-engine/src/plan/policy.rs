//! What a call does when the far side is slow, busy or down.

use std::time::Duration;

use capstan_spec::document::Failure;
use http::HeaderName;

use crate::limits;

/// The policy of an operation: every key has its value.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) timeout: Timeout,
    pub(crate) retry: Retry,
    /// The header of the key by which the API sees a repetition as one request.
    pub(crate) key: Option<HeaderName>,
    /// Whether it gets a new key for each call; one that a template fills is a header parameter of
    /// the request.
    pub(crate) makes_key: bool,
    pub(crate) rate: Option<Rate>,
    /// Requests under way to the origin at the same time.
    pub(crate) concurrency: Option<u32>,
    /// Whether answers slow later requests down.
    pub(crate) learns: bool,
    pub(crate) breaker: Option<Breaker>,
    /// Whether answers are kept as they allow it.
    pub(crate) caches: bool,
}

/// How long things may take; absent is the standard of the engine.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Timeout {
    pub(crate) connect: Option<Duration>,
    pub(crate) attempt: Option<Duration>,
    pub(crate) total: Option<Duration>,
}

/// When a request is repeated.
#[derive(Clone, Debug)]
pub(crate) struct Retry {
    /// Attempts at most, the first included.
    pub(crate) attempts: u32,
    pub(crate) statuses: Vec<u16>,
    pub(crate) errors: Vec<Failure>,
    pub(crate) backoff: Backoff,
    pub(crate) retry_after_max: Duration,
    pub(crate) unsafe_methods: bool,
}

/// The bound of the random wait before an attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    pub(crate) initial: Duration,
    pub(crate) factor: f64,
    pub(crate) max: Duration,
}

/// How often requests are sent to an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    /// Requests in each period, at least one.
    pub(crate) requests: u32,
    pub(crate) per: Duration,
    /// Requests at once after a quiet time, at least one.
    pub(crate) burst: u32,
}

impl Rate {
    /// As many requests in each period, evenly spaced; `None` for none at all.
    pub fn new(requests: u32, per: Duration) -> Option<Rate> {
        (requests > 0 && !per.is_zero()).then_some(Rate { requests, per, burst: 1 })
    }
}

/// When requests are given up for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Breaker {
    /// Failures in a row that open it, at least one.
    pub(crate) failures: u32,
    pub(crate) window: Duration,
    pub(crate) cooldown: Duration,
}

impl Default for Policy {
    /// What a careful person would choose; `guide/failures.md` has the table.
    fn default() -> Self {
        Policy {
            timeout: Timeout::default(),
            retry: Retry::default(),
            key: None,
            makes_key: false,
            rate: None,
            concurrency: None,
            learns: true,
            breaker: None,
            caches: false,
        }
    }
}

impl Default for Retry {
    fn default() -> Self {
        Retry {
            attempts: limits::ATTEMPTS,
            statuses: vec![408, 429, 500, 502, 503, 504],
            errors: vec![Failure::Connect, Failure::Timeout, Failure::Broken],
            backoff: Backoff { initial: Duration::from_millis(500), factor: 2.0, max: Duration::from_secs(20) },
            retry_after_max: Duration::from_secs(60),
            unsafe_methods: false,
        }
    }
}

impl Default for Breaker {
    fn default() -> Self {
        Breaker { failures: 5, window: Duration::from_secs(60), cooldown: Duration::from_secs(30) }
    }
}
