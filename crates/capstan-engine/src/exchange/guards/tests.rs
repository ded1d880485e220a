//! Origins, and the door to each, in time of the test's own.

use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const FREE: Ask<'_> = Ask { rate: None, concurrency: None, breaker: None, learns: true, refusals: 0 };
const AGAIN: Ask<'_> = Ask { refusals: 1, ..FREE };

fn refusal(hold: Duration) -> Said {
    Said { hold: Some(hold), quota: None, is_refusal: true }
}

#[track_caller]
fn pass(origin: &Arc<Origin>, ask: &Ask<'_>, now: Instant) -> Pass {
    match origin.admit(ask, now) {
        Ok(pass) => pass,
        Err(obstacle) => panic!("{obstacle:?} is in the way"),
    }
}

#[track_caller]
fn obstacle(origin: &Arc<Origin>, ask: &Ask<'_>, now: Instant) -> Obstacle {
    origin.admit(ask, now).err().expect("something is in the way")
}

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
fn places_are_free_again_when_passes_are_dropped() {
    let (origin, now) = (Arc::new(Origin::default()), Instant::now());
    let two = Ask { concurrency: Some(2), ..FREE };
    let passes = (pass(&origin, &two, now), pass(&origin, &two, now));
    assert_eq!(obstacle(&origin, &two, now), Obstacle::Place);
    pass(&origin, &FREE, now);
    drop(passes.0);
    pass(&origin, &two, now);
}

#[test]
fn a_line_keeps_its_order() {
    let (origin, now) = (Arc::new(Origin::default()), Instant::now());
    let waiting = origin.join(&FREE);
    assert_eq!(obstacle(&origin, &FREE, now), Obstacle::Others, "others came first");
    pass(&origin, &Ask { concurrency: Some(1), ..FREE }, now);
    pass(&origin, &AGAIN, now);
    assert!(origin.admit_first(&FREE, now).is_ok());
    drop(waiting);
    pass(&origin, &FREE, now);
}

#[test]
fn a_request_that_was_refused_goes_before_all_others() {
    let (origin, now) = (Arc::new(Origin::default()), Instant::now());
    pass(&origin, &FREE, now).heard(&refusal(SECOND), now);
    let refused = origin.refused(1);
    assert_eq!(obstacle(&origin, &FREE, now), Obstacle::Api(SECOND));
    let now = now + SECOND;
    assert_eq!(obstacle(&origin, &FREE, now), Obstacle::Others);
    pass(&origin, &Ask { learns: false, ..FREE }, now);
    drop(pass(&origin, &AGAIN, now));
    drop(refused);
    pass(&origin, &FREE, now);
}

#[test]
fn nothing_is_taken_where_something_else_is_in_the_way() {
    let (origin, now) = (Arc::new(Origin::default()), Instant::now());
    let rate = Rate { requests: 1, per: 10 * SECOND, burst: 1 };
    let breaker = Breaker { failures: 1, ..Breaker::default() };
    let ask = Ask { rate: Some(&rate), breaker: Some(&breaker), concurrency: Some(1), ..FREE };
    let mut first = pass(&origin, &ask, now);
    first.ended(&breaker, true, now);
    assert_eq!(obstacle(&origin, &ask, now), Obstacle::Shut(Shut::For(breaker.cooldown)));
    let now = now + breaker.cooldown;
    assert_eq!(obstacle(&origin, &ask, now), Obstacle::Place);
    drop(first);
    let second = pass(&origin, &ask, now);
    assert_eq!(obstacle(&origin, &ask, now), Obstacle::Shut(Shut::Tried));
    drop(second);
    assert_eq!(obstacle(&origin, &ask, now), Obstacle::Rate(10 * SECOND));
}

#[test]
fn a_stream_keeps_its_place_and_is_no_longer_under_way() {
    let (origin, now) = (Arc::new(Origin::default()), Instant::now());
    let one = Ask { concurrency: Some(1), ..FREE };
    let mut stream = pass(&origin, &one, now);
    stream.landed();
    assert_eq!(obstacle(&origin, &one, now), Obstacle::Place);
    pass(&origin, &FREE, now).heard(&refusal(SECOND), now);
    let now = now + SECOND;
    assert_eq!(origin.state().in_flight, 0);
    let only = pass(&origin, &FREE, now);
    assert_eq!(obstacle(&origin, &FREE, now), Obstacle::Others, "one at a time after a refusal");
    drop((stream, only));
    pass(&origin, &one, now);
}

#[test]
fn who_does_not_heed_the_api_stands_in_another_line() {
    let (origin, now) = (Arc::new(Origin::default()), Instant::now());
    let _waiting = origin.join(&FREE);
    assert_eq!(obstacle(&origin, &FREE, now), Obstacle::Others);
    pass(&origin, &Ask { learns: false, ..FREE }, now);
}

#[test]
fn the_outlook_counts_those_who_wait_already() {
    let (origin, now) = (Arc::new(Origin::default()), Instant::now());
    let rate = Rate { requests: 1, per: SECOND, burst: 1 };
    let ask = Ask { rate: Some(&rate), ..FREE };
    pass(&origin, &ask, now);
    let waiting = [origin.join(&ask), origin.join(&ask), origin.join(&ask)];
    assert_eq!(origin.outlook(&ask, now), 3 * SECOND);
    drop(waiting);
    assert!(origin.state().lines.is_empty());
}

proptest! {
    #[test]
    fn whatever_comes_and_goes_nothing_stays_taken(
        steps in proptest::collection::vec((0..4_u8, 0..500_u64, any::<bool>()), 1..80),
    ) {
        let (origin, mut now) = (Arc::new(Origin::default()), Instant::now());
        let rate = Rate { requests: 3, per: SECOND, burst: 2 };
        let breaker = Breaker { failures: 2, cooldown: SECOND, ..Breaker::default() };
        let ask = Ask { rate: Some(&rate), concurrency: Some(3), breaker: Some(&breaker), ..FREE };
        let (mut passes, mut lines) = (Vec::new(), Vec::new());
        for (step, gap, flag) in steps {
            now += Duration::from_millis(gap);
            match step {
                0 => passes.extend(origin.admit(&ask, now).ok()),
                1 => lines.push(origin.join(&Ask { refusals: u32::from(flag), ..ask })),
                2 => {
                    if let Some(mut pass) = passes.pop() {
                        pass.heard(&Said { hold: None, quota: None, is_refusal: flag }, now);
                        pass.ended(&breaker, flag, now);
                    }
                }
                _ => {
                    passes.truncate(passes.len() / 2);
                    lines.truncate(lines.len() / 2);
                }
            }
            prop_assert!(passes.len() <= 3);
        }
        drop((passes, lines));
        let state = origin.state();
        prop_assert_eq!((state.in_flight, state.lines.len()), (0, 0));
        prop_assert!(state.places.values().all(|taken| *taken == 0));
        prop_assert!(state.circuits.values().all(|circuit| circuit.shut(now + 2 * SECOND).is_none()));
    }
}
