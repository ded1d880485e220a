//! What all calls to an origin share: its rate, its places, its failures, and what it taught.
//!
//! There is one door: [`Origin::admit`] lets a request go or says what is in its way, and takes
//! rate, place and try together. A [`Pass`] gives back what was taken when it is dropped, so that
//! a call may be cancelled at any time. Waiting is done elsewhere, in `turn`.

mod breaker;
mod learned;
mod rate;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::futures::Notified;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::learn::Said;
use crate::limits::ORIGINS_MAX;
use crate::plan::{Breaker, Rate};
use breaker::Circuit;
pub(super) use breaker::Shut;
use learned::Learned;
use rate::Due;

/// The origins that an engine has to do with.
#[derive(Default)]
pub(crate) struct Guards {
    origins: Mutex<BTreeMap<Box<str>, Arc<Origin>>>,
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
pub(super) fn origin_of(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    &url[..end]
}

/// A moment after another; one too far away to be told apart from never is far away.
fn later(moment: Instant, time: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(u32::MAX as u64);
    moment.checked_add(time).unwrap_or_else(|| moment + FAR)
}

/// One origin.
#[derive(Default)]
pub(super) struct Origin {
    state: Mutex<State>,
    /// Rung when something that was in the way may have gone.
    changed: Notify,
}

#[derive(Default)]
struct State {
    /// Requests under way.
    in_flight: u32,
    /// Those of them that share a number of places, by that number.
    places: HashMap<u32, u32>,
    due: HashMap<Rate, Due>,
    circuits: HashMap<Breaker, Circuit>,
    learned: Learned,
    /// Requests that were refused and come again when the API allows it, before all that were
    /// refused less often: how many, by how often.
    refused: BTreeMap<u32, u32>,
    lines: HashMap<Key, Line>,
}

/// What a request asks for.
#[derive(Clone, Copy)]
pub(super) struct Ask<'p> {
    pub(super) rate: Option<&'p Rate>,
    pub(super) concurrency: Option<u32>,
    pub(super) breaker: Option<&'p Breaker>,
    /// Whether what the API said is heeded.
    pub(super) learns: bool,
    /// How often it was refused; it goes before those that were less often.
    pub(super) refusals: u32,
}

impl Ask<'_> {
    fn key(&self) -> Key {
        let Ask { rate, concurrency, breaker: _, learns, refusals } = *self;
        Key { rate: rate.copied(), concurrency, learns, refusals }
    }
}

/// Requests that wait for the same things stand in one line.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    rate: Option<Rate>,
    concurrency: Option<u32>,
    learns: bool,
    refusals: u32,
}

struct Line {
    waiting: u32,
    /// The place of the first, given in the order in which they came.
    head: Arc<Semaphore>,
}

/// What is in the way of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// The breaker.
    Shut(Shut),
    /// The rate, for this long.
    Rate(Duration),
    /// The API, for this long.
    Api(Duration),
    /// Other requests that have all places.
    Place,
    /// Other requests that the API takes before, or that go first.
    Others,
}

impl Origin {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a request go, unless something is in its way or others wait before it.
    pub(super) fn admit(self: &Arc<Self>, ask: &Ask<'_>, now: Instant) -> Result<Pass, Obstacle> {
        let mut state = self.state();
        state.obstacle(ask, now)?;
        if state.waiting(ask) > 0 {
            return Err(Obstacle::Others);
        }
        Ok(self.pass(&mut state, ask, now))
    }

    /// Lets the first of a line go, unless something is in its way.
    pub(super) fn admit_first(self: &Arc<Self>, ask: &Ask<'_>, now: Instant) -> Result<Pass, Obstacle> {
        let mut state = self.state();
        state.obstacle(ask, now)?;
        Ok(self.pass(&mut state, ask, now))
    }

    fn pass(self: &Arc<Self>, state: &mut State, ask: &Ask<'_>, now: Instant) -> Pass {
        if let Some(rate) = ask.rate {
            state.due.entry(*rate).or_insert_with(|| Due::new(now)).take(rate, now);
        }
        if let Some(most) = ask.concurrency {
            *state.places.entry(most).or_default() += 1;
        }
        if ask.learns {
            state.learned.sent();
        }
        state.in_flight += 1;
        let tries = ask.breaker.is_some_and(|breaker| state.circuits.get_mut(breaker).is_some_and(Circuit::enter));
        let trial = ask.breaker.filter(|_| tries).copied();
        Pass { origin: self.clone(), place: ask.concurrency, is_in_flight: true, trial, sent: now }
    }

    /// Joins the line for what a request asks for.
    pub(super) fn join(self: &Arc<Self>, ask: &Ask<'_>) -> Waiting {
        let key = ask.key();
        let mut state = self.state();
        let line = state.lines.entry(key);
        let line = line.or_insert_with(|| Line { waiting: 0, head: Arc::new(Semaphore::new(1)) });
        line.waiting += 1;
        Waiting { origin: self.clone(), key, head: line.head.clone() }
    }

    /// The wait by the rate of a request that is the last in its line.
    pub(super) fn outlook(&self, ask: &Ask<'_>, now: Instant) -> Duration {
        let state = self.state();
        let Some((rate, due)) = ask.rate.and_then(|rate| Some((rate, state.due.get(rate)?))) else {
            return Duration::ZERO;
        };
        due.wait(rate, state.waiting(ask).saturating_sub(1), now)
    }

    /// Why nothing is sent by a breaker.
    pub(super) fn shut(&self, breaker: &Breaker, now: Instant) -> Option<Shut> {
        self.state().circuits.get(breaker)?.shut(now)
    }

    /// Keeps the place of a request that was refused so often, and comes again.
    pub(super) fn refused(self: &Arc<Self>, refusals: u32) -> Refused {
        *self.state().refused.entry(refusals).or_default() += 1;
        Refused { origin: self.clone(), refusals }
    }

    /// What tells when something changes. It tells of all that happens from now on.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }
}

impl State {
    /// What is in the way of a request.
    fn obstacle(&mut self, ask: &Ask<'_>, now: Instant) -> Result<(), Obstacle> {
        if let Some(shut) = ask.breaker.and_then(|breaker| self.circuits.get(breaker)?.shut(now)) {
            return Err(Obstacle::Shut(shut));
        }
        if ask.learns {
            if let Some(until) = self.learned.wait(now) {
                return Err(Obstacle::Api(until.duration_since(now)));
            }
            let goes_later = self.refused.keys().next_back().is_some_and(|most| *most > ask.refusals);
            if goes_later || self.learned.is_full(self.in_flight) {
                return Err(Obstacle::Others);
            }
        }
        if ask.concurrency.is_some_and(|most| self.places.get(&most).is_some_and(|taken| *taken >= most)) {
            return Err(Obstacle::Place);
        }
        let wait = ask.rate.and_then(|rate| Some(self.due.get(rate)?.wait(rate, 0, now)));
        match wait.filter(|wait| !wait.is_zero()) {
            Some(wait) => Err(Obstacle::Rate(wait)),
            None => Ok(()),
        }
    }

    /// Tells those who wait, if any do.
    fn ring(&self, changed: &Notify) {
        if !self.lines.is_empty() {
            changed.notify_waiters();
        }
    }

    /// How many wait before a request that comes now.
    fn waiting(&self, ask: &Ask<'_>) -> u32 {
        let key = ask.key();
        let is_before = |k: &Key| k.refusals >= key.refusals && Key { refusals: key.refusals, ..*k } == key;
        self.lines.iter().filter(|(k, _)| is_before(k)).map(|(_, line)| line.waiting).sum()
    }
}

/// A request that may be sent. Dropped, it makes room for others.
pub(super) struct Pass {
    origin: Arc<Origin>,
    place: Option<u32>,
    /// Whether it counts among the requests under way.
    is_in_flight: bool,
    /// The breaker for which it tries whether the origin is back.
    trial: Option<Breaker>,
    sent: Instant,
}

impl Pass {
    /// Counts how the request ended.
    pub(super) fn ended(&mut self, breaker: &Breaker, has_failed: bool, now: Instant) {
        let tries = self.trial.take().is_some();
        let mut state = self.origin.state();
        if has_failed || state.circuits.contains_key(breaker) {
            state.circuits.entry(*breaker).or_default().ended(breaker, has_failed, tries, now);
        }
    }

    /// The API has answered: it is no longer under way, but keeps its place.
    pub(super) fn landed(&mut self) {
        let mut state = self.origin.state();
        state.in_flight -= u32::from(std::mem::take(&mut self.is_in_flight));
        state.ring(&self.origin.changed);
    }

    /// Takes note of what the answer says.
    pub(super) fn heard(&self, said: &Said, now: Instant) {
        let mut state = self.origin.state();
        let in_flight = state.in_flight;
        state.learned.heard(said, in_flight, self.sent, now);
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut state = self.origin.state();
        state.in_flight -= u32::from(self.is_in_flight);
        if let Some(taken) = self.place.and_then(|place| state.places.get_mut(&place)) {
            *taken -= 1;
        }
        if let Some(circuit) = self.trial.and_then(|breaker| state.circuits.get_mut(&breaker)) {
            circuit.abandoned();
        }
        state.ring(&self.origin.changed);
    }
}

/// A request in a line, until it is dropped.
pub(super) struct Waiting {
    origin: Arc<Origin>,
    key: Key,
    head: Arc<Semaphore>,
}

impl Waiting {
    /// The head of the line, where nobody else has it.
    pub(super) fn try_first(&self) -> Option<SemaphorePermit<'_>> {
        self.head.try_acquire().ok()
    }

    /// Waits until it is the first; it is as long as what comes back is kept.
    pub(super) async fn first(&self) -> SemaphorePermit<'_> {
        self.head.acquire().await.expect("nobody closes a line")
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut state = self.origin.state();
        if let Some(line) = state.lines.get_mut(&self.key) {
            line.waiting -= 1;
            if line.waiting == 0 {
                state.lines.remove(&self.key);
            }
        }
    }
}

/// The place of a refused request before others, until it is dropped.
pub(super) struct Refused {
    origin: Arc<Origin>,
    refusals: u32,
}

impl Drop for Refused {
    fn drop(&mut self) {
        let mut state = self.origin.state();
        if let Some(count) = state.refused.get_mut(&self.refusals) {
            *count -= 1;
            if *count == 0 {
                state.refused.remove(&self.refusals);
            }
        }
        state.ring(&self.origin.changed);
    }
}

#[cfg(test)]
mod tests;
