//! `resilience` blocks become a policy: key by key the innermost wins, the caller's before all.

use capstan_spec::diagnostic::{Code, Diagnostic};
use capstan_spec::document::{self, OrOff, Resilience};
use capstan_spec::quantity::Time;
use capstan_spec::source::Spanned;
use http::HeaderName;

use super::OperationSource;
use super::names::{Implied, Scope};
use crate::limits;
use crate::plan::{Breaker, HeaderParameter, Place, Policy, Rate, Source};

/// Compiles the policy of an operation. A key that a template makes becomes a header of the request.
pub(super) fn compile(
    source: &OperationSource<'_>,
    headers: &mut Vec<HeaderParameter>,
    scope: &mut Scope<'_>,
) -> Policy {
    let mut policy = Policy::default();
    let layers = Layers::of(source);
    layers.timeout(&mut policy);
    layers.retry(&mut policy);
    layers.rate(&mut policy);
    policy.breaker = layers.on(|r| r.circuit_breaker.as_ref()).map(|_| layers.breaker());
    policy.caches = layers.first(|r| r.cache).is_some_and(|on| on.value);
    if let Some(key) = layers.on(|r| r.idempotency_key.as_ref()) {
        idempotency_key(key, &mut policy, headers, scope);
    }
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

    /// What the first block says that says something.
    fn first<T>(&self, key: impl Fn(&'c Resilience) -> Option<T>) -> Option<T> {
        self.0.iter().find_map(|layer| key(layer))
    }

    /// The first block of a kind, unless it turns the kind off.
    fn on<T>(&self, block: impl Fn(&'c Resilience) -> Option<&'c OrOff<T>>) -> Option<&'c T> {
        match self.first(block)? {
            OrOff::On(block) => Some(block),
            OrOff::Off => None,
        }
    }

    fn time(&self, key: impl Fn(&'c Resilience) -> Option<Spanned<Time>>) -> Option<std::time::Duration> {
        self.first(key).map(|time| time.value.0)
    }

    fn timeout(&self, policy: &mut Policy) {
        policy.timeout.connect = self.time(|r| r.timeout.as_ref()?.connect);
        policy.timeout.attempt = self.time(|r| r.timeout.as_ref()?.attempt);
        policy.timeout.total = self.time(|r| r.timeout.as_ref()?.total);
    }

    fn retry(&self, policy: &mut Policy) {
        let retry = &mut policy.retry;
        if let Some(OrOff::Off) = self.first(|r| r.retry.as_ref()) {
            retry.attempts = 1;
            return;
        }
        let of = |r: &'c Resilience| block(r.retry.as_ref());
        if let Some(attempts) = self.first(|r| of(r)?.attempts) {
            retry.attempts = count(attempts).min(limits::ATTEMPTS_MAX);
        }
        if let Some(statuses) = self.first(|r| of(r)?.statuses.as_ref()) {
            retry.statuses = statuses.0.iter().filter_map(|s| u16::try_from(s.value).ok()).collect();
        }
        if let Some(errors) = self.first(|r| of(r)?.errors.as_ref()) {
            retry.errors = errors.0.iter().map(|e| e.value).collect();
        }
        let backoff = |r: &'c Resilience| of(r)?.backoff.as_ref();
        if let Some(initial) = self.time(|r| backoff(r)?.initial) {
            retry.backoff.initial = initial;
        }
        if let Some(max) = self.time(|r| backoff(r)?.max) {
            retry.backoff.max = max;
        }
        if let Some(factor) = self.first(|r| backoff(r)?.factor) {
            retry.backoff.factor = factor.value.max(1.0);
        }
        if let Some(max) = self.time(|r| of(r)?.retry_after_max) {
            retry.retry_after_max = max;
        }
        if let Some(all) = self.first(|r| of(r)?.unsafe_methods) {
            retry.unsafe_methods = all.value;
        }
    }

    fn rate(&self, policy: &mut Policy) {
        if self.on(|r| r.rate_limit.as_ref()).is_none() {
            // Off means that nothing slows requests down, not even what answers say.
            policy.learns = self.first(|r| r.rate_limit.as_ref()).is_none();
            return;
        }
        let of = |r: &'c Resilience| block(r.rate_limit.as_ref());
        if let Some(requests) = self.first(|r| of(r)?.requests) {
            let per = self.time(|r| of(r)?.per).unwrap_or(std::time::Duration::from_secs(1));
            let burst = self.first(|r| of(r)?.burst).map_or(1, count);
            policy.rate = Some(Rate { requests: count(requests), per, burst });
        }
        policy.concurrency = self.first(|r| of(r)?.concurrency).map(count);
        policy.learns = self.first(|r| of(r)?.learn).is_none_or(|learn| learn.value);
    }

    fn breaker(&self) -> Breaker {
        let of = |r: &'c Resilience| block(r.circuit_breaker.as_ref());
        let standard = Breaker::default();
        Breaker {
            failures: self.first(|r| of(r)?.failures).map_or(standard.failures, count),
            window: self.time(|r| of(r)?.window).unwrap_or(standard.window),
            cooldown: self.time(|r| of(r)?.cooldown).unwrap_or(standard.cooldown),
        }
    }
}

fn block<T>(block: Option<&OrOff<T>>) -> Option<&T> {
    match block? {
        OrOff::On(block) => Some(block),
        OrOff::Off => None,
    }
}

/// A number of things of which there must be one.
fn count(number: Spanned<u64>) -> u32 {
    u32::try_from(number.value).unwrap_or(u32::MAX).max(1)
}

fn idempotency_key(
    key: &document::IdempotencyKey,
    policy: &mut Policy,
    headers: &mut Vec<HeaderParameter>,
    scope: &mut Scope<'_>,
) {
    let name = key.header.as_ref().map_or("Idempotency-Key", |header| &header.value);
    let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
        let span = key.header.as_ref().map_or(key.span, |header| header.span);
        scope.sink.push(
            Diagnostic::new(Code::BadHeaderName, span, format!("`{name}` is not a header name"))
                .help("a header name has letters, digits and `-`"),
        );
        return;
    };
    policy.has_key = true;
    match &key.value {
        None => policy.made_key = Some(name),
        Some(value) => {
            let template = scope.template(&value.value, value.span, &Implied::required(Place::Header));
            headers.push(HeaderParameter { name, value: Source::Template(template) });
        }
    }
}
