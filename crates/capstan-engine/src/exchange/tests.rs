//! Exchanges with an upstream that does what a test says, in time that passes only when all wait.

use std::collections::VecDeque;
use std::sync::Mutex;

use capstan_spec::diagnostic::Code;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version};

use super::*;
use crate::plan::{Breaker, Retry};
use crate::upstream::{Body, Connection, Sending};

/// What the upstream does with a request.
#[derive(Clone, Copy)]
enum Act {
    Answer(u16),
    /// Answers with a `Retry-After`.
    Busy(&'static str),
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
    let started = Instant::now();
    let (result, history) = exchange.whole(request).await;
    let came = script.came.lock().expect("no test panics with it").clone();
    Outcome { result: result.map(|response| response.status), history, came, took: started.elapsed() }
}

fn status(outcome: &Outcome) -> u16 {
    outcome.result.as_ref().expect("an answer").as_u16()
}

#[tokio::test(start_paused = true)]
async fn two_failures_and_then_an_answer() {
    let outcome =
        run(&script(&[Act::Answer(500), Act::Refuse, Act::Answer(200)]), &Policy::default(), &Guards::default()).await;
    assert_eq!((status(&outcome), outcome.came.len()), (200, 3));
    assert_eq!(outcome.history.attempts, ["500", "no connection", "200"]);
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
    assert_eq!(outcome.result.expect_err("there is no turn").code(), Code::HeldBack);
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
    assert_eq!(outcome.result.expect_err("it is open").code(), Code::CircuitOpen);
    assert_eq!(outcome.came.len(), 2);
}
