//! When an origin that failed too often is left alone. Pure: time comes in.

use std::time::Duration;

use tokio::time::Instant;

use super::later;
use crate::plan::Breaker;

/// The failures of an origin, as one breaker counts them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Circuit {
    in_a_row: u32,
    first: Option<Instant>,
    /// Until when nothing is sent; from then on one request tries.
    open_until: Option<Instant>,
    /// Whether that request is under way.
    is_tried: bool,
}

/// Why nothing is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::exchange) enum Shut {
    /// For this long, since the origin failed too often.
    For(Duration),
    /// Until it is known how the request ends that tries.
    Tried,
}

impl Shut {
    /// For how long, where that is known.
    pub(in crate::exchange) fn time(self) -> Option<Duration> {
        match self {
            Shut::For(time) => Some(time),
            Shut::Tried => None,
        }
    }
}

impl Circuit {
    /// Why nothing is sent; `None` lets a request through.
    pub(super) fn shut(&self, now: Instant) -> Option<Shut> {
        let left = self.open_until?.saturating_duration_since(now);
        match left.is_zero() {
            false => Some(Shut::For(left)),
            true => self.is_tried.then_some(Shut::Tried),
        }
    }

    /// Lets a request through that is not shut out; says whether it is the one that tries.
    pub(super) fn enter(&mut self) -> bool {
        self.is_tried = self.open_until.is_some();
        self.is_tried
    }

    /// A request has ended.
    pub(super) fn ended(&mut self, breaker: &Breaker, has_failed: bool, tries: bool, now: Instant) {
        if !has_failed {
            *self = Circuit::default();
            return;
        }
        if self.open_until.is_some() {
            // Others were under way when it opened; that they fail as well says nothing new.
            if tries {
                self.open(breaker, now);
            }
            return;
        }
        if self.first.is_none_or(|first| now.duration_since(first) > breaker.window) {
            self.first = Some(now);
            self.in_a_row = 0;
        }
        self.in_a_row += 1;
        if self.in_a_row >= breaker.failures {
            self.open(breaker, now);
        }
    }

    /// The request that tried was given up before anybody knew.
    pub(super) fn abandoned(&mut self) {
        self.is_tried = false;
    }

    fn open(&mut self, breaker: &Breaker, now: Instant) {
        self.open_until = Some(later(now, breaker.cooldown));
        self.is_tried = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const BREAKER: Breaker =
        Breaker { failures: 2, window: Duration::from_secs(10), cooldown: Duration::from_secs(30) };

    fn open(now: Instant) -> Circuit {
        let mut circuit = Circuit::default();
        circuit.ended(&BREAKER, true, false, now);
        circuit.ended(&BREAKER, true, false, now);
        circuit
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_one_request_tries() {
        let now = Instant::now();
        let mut circuit = Circuit::default();
        for has_failed in [true, false, true] {
            circuit.ended(&BREAKER, has_failed, false, now);
        }
        assert_eq!(circuit.shut(now), None, "a success in between begins anew");
        circuit.ended(&BREAKER, true, false, now);
        assert_eq!(circuit.shut(now), Some(Shut::For(30 * SECOND)));
        let now = now + 30 * SECOND;
        assert_eq!(circuit.shut(now), None);
        assert!(circuit.enter(), "it tries");
        assert_eq!(circuit.shut(now), Some(Shut::Tried), "and only it");
        circuit.ended(&BREAKER, true, true, now);
        assert_eq!(circuit.shut(now + SECOND), Some(Shut::For(29 * SECOND)));
        let now = now + 30 * SECOND;
        assert!(circuit.enter());
        circuit.ended(&BREAKER, false, true, now);
        assert_eq!(circuit.shut(now), None);
        assert!(!circuit.enter());
    }

    #[test]
    fn failures_far_apart_open_nothing() {
        let now = Instant::now();
        let mut circuit = Circuit::default();
        circuit.ended(&BREAKER, true, false, now);
        circuit.ended(&BREAKER, true, false, now + 11 * SECOND);
        assert_eq!(circuit.shut(now + 11 * SECOND), None);
    }

    #[test]
    fn late_failures_do_not_prolong_it() {
        let now = Instant::now();
        let mut circuit = open(now);
        circuit.ended(&BREAKER, true, false, now + 9 * SECOND);
        assert_eq!(circuit.shut(now + 9 * SECOND), Some(Shut::For(21 * SECOND)));
    }

    #[test]
    fn a_try_that_is_given_up_leaves_the_try_to_another() {
        let now = Instant::now();
        let mut circuit = open(now);
        let now = now + 30 * SECOND;
        assert!(circuit.enter());
        circuit.abandoned();
        assert_eq!(circuit.shut(now), None);
    }
}
