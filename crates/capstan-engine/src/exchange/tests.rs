//! Exchanges with an upstream that does what a test says, in time that passes only when all wait.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use capstan_spec::diagnostic::Code;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version};

use super::*;
use crate::plan::{Breaker, Retry};
use crate::upstream::{Body, Connection, Fate, Sending};

/// What the upstream does with a request.
#[derive(Clone, Copy)]
enum Act {
    Answer(u16),
    /// Answers with a `Retry-After`.
    Busy(&'static str),
    /// The same a millisecond later, so that others are under way meanwhile.
    BusyLater(&'static str),
    /// Answers with what is left of a limit, and when it is filled up.
    Left(&'static str, &'static str),
    Refuse,
    Hang,
}

/// Plays its acts, the last one again and again, and keeps when each request came.
struct Script {
    acts: Mutex<VecDeque<Act>>,
    came: Mutex<Vec<Duration>>,
    began: Instant,
}

fn script(acts: &[Act]) -> Script {
    Script { acts: Mutex::new(acts.iter().copied().collect()), came: Mutex::default(), began: Instant::now() }
}

impl Upstream for Script {
    fn send(&self, _request: Request) -> Sending<'_> {
        self.came.lock().expect("no test panics with it").push(self.began.elapsed());
        let mut acts = self.acts.lock().expect("no test panics with it");
        let act = if acts.len() > 1 { acts.pop_front() } else { acts.front().copied() };
        Box::pin(async move {
            match act.expect("a script has an act") {
                Act::Answer(status) => Ok(answer(status, None)),
                Act::Busy(after) => Ok(answer(429, Some(after))),
                Act::BusyLater(after) => {
                    sleep(Duration::from_millis(1)).await;
                    Ok(answer(429, Some(after)))
                }
                Act::Left(left, reset) => {
                    let mut incoming = answer(200, None);
                    incoming.headers.insert("ratelimit-remaining", HeaderValue::from_static(left));
                    incoming.headers.insert("ratelimit-reset", HeaderValue::from_static(reset));
                    Ok(incoming)
                }
                Act::Refuse => Err(UpstreamError::new(Code::Unreachable, "refused").with_fate(Fate::Unsent)),
                Act::Hang => std::future::pending().await,
            }
        })
    }
}

fn answer(status: u16, after: Option<&'static str>) -> Incoming {
    let mut headers = HeaderMap::new();
    if let Some(after) = after {
        headers.insert("retry-after", HeaderValue::from_static(after));
    }
    Incoming {
        status: StatusCode::from_u16(status).expect("a status"),
        version: Version::HTTP_11,
        headers,
        url: "https://api.example/x".to_owned(),
        redirects: Vec::new(),
        body: Body::whole(Default::default()),
    }
}

struct Outcome {
    result: Result<StatusCode, UpstreamError>,
    history: History,
    came: Vec<Duration>,
    took: Duration,
}

async fn run(script: &Script, policy: &Policy, guards: &Guards) -> Outcome {
    let started = Instant::now();
    let (result, history) = send(script, policy, guards).await;
    let came = script.came.lock().expect("no test panics with it").clone();
    Outcome { result: result.map(|response| response.status), history, came, took: started.elapsed() }
}

async fn send(script: &dyn Upstream, policy: &Policy, guards: &Guards) -> (Result<Response, UpstreamError>, History) {
    let (scrubber, limits) = (Scrubber::new([]), CallLimits::default());
    let observer = &crate::observe::Unobserved;
    let cache =
        &crate::cache::Cache::new(std::sync::Arc::new(crate::cache::MemoryStore::default()), std::iter::empty());
    let exchange = Exchange {
        upstream: script,
        limits: &limits,
        policy,
        guards,
        cache,
        observer,
        scrubber: &scrubber,
        prover: None,
        bytes_max: limits.response_bytes_max,
    };
    let request = Request {
        method: Method::GET,
        url: "https://api.example/x".to_owned(),
        headers: Vec::new(),
        body: None,
        connection: Connection::default(),
    };
    exchange.whole(request).await
}

fn status(outcome: &Outcome) -> u16 {
    outcome.result.as_ref().expect("an answer").as_u16()
}

#[tokio::test(start_paused = true)]
async fn two_failures_and_then_an_answer() {
    let outcome =
        run(&script(&[Act::Answer(500), Act::Refuse, Act::Answer(200)]), &Policy::default(), &Guards::default()).await;
    assert_eq!((status(&outcome), outcome.came.len()), (200, 3));
    assert_eq!(outcome.history.to_list(), "500, no connection, 200");
    assert!(outcome.took <= Duration::from_millis(1500), "{:?}", outcome.took);
}

#[tokio::test(start_paused = true)]
async fn the_wait_that_is_asked_for_is_kept() {
    let outcome = run(&script(&[Act::Busy("7"), Act::Answer(200)]), &Policy::default(), &Guards::default()).await;
    assert_eq!(status(&outcome), 200);
    assert_eq!(outcome.came, [Duration::ZERO, Duration::from_secs(7)]);
}

#[tokio::test(start_paused = true)]
async fn a_wait_past_the_deadline_is_not_begun() {
    let mut policy = Policy::default();
    policy.timeout.total = Some(Duration::from_secs(5));
    let outcome = run(&script(&[Act::Busy("7")]), &policy, &Guards::default()).await;
    assert_eq!((status(&outcome), outcome.came.len(), outcome.took), (429, 1, Duration::ZERO));
    assert_eq!(
        outcome.history.given_up.as_deref(),
        Some("the next attempt, in 7 s, would come after the 5 s of the call")
    );
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_hangs_makes_room_for_another() {
    let mut policy = Policy::default();
    policy.timeout.attempt = Some(Duration::from_secs(2));
    let outcome = run(&script(&[Act::Hang, Act::Answer(200)]), &policy, &Guards::default()).await;
    assert_eq!((status(&outcome), outcome.came.len()), (200, 2));
    assert!(outcome.came[1] >= Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn nothing_outlives_the_deadline() {
    for acts in [&[Act::Hang][..], &[Act::Refuse], &[Act::Answer(503)], &[Act::Busy("1")]] {
        let mut policy = Policy::default();
        policy.retry.attempts = 100;
        policy.timeout.attempt = Some(Duration::from_secs(3));
        policy.timeout.total = Some(Duration::from_secs(10));
        let outcome = run(&script(acts), &policy, &Guards::default()).await;
        assert!(outcome.took <= Duration::from_secs(10), "{:?}", outcome.took);
        assert!(!outcome.result.is_ok_and(|status| status.is_success()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_rate_spaces_the_calls_of_an_origin() {
    let policy =
        Policy { rate: Some(Rate { requests: 2, per: Duration::from_secs(1), burst: 1 }), ..Policy::default() };
    let (script, guards) = (script(&[Act::Answer(200)]), Guards::default());
    for _ in 0..3 {
        run(&script, &policy, &guards).await;
    }
    let came = script.came.lock().expect("no test panics with it").clone();
    let gaps: Vec<Duration> = came.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| *gap >= Duration::from_millis(500)), "{gaps:?}");
}

#[tokio::test(start_paused = true)]
async fn a_turn_behind_the_deadline_fails_at_once() {
    let rate = Rate { requests: 1, per: Duration::from_secs(100), burst: 1 };
    let policy = Policy { rate: Some(rate), ..Policy::default() };
    let (script, guards) = (script(&[Act::Answer(200)]), Guards::default());
    run(&script, &policy, &guards).await;
    let outcome = run(&script, &policy, &guards).await;
    let error = outcome.result.expect_err("there is no turn");
    assert_eq!((error.code(), error.wait()), (Code::HeldBack, Some(Duration::from_secs(100))));
    assert_eq!(outcome.took, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_one_call_learns_the_next_one_keeps() {
    let policy = Policy { retry: Retry { attempts: 1, ..Retry::default() }, ..Policy::default() };
    let (script, guards) = (script(&[Act::Busy("9"), Act::Answer(200)]), Guards::default());
    assert_eq!(status(&run(&script, &policy, &guards).await), 429);
    let outcome = run(&script, &policy, &guards).await;
    assert_eq!((status(&outcome), outcome.took.as_secs()), (200, 9));
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_sends_nothing() {
    let breaker = Breaker { failures: 2, ..Breaker::default() };
    let policy =
        Policy { retry: Retry { attempts: 1, ..Retry::default() }, breaker: Some(breaker), ..Policy::default() };
    let (script, guards) = (script(&[Act::Answer(500)]), Guards::default());
    run(&script, &policy, &guards).await;
    run(&script, &policy, &guards).await;
    let outcome = run(&script, &policy, &guards).await;
    let error = outcome.result.expect_err("it is open");
    assert_eq!((error.code(), error.wait()), (Code::CircuitOpen, Some(breaker.cooldown)));
    assert_eq!(outcome.came.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_breaker_that_opens_during_a_call_ends_it_with_the_last_answer() {
    let breaker = Breaker { failures: 2, ..Breaker::default() };
    let policy = Policy { breaker: Some(breaker), ..Policy::default() };
    let outcome = run(&script(&[Act::Answer(500)]), &policy, &Guards::default()).await;
    assert_eq!((status(&outcome), outcome.came.len()), (500, 2));
    assert_eq!(outcome.history.given_up.as_deref(), Some("the API failed too often; it is asked again in 30 s"));
}

#[tokio::test(start_paused = true)]
async fn requests_that_are_left_go_at_once_and_the_others_when_the_limit_is_filled_up() {
    let (script, guards) = (script(&[Act::Left("2", "9"), Act::Answer(200)]), Guards::default());
    for _ in 0..4 {
        run(&script, &Policy::default(), &guards).await;
    }
    let came: Vec<u64> = script.came.lock().expect("no test panics with it").iter().map(Duration::as_secs).collect();
    assert_eq!(came, [0, 0, 0, 9]);
}

#[tokio::test(start_paused = true)]
async fn a_limit_behind_the_deadline_is_the_apis_to_tell() {
    let (script, guards) = (script(&[Act::Left("0", "600"), Act::Answer(200)]), Guards::default());
    run(&script, &Policy::default(), &guards).await;
    let outcome = run(&script, &Policy::default(), &guards).await;
    assert_eq!((status(&outcome), outcome.took), (200, Duration::ZERO));
}

/// Takes so many requests in each period, and asks all others to wait for the next one.
struct Limited {
    requests: u32,
    period: Duration,
    began: Instant,
    /// The period, and the requests that were taken in it.
    taken: Mutex<(u128, u32)>,
    /// The most that were under way at the same time.
    in_flight: Mutex<(u32, u32)>,
}

impl Limited {
    fn new(requests: u32) -> Self {
        let (began, period) = (Instant::now(), Duration::from_secs(1));
        Limited { requests, period, began, taken: Mutex::default(), in_flight: Mutex::default() }
    }

    fn takes(&self) -> bool {
        let period = self.began.elapsed().as_nanos() / self.period.as_nanos();
        let mut taken = self.taken.lock().expect("no test panics with it");
        if taken.0 != period {
            *taken = (period, 0);
        }
        taken.1 += 1;
        taken.1 <= self.requests
    }

    fn count(&self, change: i32) {
        let mut in_flight = self.in_flight.lock().expect("no test panics with it");
        in_flight.0 = in_flight.0.saturating_add_signed(change);
        in_flight.1 = in_flight.1.max(in_flight.0);
    }
}

impl Upstream for Limited {
    fn send(&self, _request: Request) -> Sending<'_> {
        Box::pin(async move {
            self.count(1);
            sleep(Duration::from_millis(20)).await;
            self.count(-1);
            Ok(if self.takes() { answer(200, None) } else { answer(429, Some("1")) })
        })
    }
}

/// Calls that are made at the same time; the statuses that they came to.
async fn together(upstream: &'static dyn Upstream, policy: Policy, calls: usize) -> Vec<u16> {
    let shared = Arc::new((policy, Guards::default()));
    let call = |_| {
        let shared = shared.clone();
        tokio::spawn(async move { send(upstream, &shared.0, &shared.1).await.0.map_or(0, |r| r.status.as_u16()) })
    };
    let calls: Vec<_> = (0..calls).map(call).collect();
    let mut statuses = Vec::new();
    for call in calls {
        statuses.push(call.await.expect("no call panics"));
    }
    statuses
}

#[tokio::test(start_paused = true)]
async fn an_api_that_refuses_without_telling_its_limit_takes_all_calls_in_the_end() {
    for requests in [1, 3, 10, 40] {
        let mut policy = Policy::default();
        policy.timeout.total = Some(Duration::from_secs(3600));
        let upstream = Box::leak(Box::new(Limited::new(requests)));
        let statuses = together(upstream, policy, 100).await;
        let failed = statuses.iter().filter(|status| **status != 200).count();
        assert_eq!(failed, 0, "of 100 calls, {requests} in a second");
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_are_under_way_than_there_are_places() {
    let upstream = Box::leak(Box::new(Limited::new(u32::MAX)));
    let policy = Policy { concurrency: Some(3), ..Policy::default() };
    assert_eq!(together(upstream, policy, 50).await, [200; 50]);
    assert_eq!(upstream.in_flight.lock().expect("no test panics with it").1, 3);
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_dropped_leave_their_turns_to_others() {
    let rate = Rate { requests: 1, per: Duration::from_secs(1), burst: 1 };
    let policy = Policy { rate: Some(rate), concurrency: Some(1), ..Policy::default() };
    let (script, guards) = (script(&[Act::Answer(200)]), Guards::default());
    run(&script, &policy, &guards).await;
    let call = || tokio::time::timeout(Duration::from_millis(100), run(&script, &policy, &guards));
    assert!(tokio::join!(call(), call(), call()).0.is_err(), "none has a turn yet");
    let outcome = run(&script, &policy, &guards).await;
    assert_eq!(outcome.came, [Duration::ZERO, Duration::from_secs(1)]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_has_no_turn_before_its_deadline_says_so() {
    let mut policy = Policy { concurrency: Some(1), ..Policy::default() };
    policy.timeout.total = Some(Duration::from_secs(5));
    policy.retry.attempts = 1;
    let (script, guards) = (script(&[Act::Hang]), Guards::default());
    let (first, second) = tokio::join!(run(&script, &policy, &guards), run(&script, &policy, &guards));
    assert_eq!(first.result.expect_err("it hangs").code(), Code::TimedOut);
    assert_eq!((second.result.expect_err("it waits").code(), second.took.as_secs()), (Code::HeldBack, 5));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_the_upstream_does_no_call_outlives_its_deadline(
        acts in proptest::collection::vec(0..7_usize, 1..12),
        total in 1..20_u64,
        attempt in proptest::option::of(1..10_u64),
    ) {
        let all = [
            Act::Answer(200), Act::Answer(503), Act::Busy("1"), Act::Busy("0"), Act::Left("0", "3"), Act::Refuse, Act::Hang,
        ];
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let mut policy = Policy { concurrency: Some(2), ..Policy::default() };
            policy.rate = Rate::new(2, Duration::from_secs(1));
            policy.retry.attempts = 100;
            policy.timeout.total = Some(Duration::from_secs(total));
            policy.timeout.attempt = attempt.map(Duration::from_secs);
            let acts: Vec<Act> = acts.iter().map(|act| all[*act]).collect();
            let (script, guards) = (script(&acts), Guards::default());
            let run = || run(&script, &policy, &guards);
            let (a, b, c, d) = tokio::join!(run(), run(), run(), run());
            for outcome in [a, b, c, d] {
                // A timer fires on the next whole millisecond.
                assert!(outcome.took <= Duration::from_secs(total) + Duration::from_millis(1), "{:?}", outcome.took);
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn refused_calls_that_wait_for_each_other_hold_nobody_up() {
    let rate = Rate { requests: 1, per: Duration::from_secs(15), burst: 3 };
    let slow = Policy { rate: Some(rate), ..Policy::default() };
    let (script, guards) =
        (script(&[[Act::BusyLater("1"); 3].as_slice(), &[Act::Answer(200)]].concat()), Guards::default());
    let free = async {
        sleep(Duration::from_millis(10)).await;
        run(&script, &Policy::default(), &guards).await
    };
    let slow = || run(&script, &slow, &guards);
    let (.., free) = tokio::join!(slow(), slow(), slow(), free);
    assert_eq!(status(&free), 200);
    assert!(free.took < Duration::from_secs(10), "{:?}", free.took);
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_that_waits_for_its_own_rate_holds_nobody_up() {
    let slow = Policy { rate: Rate::new(1, Duration::from_secs(30)), ..Policy::default() };
    let (script, guards) = (script(&[Act::Busy("1"), Act::Answer(200)]), Guards::default());
    let free = async {
        sleep(Duration::from_millis(10)).await;
        run(&script, &Policy::default(), &guards).await
    };
    let (slow, free) = tokio::join!(run(&script, &slow, &guards), free);
    assert_eq!((status(&slow), slow.took.as_secs()), (200, 30));
    assert_eq!((status(&free), free.took.as_secs()), (200, 0));
}
