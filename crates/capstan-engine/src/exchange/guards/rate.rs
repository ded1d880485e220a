//! When the requests of a rate are due (GCRA, as in ATM Forum TM 4.0). Pure: time comes in.

use std::time::Duration;

use tokio::time::Instant;

use super::later;
use crate::limits::TIMER_SLACK;
use crate::plan::Rate;

/// When the next request of a rate is due, on time (the theoretical arrival time).
#[derive(Clone, Copy, Debug)]
pub(super) struct Due(Instant);

impl Due {
    /// The first request is due now.
    pub(super) fn new(now: Instant) -> Self {
        Due(now)
    }

    /// How long a request has to wait before which others wait already.
    pub(super) fn wait(self, rate: &Rate, ahead: u32, now: Instant) -> Duration {
        let interval = interval(rate);
        let on_time = later(self.0.max(now), interval.saturating_mul(ahead));
        // As many may come early as make a burst.
        on_time.duration_since(now).saturating_sub(interval.saturating_mul(rate.burst - 1))
    }

    /// Lets a request go.
    pub(super) fn take(&mut self, rate: &Rate, now: Instant) {
        // Timers wake late; a rate must not fall behind for that.
        let is_on_time = now.saturating_duration_since(self.0) <= TIMER_SLACK;
        let due = if is_on_time { self.0 } else { now };
        self.0 = later(due, interval(rate));
    }
}

/// The time between two requests.
fn interval(rate: &Rate) -> Duration {
    rate.per / rate.requests
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_burst_goes_at_once_and_the_rest_in_turn() {
        let now = Instant::now();
        let rate = Rate { requests: 10, per: SECOND, burst: 3 };
        let mut due = Due::new(now);
        for _ in 0..3 {
            assert_eq!(due.wait(&rate, 0, now), Duration::ZERO);
            due.take(&rate, now);
        }
        assert_eq!(due.wait(&rate, 0, now).as_millis(), 100);
        assert_eq!(due.wait(&rate, 4, now).as_millis(), 500);
    }

    #[test]
    fn the_longest_times_do_not_overflow() {
        let now = Instant::now();
        let rate = Rate { requests: 1, per: Duration::MAX, burst: u32::MAX };
        let mut due = Due::new(now);
        due.take(&rate, now);
        due.take(&rate, now);
        due.wait(&rate, u32::MAX, now);
    }

    proptest! {
        #[test]
        fn no_window_sees_more_than_the_rate_and_its_burst(
            requests in 1..20_u32,
            burst in 1..5_u32,
            gaps in proptest::collection::vec(0..300_u64, 1..60),
        ) {
            let rate = Rate { requests, per: SECOND, burst };
            let (mut now, mut sent) = (Instant::now(), Vec::new());
            let mut due = Due::new(now);
            for gap in gaps {
                now += Duration::from_millis(gap);
                if due.wait(&rate, 0, now).is_zero() {
                    due.take(&rate, now);
                    sent.push(now);
                }
            }
            for (i, first) in sent.iter().enumerate() {
                let within = sent[i..].iter().take_while(|at| at.duration_since(*first) < SECOND).count();
                prop_assert!(within <= (requests + burst) as usize, "{within} in a second");
            }
        }
    }
}
