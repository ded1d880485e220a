//! `resilience` blocks become a policy: key by key the innermost wins, the caller's before all.

use std::time::Duration;

use capstan_spec::diagnostic::{Code, Diagnostic};
use capstan_spec::document::{self, OrOff, Resilience};
use capstan_spec::quantity::{Count, Time};
use capstan_spec::source::Spanned;
use http::HeaderName;

use super::OperationSource;
use super::names::{Implied, Scope};
use crate::limits;
use crate::plan::{Breaker, HeaderParameter, Place, Policy, Rate, Retry, Source, Timeout};

/// Compiles the policy of an operation. A key that a template makes becomes a header of the request.
pub(super) fn compile(
    source: &OperationSource<'_>,
    headers: &mut Vec<HeaderParameter>,
    scope: &mut Scope<'_>,
) -> Policy {
    let mut policy = Policy::default();
    let layers = Layers::of(source);
    timeout(&layers, &mut policy.timeout);
    retry(&layers.blocks(|r| r.retry.as_ref()), &mut policy.retry);
    rate(&layers.blocks(|r| r.rate_limit.as_ref()), &mut policy);
    policy.breaker = breaker(&layers.blocks(|r| r.circuit_breaker.as_ref()));
    policy.caches = layers.first(|r| r.cache).is_some_and(|on| on.value);
    idempotency_key(&layers.blocks(|r| r.idempotency_key.as_ref()), &mut policy, headers, scope);
    policy
}

/// The blocks that apply to an operation, the most important first.
struct Layers<'c>(Vec<&'c Resilience>);

impl<'c> Layers<'c> {
    fn of(source: &OperationSource<'c>) -> Self {
        let name = source.operation.name.as_ref().map_or("", |name| &name.value);
        let amendments = source.capability.amendments(source.consumes).flat_map(|amendment| {
            let operation = amendment.operations.get(name).and_then(|o| o.resilience.as_ref());
            operation.into_iter().chain(amendment.resilience.as_ref())
        });
        let operation = source.operation.value.resilience.as_ref();
        let resource = source.resource.value.resilience.as_ref();
        let own = operation.into_iter().chain(resource).chain(source.consumes.resilience.as_ref());
        Layers(amendments.chain(own).collect())
    }

    /// The blocks of one kind.
    fn blocks<T>(&self, kind: impl Fn(&'c Resilience) -> Option<&'c OrOff<T>>) -> Blocks<'c, T> {
        let mut blocks = Blocks { on: Vec::new(), is_off: false };
        for block in self.0.iter().filter_map(|layer| kind(layer)) {
            match block {
                OrOff::On(block) => blocks.on.push(block),
                OrOff::Off => {
                    // What stands further out is off, too.
                    blocks.is_off = blocks.on.is_empty();
                    break;
                }
            }
        }
        blocks
    }

    /// What the first block says that says something.
    fn first<T>(&self, key: impl Fn(&'c Resilience) -> Option<T>) -> Option<T> {
        self.0.iter().find_map(|layer| key(layer))
    }
}

/// The blocks of one kind that apply, the most important first.
struct Blocks<'c, T> {
    on: Vec<&'c T>,
    /// Whether the kind is turned off.
    is_off: bool,
}

impl<'c, T> Blocks<'c, T> {
    /// What the first block says that says something.
    fn first<V>(&self, key: impl Fn(&'c T) -> Option<V>) -> Option<V> {
        self.on.iter().find_map(|block| key(block))
    }

    fn time(&self, key: impl Fn(&'c T) -> Option<Spanned<Time>>) -> Option<Duration> {
        self.first(key).map(|time| time.value.0)
    }

    fn count(&self, key: impl Fn(&'c T) -> Option<Spanned<Count>>) -> Option<u32> {
        self.first(key).map(|count| count.value.0)
    }
}

fn timeout(layers: &Layers<'_>, timeout: &mut Timeout) {
    let blocks = Blocks { on: layers.0.iter().filter_map(|r| r.timeout.as_ref()).collect(), is_off: false };
    timeout.connect = blocks.time(|t| t.connect);
    timeout.attempt = blocks.time(|t| t.attempt);
    timeout.total = blocks.time(|t| t.total);
}

fn retry(blocks: &Blocks<'_, document::Retry>, retry: &mut Retry) {
    if blocks.is_off {
        retry.attempts = 1;
        return;
    }
    if let Some(attempts) = blocks.count(|r| r.attempts) {
        retry.attempts = attempts.min(limits::ATTEMPTS_MAX);
    }
    if let Some(statuses) = blocks.first(|r| r.statuses.as_ref()) {
        retry.statuses = statuses.0.iter().map(|status| status.value.0).collect();
    }
    if let Some(errors) = blocks.first(|r| r.errors.as_ref()) {
        retry.errors = errors.0.iter().map(|e| e.value).collect();
    }
    if let Some(initial) = blocks.time(|r| r.backoff.as_ref()?.initial) {
        retry.backoff.initial = initial;
    }
    if let Some(max) = blocks.time(|r| r.backoff.as_ref()?.max) {
        retry.backoff.max = max;
    }
    if let Some(factor) = blocks.first(|r| r.backoff.as_ref()?.factor) {
        retry.backoff.factor = factor.value.0;
    }
    if let Some(max) = blocks.time(|r| r.retry_after_max) {
        retry.retry_after_max = max;
    }
    if let Some(all) = blocks.first(|r| r.unsafe_methods) {
        retry.unsafe_methods = all.value;
    }
}

fn rate(blocks: &Blocks<'_, document::RateLimit>, policy: &mut Policy) {
    if let Some(requests) = blocks.count(|r| r.requests) {
        let per = blocks.time(|r| r.per).unwrap_or(Duration::from_secs(1));
        let burst = blocks.count(|r| r.burst).unwrap_or(1);
        policy.rate = Some(Rate { requests, per, burst });
    }
    policy.concurrency = blocks.count(|r| r.concurrency);
    // Off means that nothing slows requests down, not even what answers say.
    policy.learns = !blocks.is_off && blocks.first(|r| r.learn).is_none_or(|learn| learn.value);
}

fn breaker(blocks: &Blocks<'_, document::CircuitBreaker>) -> Option<Breaker> {
    let standard = Breaker::default();
    (!blocks.on.is_empty()).then(|| Breaker {
        failures: blocks.count(|b| b.failures).unwrap_or(standard.failures),
        window: blocks.time(|b| b.window).unwrap_or(standard.window),
        cooldown: blocks.time(|b| b.cooldown).unwrap_or(standard.cooldown),
    })
}

fn idempotency_key(
    blocks: &Blocks<'_, document::IdempotencyKey>,
    policy: &mut Policy,
    headers: &mut Vec<HeaderParameter>,
    scope: &mut Scope<'_>,
) {
    let Some(innermost) = blocks.on.first() else { return };
    let header = blocks.first(|key| key.header.as_ref());
    let name = header.map_or("Idempotency-Key", |header| &header.value);
    let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
        let span = header.map_or(innermost.span, |header| header.span);
        scope.sink.push(
            Diagnostic::new(Code::BadHeaderName, span, format!("`{name}` is not a header name"))
                .help("a header name has letters, digits and `-`"),
        );
        return;
    };
    policy.key = Some(name.clone());
    match blocks.first(|key| key.value.as_ref()) {
        None => policy.makes_key = true,
        Some(value) => {
            let template = scope.template(&value.value, value.span, &Implied::required(Place::Header));
            headers.push(HeaderParameter { name, value: Source::Template(template) });
        }
    }
}
