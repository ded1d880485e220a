//! `resilience`: what a call does when the far side is slow, busy or down. Not standard: the
//! specification has no word for it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::quantity::{Count, Time, quantity};
use crate::reader::{FromYaml, Reader, Text, record, words};
use crate::source::Spanned;
use crate::yaml::{Node, number};

record! {
    /// What a call does when the far side fails. On a consumed API, a resource or an operation; the
    /// inner one wins, key by key. Not standard.
    pub struct Resilience is "a resilience" {
        /// How long things may take.
        timeout: Option<Timeout> = "timeout" folk "timeouts";
        /// When a request is repeated; `false`: never.
        retry: Option<OrOff<Retry>> = "retry" folk "retries";
        /// The header that lets an API see a repetition as one; `false`: none.
        idempotency_key: Option<OrOff<IdempotencyKey>> = "idempotencyKey" folk "idempotency";
        /// How often requests are sent to the origin; `false`: as often as they come.
        rate_limit: Option<OrOff<RateLimit>> = "rateLimit" folk "throttle";
        /// When requests to the origin are given up for a while; `false`: never.
        circuit_breaker: Option<OrOff<CircuitBreaker>> = "circuitBreaker" folk "breaker";
        /// Whether answers are kept as they allow it (RFC 9111), and asked for once by many; absent,
        /// they are not.
        cache: Option<Spanned<bool>> = "cache" folk "caching";
    }
}

record! {
    /// How long things may take.
    pub struct Timeout is "a timeout" {
        /// Time to a connection; absent, 10 s.
        connect: Option<Spanned<Time>> = "connect";
        /// Time for one attempt; absent, what is left of the total.
        attempt: Option<Spanned<Time>> = "attempt" folk "request";
        /// Time for the whole call, waits and repetitions included; absent, 60 s.
        total: Option<Spanned<Time>> = "total" folk "deadline" folk "call";
    }
}

record! {
    /// When a request is repeated.
    pub struct Retry is "a retry" {
        /// Attempts at most, the first included; absent, 3.
        attempts: Option<Spanned<Count>> = "attempts" folk "maxAttempts";
        /// The statuses after which it is; absent, 408, 429, 500, 502, 503 and 504.
        statuses: Option<Statuses> = "statuses" folk "statusCodes" folk "on";
        /// The failures after which it is; absent, all of them.
        errors: Option<Failures> = "errors";
        /// How long it waits before the next attempt.
        backoff: Option<Backoff> = "backoff";
        /// The longest `Retry-After` that is waited for; absent, 60 s.
        retry_after_max: Option<Spanned<Time>> = "retryAfterMax" folk "maxRetryAfter";
        /// Whether requests are repeated that may do something twice: POST and PATCH without an
        /// idempotency key; absent, they are not.
        unsafe_methods: Option<Spanned<bool>> = "unsafeMethods";
    }
}

record! {
    /// How long to wait before the next attempt: a random time up to a bound that grows.
    pub struct Backoff is "a backoff" {
        /// The bound before the second attempt; absent, 500 ms.
        initial: Option<Spanned<Time>> = "initial" folk "base" folk "delay";
        /// What the bound grows by; absent, 2.
        factor: Option<Spanned<Factor>> = "factor" folk "multiplier";
        /// The largest bound; absent, 20 s.
        max: Option<Spanned<Time>> = "max" folk "maxDelay";
    }
}

words! {
    /// A failure without an answer.
    pub enum Failure is "a failure" {
        /// No connection came about: nothing was sent.
        Connect = "connect" folk "connection";
        /// The attempt took too long.
        Timeout = "timeout";
        /// The connection broke off before the answer was whole.
        Broken = "broken" folk "reset";
    }
}

record! {
    /// The header that lets an API see a repetition as one request.
    pub struct IdempotencyKey is "an idempotency key" {
        /// The header; absent, `Idempotency-Key`.
        header: Option<Text> = "header" folk "name";
        /// Its value, a template over the parameters; absent, a new random UUID for each call.
        value: Option<Text> = "value";
    }
}

record! {
    /// How often requests are sent to the origin of the API.
    pub struct RateLimit is "a rate limit" {
        /// Requests in each period.
        requests: Option<Spanned<Count>> = "requests" folk "limit";
        /// The period; absent, 1 s.
        per: Option<Spanned<Time>> = "per" folk "period" folk "window";
        /// Requests at once after a quiet time; absent, 1.
        burst: Option<Spanned<Count>> = "burst";
        /// Requests under way at the same time.
        concurrency: Option<Spanned<Count>> = "concurrency";
        /// Whether `RateLimit` headers and `Retry-After` slow later requests down; absent, they do.
        learn: Option<Spanned<bool>> = "learn";
    }
}

record! {
    /// When requests to the origin are given up for a while.
    pub struct CircuitBreaker is "a circuit breaker" {
        /// Failures in a row that open it; absent, 5.
        failures: Option<Spanned<Count>> = "failures" folk "threshold";
        /// The time in which they happen; absent, 60 s.
        window: Option<Spanned<Time>> = "window";
        /// Time before one request is tried again; absent, 30 s.
        cooldown: Option<Spanned<Time>> = "cooldown" folk "reset";
    }
}

/// A block, or `false` in its place.
#[derive(Clone, Debug)]
pub enum OrOff<T> {
    /// `false`.
    Off,
    /// The block; `true` is one without keys.
    On(T),
}

impl<T: FromYaml + Default> FromYaml for OrOff<T> {
    fn read(node: &Node<'_>, cx: &mut Reader<'_>) -> Option<Self> {
        if node.as_mapping().is_some() {
            return T::read(node, cx).map(OrOff::On);
        }
        let on: Spanned<bool> = Spanned::read(node, cx)?;
        Some(if on.value { OrOff::On(T::default()) } else { OrOff::Off })
    }
}

impl<T: JsonSchema> JsonSchema for OrOff<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("{}OrOff", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "boolean" }, generator.subschema_for::<T>()] })
    }
}

/// What a bound grows by, at least 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Factor(pub f64);

impl FromYaml for Spanned<Factor> {
    fn read(node: &Node<'_>, cx: &mut Reader<'_>) -> Option<Self> {
        let value = node.as_text().and_then(number).and_then(|n| n.as_f64()).filter(|factor| *factor >= 1.0);
        quantity(value.map(Factor), node, "a number, 1 or more", cx)
    }
}

impl JsonSchema for Factor {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Factor".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 1 })
    }
}

/// The status of a failed request, 400 to 599.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u16);

impl FromYaml for Spanned<Status> {
    fn read(node: &Node<'_>, cx: &mut Reader<'_>) -> Option<Self> {
        let value = node.as_text().and_then(|text| text.parse().ok()).filter(|status| (400..600).contains(status));
        quantity(value.map(Status), node, "the status of an error, 400 to 599", cx)
    }
}

impl JsonSchema for Status {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Status".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 400, "maximum": 599 })
    }
}

/// A list of statuses; a single one stands for itself.
#[derive(Clone, Debug, Default)]
pub struct Statuses(pub Vec<Spanned<Status>>);

/// A list of failures; a single one stands for itself.
#[derive(Clone, Debug, Default)]
pub struct Failures(pub Vec<Spanned<Failure>>);

macro_rules! list_of_scalars {
    ($list:ident, $item:ty) => {
        impl FromYaml for $list {
            fn read(node: &Node<'_>, cx: &mut Reader<'_>) -> Option<Self> {
                let items = <Vec<Spanned<$item>> as crate::reader::Field>::read_field(node, cx);
                Some($list(items))
            }
        }

        impl JsonSchema for $list {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($list).into()
            }
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "array", "items": generator.subschema_for::<$item>() })
            }
        }
    };
}

list_of_scalars!(Statuses, Status);
list_of_scalars!(Failures, Failure);
