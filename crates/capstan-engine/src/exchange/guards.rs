//! What all calls to an origin share: its rate, its places, its failures.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::limits::ORIGINS_MAX;
use crate::plan::{Breaker, Rate};

/// The origins that an engine has to do with.
#[derive(Default)]
pub(crate) struct Guards {
    origins: Mutex<HashMap<Box<str>, Arc<Origin>>>,
}

impl Guards {
    /// What is known of the origin of a URL.
    pub(super) fn origin(&self, url: &str) -> Arc<Origin> {
        let name = origin_of(url);
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(origin) = origins.get(name) {
            return origin.clone();
        }
        if origins.len() >= ORIGINS_MAX {
            // A parameter in the host makes origins without end; those not in use go.
            origins.retain(|_, origin| Arc::strong_count(origin) > 1);
        }
        origins.entry(name.into()).or_default().clone()
    }
}

/// The scheme and the authority of a URL.
fn origin_of(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    &url[..end]
}

/// One origin.
#[derive(Default)]
pub(super) struct Origin {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// No request before this moment: the API said so.
    held_until: Option<Instant>,
    /// When each rate's next request is due, on time (the theoretical arrival time of GCRA).
    due: HashMap<Rate, Instant>,
    places: HashMap<u32, Arc<Semaphore>>,
    failures: HashMap<Breaker, Failures>,
}

/// The failures of an origin, as a breaker counts them.
#[derive(Clone, Copy, Default)]
struct Failures {
    in_a_row: u32,
    first: Option<Instant>,
    /// Until when nothing is sent.
    open_until: Option<Instant>,
}

impl Origin {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for one of a number of places.
    pub(super) async fn place(&self, concurrency: u32) -> Option<OwnedSemaphorePermit> {
        let places = self.state().places.entry(concurrency).or_insert_with(|| new_places(concurrency)).clone();
        places.acquire_owned().await.ok()
    }

    /// How long a request has to wait for its turn by a rate. Its turn is taken with that: the
    /// next one waits longer.
    pub(super) fn turn(&self, rate: &Rate, now: Instant) -> Duration {
        let interval = rate.per / rate.requests;
        let mut state = self.state();
        let due = state.due.entry(*rate).or_insert(now);
        let on_time = (*due).max(now);
        *due = on_time.checked_add(interval).unwrap_or(on_time);
        // As many may come early as make a burst.
        let early = interval.saturating_mul(rate.burst - 1);
        (on_time.duration_since(now)).saturating_sub(early)
    }

    /// Gives back a turn that was not used.
    pub(super) fn give_back(&self, rate: &Rate) {
        let interval = rate.per / rate.requests;
        if let Some(due) = self.state().due.get_mut(rate) {
            *due = due.checked_sub(interval).unwrap_or(*due);
        }
    }

    /// How long the API wants no request.
    pub(super) fn held(&self, now: Instant) -> Option<Duration> {
        let mut state = self.state();
        let left = state.held_until?.checked_duration_since(now).filter(|left| !left.is_zero());
        if left.is_none() {
            state.held_until = None;
        }
        left
    }

    /// Sends nothing for a while.
    pub(super) fn hold(&self, time: Duration, now: Instant) {
        let mut state = self.state();
        state.held_until = state.held_until.max(Some(now + time));
    }

    /// How long the breaker stays open; `None` lets a request through. When the time is over, one
    /// request tries whether the API is back, and the others wait for as long again.
    pub(super) fn broken(&self, breaker: &Breaker, now: Instant) -> Option<Duration> {
        let mut state = self.state();
        let failures = state.failures.get_mut(breaker)?;
        let until = failures.open_until?;
        match until.checked_duration_since(now).filter(|left| !left.is_zero()) {
            Some(left) => Some(left),
            None => {
                failures.open_until = Some(now + breaker.cooldown);
                None
            }
        }
    }

    /// Counts how a request ended.
    pub(super) fn ended(&self, breaker: &Breaker, failed: bool, now: Instant) {
        let mut state = self.state();
        if !failed {
            state.failures.remove(breaker);
            return;
        }
        let failures = state.failures.entry(*breaker).or_default();
        if failures.first.is_none_or(|first| now.duration_since(first) > breaker.window) {
            failures.first = Some(now);
            failures.in_a_row = 0;
        }
        failures.in_a_row += 1;
        if failures.in_a_row >= breaker.failures || failures.open_until.is_some() {
            failures.open_until = Some(now + breaker.cooldown);
        }
    }
}

fn new_places(concurrency: u32) -> Arc<Semaphore> {
    let most = usize::try_from(concurrency).unwrap_or(Semaphore::MAX_PERMITS);
    Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)))
}

#[cfg(test)]
mod tests;
