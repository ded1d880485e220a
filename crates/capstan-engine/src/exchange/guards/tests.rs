//! Rates, places and breakers, in time of the test's own.

use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn origins_are_told_apart_by_scheme_and_authority() {
    let guards = Guards::default();
    let one = guards.origin("https://a.example/x?y");
    assert!(Arc::ptr_eq(&one, &guards.origin("https://a.example")));
    assert!(!Arc::ptr_eq(&one, &guards.origin("http://a.example/x")));
    assert!(!Arc::ptr_eq(&one, &guards.origin("https://a.example:8443/x")));
}

#[test]
fn origins_not_in_use_are_forgotten() {
    let guards = Guards::default();
    let kept = guards.origin("https://kept.example");
    for n in 0..2 * ORIGINS_MAX {
        guards.origin(&format!("https://{n}.example"));
    }
    assert!(guards.origins.lock().expect("no test panics with it").len() <= ORIGINS_MAX);
    assert!(Arc::ptr_eq(&kept, &guards.origin("https://kept.example")));
}

#[test]
fn a_burst_goes_at_once_and_the_rest_in_turn() {
    let (origin, now) = (Origin::default(), Instant::now());
    let rate = Rate { requests: 10, per: SECOND, burst: 3 };
    let waits: Vec<u128> = (0..5).map(|_| origin.turn(&rate, now).as_millis()).collect();
    assert_eq!(waits, [0, 0, 0, 100, 200]);
    origin.give_back(&rate);
    assert_eq!(origin.turn(&rate, now).as_millis(), 200);
}

proptest! {
    #[test]
    fn no_window_sees_more_than_the_rate_and_its_burst(
        requests in 1..20_u32,
        burst in 1..5_u32,
        gaps in proptest::collection::vec(0..300_u64, 1..60),
    ) {
        let (origin, start) = (Origin::default(), Instant::now());
        let rate = Rate { requests, per: SECOND, burst };
        let mut now = start;
        let mut sent = Vec::new();
        for gap in gaps {
            now += Duration::from_millis(gap);
            sent.push(now + origin.turn(&rate, now));
        }
        for (i, first) in sent.iter().enumerate() {
            let within = sent[i..].iter().take_while(|at| at.duration_since(*first) < SECOND).count();
            prop_assert!(within <= (requests + burst) as usize, "{within} in a second");
        }
    }
}

#[test]
fn a_breaker_opens_after_failures_in_a_row_and_tries_one() {
    let (origin, now) = (Origin::default(), Instant::now());
    let breaker = Breaker { failures: 2, window: 60 * SECOND, cooldown: 30 * SECOND };
    origin.ended(&breaker, true, now);
    origin.ended(&breaker, false, now);
    origin.ended(&breaker, true, now);
    assert_eq!(origin.broken(&breaker, now), None, "a success in between begins anew");
    origin.ended(&breaker, true, now);
    assert_eq!(origin.broken(&breaker, now), Some(30 * SECOND));
    let later = now + 30 * SECOND;
    assert_eq!(origin.broken(&breaker, later), None, "one request tries");
    assert_eq!(origin.broken(&breaker, later), Some(30 * SECOND), "and only one");
    origin.ended(&breaker, true, later);
    assert_eq!(origin.broken(&breaker, later + SECOND), Some(29 * SECOND));
    origin.ended(&breaker, false, later + 40 * SECOND);
    assert_eq!(origin.broken(&breaker, later + 40 * SECOND), None);
}

#[test]
fn failures_far_apart_open_nothing() {
    let (origin, now) = (Origin::default(), Instant::now());
    let breaker = Breaker { failures: 2, window: 10 * SECOND, cooldown: 30 * SECOND };
    origin.ended(&breaker, true, now);
    origin.ended(&breaker, true, now + 11 * SECOND);
    assert_eq!(origin.broken(&breaker, now + 11 * SECOND), None);
}

#[test]
fn a_hold_ends_and_the_longest_counts() {
    let (origin, now) = (Origin::default(), Instant::now());
    origin.hold(5 * SECOND, now);
    origin.hold(2 * SECOND, now);
    assert_eq!(origin.held(now + SECOND), Some(4 * SECOND));
    assert_eq!(origin.held(now + 5 * SECOND), None);
}

#[tokio::test]
async fn a_place_is_free_again_when_its_call_is_dropped() {
    let origin = Origin::default();
    let place = origin.place(1).await;
    assert!(tokio::time::timeout(Duration::from_millis(5), origin.place(1)).await.is_err());
    drop(place);
    assert!(origin.place(1).await.is_some());
}
