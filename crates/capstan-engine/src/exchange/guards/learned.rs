//! What the answers of an origin taught of how often it wants to be asked. Pure: time comes in.
//!
//! Three things hold requests back: the API said for how long it wants none; its headers say how
//! many are left of a limit; and after a 429 fewer are under way at the same time, until it goes
//! well again. The last one is for APIs that refuse without telling their limit: without it, as
//! many requests as were refused would come back together and be refused again.

use std::time::Duration;

use tokio::time::Instant;

use super::later;
use crate::exchange::learn::Said;

/// Answers for each request under way that must go well before one more may be: an API that refuses
/// once in a while is asked about as fast as it allows.
const WELL_TO_GROW: u32 = 4;

/// What the answers of an origin taught.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Learned {
    held_until: Option<Instant>,
    budget: Option<Budget>,
    width: Option<Width>,
    /// Answers that went well since the API last refused a request.
    well: u32,
}

/// What is left of a limit.
#[derive(Clone, Copy, Debug)]
struct Budget {
    left: u64,
    /// When it is filled up again; `None` where the next answer will say.
    until: Option<Instant>,
    /// What it is filled up to.
    limit: Option<u64>,
    /// How often.
    window: Option<Duration>,
}

/// How many requests are under way at the same time.
#[derive(Clone, Copy, Debug)]
struct Width {
    most: u32,
    /// How many were when the API refused the first one.
    before: u32,
    /// Since when: a request sent before that says nothing of it.
    since: Instant,
    /// Answers that went well since it last grew.
    grown: u32,
}

impl Learned {
    /// Until when no request is sent.
    pub(super) fn wait(&mut self, now: Instant) -> Option<Instant> {
        self.held_until = self.held_until.filter(|until| *until > now);
        self.fill(now);
        let used_up = self.budget.filter(|budget| budget.left == 0).and_then(|budget| budget.until);
        self.held_until.max(used_up)
    }

    /// Whether as many requests are under way as the API takes.
    pub(super) fn is_full(&self, in_flight: u32) -> bool {
        self.width.is_some_and(|width| in_flight >= width.most)
    }

    /// A request is sent.
    pub(super) fn sent(&mut self) {
        if let Some(budget) = &mut self.budget {
            budget.left = budget.left.saturating_sub(1);
        }
    }

    /// An answer came to a request; `in_flight` are under way, this one included.
    pub(super) fn heard(&mut self, said: &Said, in_flight: u32, sent: Instant, now: Instant) {
        if let Some(hold) = said.hold {
            self.held_until = self.held_until.max(Some(later(now, hold)));
        }
        if let Some(quota) = &said.quota {
            // The API may not have counted the others yet.
            let left = quota.left.saturating_sub(u64::from(in_flight.saturating_sub(1)));
            let until = Some(later(now, quota.reset));
            self.budget = Some(Budget { left, until, limit: quota.limit, window: quota.window });
        }
        match said.is_refusal {
            true => self.narrow(in_flight, sent, now),
            false => self.widen(sent),
        }
    }

    /// A new period of a limit begins.
    fn fill(&mut self, now: Instant) {
        let Some(budget) = self.budget else { return };
        let Some(until) = budget.until.filter(|until| *until <= now) else {
            // Nobody knows when it is filled up: the API will say.
            self.budget = self.budget.filter(|budget| budget.until.is_some() || budget.left > 0);
            return;
        };
        self.budget = budget.limit.filter(|limit| *limit > 0).map(|limit| Budget {
            left: limit,
            until: budget.window.map(|window| later(until, window)).filter(|until| *until > now),
            ..budget
        });
    }

    /// Halves what is under way, and more where less went well; once for all requests that were
    /// under way together.
    fn narrow(&mut self, in_flight: u32, sent: Instant, now: Instant) {
        let (was, before) = match self.width {
            Some(width) if sent < width.since => return,
            Some(width) => (width.most, width.before),
            None => (in_flight, in_flight),
        };
        let most = (was / 2).min(self.well).max(1);
        self.width = Some(Width { most, before, since: now, grown: 0 });
        self.well = 0;
    }

    /// Lets one more be under way when enough went well.
    fn widen(&mut self, sent: Instant) {
        self.well = self.well.saturating_add(1);
        let Some(width) = self.width.as_mut().filter(|width| sent >= width.since) else { return };
        width.grown += 1;
        if width.grown >= WELL_TO_GROW.saturating_mul(width.most) {
            width.most += 1;
            width.grown = 0;
        }
        self.width = self.width.filter(|width| width.most < width.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::learn::Quota;

    const SECOND: Duration = Duration::from_secs(1);

    fn hold(time: Duration) -> Said {
        Said { hold: Some(time), quota: None, is_refusal: true }
    }

    fn left(left: u64, limit: Option<u64>, window: Option<Duration>) -> Said {
        Said { hold: None, quota: Some(Quota { left, reset: 5 * SECOND, limit, window }), is_refusal: false }
    }

    fn well() -> Said {
        Said { hold: None, quota: None, is_refusal: false }
    }

    #[test]
    fn a_hold_ends_and_the_longest_counts() {
        let (mut learned, now) = (Learned::default(), Instant::now());
        learned.heard(&hold(5 * SECOND), 1, now, now);
        learned.heard(&hold(2 * SECOND), 1, now, now);
        assert_eq!(learned.wait(now + SECOND), Some(now + 5 * SECOND));
        assert_eq!(learned.wait(now + 5 * SECOND), None);
    }

    #[test]
    fn what_is_left_is_counted_down_and_those_under_way_are_counted_in() {
        let (mut learned, now) = (Learned::default(), Instant::now());
        learned.heard(&left(4, None, None), 3, now, now);
        for _ in 0..2 {
            assert_eq!(learned.wait(now), None);
            learned.sent();
        }
        assert_eq!(learned.wait(now), Some(now + 5 * SECOND));
        assert_eq!(learned.wait(now + 5 * SECOND), None, "a limit that is not told is not guessed");
        learned.heard(&left(9, None, None), 1, now, now);
        assert_eq!(learned.wait(now), None, "the newest answer knows best");
    }

    #[test]
    fn a_limit_that_is_told_holds_in_the_next_period_too() {
        let (mut learned, now) = (Learned::default(), Instant::now());
        learned.heard(&left(0, Some(2), Some(60 * SECOND)), 1, now, now);
        let next = now + 5 * SECOND;
        assert_eq!((learned.wait(now), learned.wait(next)), (Some(next), None));
        learned.sent();
        learned.sent();
        assert_eq!(learned.wait(next), Some(next + 60 * SECOND));
        assert_eq!(learned.wait(next + 600 * SECOND), None);
    }

    #[test]
    fn a_refusal_halves_what_is_under_way_and_answers_widen_it() {
        let (mut learned, now) = (Learned::default(), Instant::now());
        let later = now + SECOND;
        for _ in 0..9 {
            learned.heard(&well(), 8, now, now);
        }
        learned.heard(&hold(SECOND), 8, now, later);
        learned.heard(&hold(SECOND), 7, now, later);
        assert!(learned.is_full(4) && !learned.is_full(3));
        for _ in 0..4 * WELL_TO_GROW {
            learned.heard(&well(), 1, later, later);
        }
        assert!(learned.is_full(5) && !learned.is_full(4));
        for _ in 0..(5 + 6 + 7) * WELL_TO_GROW {
            learned.heard(&well(), 1, later, later);
        }
        assert!(!learned.is_full(1000), "it is as wide as before");
        learned.heard(&hold(SECOND), 1, later, later);
        learned.heard(&hold(SECOND), 8, later + SECOND, later + SECOND);
        assert!(learned.is_full(1) && !learned.is_full(0), "one may always go");
    }
}
