//! Exchanges whose answers may be kept, with an upstream that does what a test says.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use capstan_spec::diagnostic::Code;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version};

use super::*;
use crate::bindings::Scrubber;
use crate::cache::{Cache, MemoryStore};
use crate::exchange::{CallLimits, Guards};
use crate::observe::Unobserved;
use crate::plan::{Policy, Retry};
use crate::upstream::{Body, Connection, Incoming, Redirected, Sending, Upstream};

type Headers = &'static [(&'static str, &'static str)];

/// What the upstream answers with: a status and headers. The body is the number of the request.
type Answer = dyn Fn(usize, &Request) -> Option<(u16, Headers)> + Send + Sync;

struct World {
    answer: Box<Answer>,
    delay: Duration,
    asked: AtomicUsize,
    /// `if-none-match` of each request.
    conditions: Mutex<Vec<Option<String>>>,
    is_redirecting: bool,
    cache: Cache,
    policy: Policy,
    guards: Guards,
}

fn world(answer: impl Fn(usize, &Request) -> Option<(u16, Headers)> + Send + Sync + 'static) -> World {
    let retry = Retry { attempts: 1, ..Retry::default() };
    World {
        answer: Box::new(answer),
        delay: Duration::ZERO,
        asked: AtomicUsize::new(0),
        conditions: Mutex::default(),
        is_redirecting: false,
        cache: Cache::new(Arc::new(MemoryStore::default()), std::iter::empty()),
        policy: Policy { caches: true, retry, learns: false, ..Policy::default() },
        guards: Guards::default(),
    }
}

impl Upstream for World {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(async move {
            let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
            let condition = request.headers.iter().find(|(name, _)| *name == "if-none-match");
            let condition = condition.map(|(_, value)| value.to_str().expect("text").to_owned());
            self.conditions.lock().expect("no test panics with it").push(condition);
            tokio::time::sleep(self.delay).await;
            let Some((status, headers)) = (self.answer)(number, &request) else {
                return Err(UpstreamError::new(Code::Unreachable, "refused"));
            };
            let pair =
                |(n, v): &(&'static str, &'static str)| (HeaderName::from_static(n), HeaderValue::from_static(v));
            let status = StatusCode::from_u16(status).expect("a status");
            let redirected = Redirected {
                status,
                version: Version::HTTP_11,
                headers: HeaderMap::new(),
                from: request.url.clone(),
                to: request.url.clone(),
                next: Box::new(request.clone()),
            };
            Ok(Incoming {
                status,
                version: Version::HTTP_11,
                headers: headers.iter().map(pair).collect::<HeaderMap>(),
                url: request.url,
                redirects: self.is_redirecting.then_some(redirected).into_iter().collect(),
                body: Body::whole(Bytes::from(number.to_string())),
            })
        })
    }
}

impl World {
    async fn call(&self, request: Request) -> Result<Response, UpstreamError> {
        let (limits, scrubber) = (CallLimits::default(), Scrubber::new([]));
        let exchange = Exchange {
            bytes_max: u64::MAX,
            upstream: self,
            limits: &limits,
            policy: &self.policy,
            guards: &self.guards,
            cache: &self.cache,
            observer: &Unobserved,
            scrubber: &scrubber,
            prover: None,
        };
        exchange.whole(request).await.0
    }

    /// The body of an answer, or its status where it is no success.
    async fn get(&self, token: &str) -> String {
        match self.call(get(token)).await {
            Ok(response) if response.status.is_success() => String::from_utf8_lossy(&response.body).into_owned(),
            Ok(response) => response.status.as_u16().to_string(),
            Err(error) => error.to_string(),
        }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn get(token: &str) -> Request {
    let token = HeaderValue::from_str(token).expect("a header value");
    Request {
        method: Method::GET,
        url: "https://api.example/x".to_owned(),
        headers: vec![(http::header::AUTHORIZATION, token)],
        body: None,
        connection: Connection::default(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_fresh_answer_is_given_without_a_request_and_to_its_caller_only() {
    let world = world(|_, _| Some((200, &[("cache-control", "private, max-age=60")])));
    assert_eq!([world.get("a").await, world.get("a").await], ["1", "1"]);
    assert_eq!([world.get("b").await, world.get("a").await], ["2", "1"]);
    assert_eq!(world.call(get("a")).await.expect("an answer").headers["age"], "0");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_kept_that_must_not_be() {
    for headers in [&[("cache-control", "no-store, max-age=60")][..], &[("vary", "*"), ("etag", "\"1\"")], &[]] {
        let world = world(move |_, _| Some((200, headers)));
        assert_eq!([world.get("a").await, world.get("a").await], ["1", "2"], "{headers:?}");
    }
    let off = World { policy: Policy::default(), ..world(|_, _| Some((200, &[("cache-control", "max-age=60")]))) };
    assert_eq!([off.get("a").await, off.get("a").await], ["1", "2"]);
    let redirected = World { is_redirecting: true, ..world(|_, _| Some((200, &[("cache-control", "max-age=60")]))) };
    assert_eq!([redirected.get("a").await, redirected.get("a").await], ["1", "2"]);
}

#[tokio::test(start_paused = true)]
async fn a_stale_answer_is_confirmed() {
    let world = world(|number, _| match number {
        1 => Some((200, &[("etag", "\"v1\""), ("cache-control", "no-cache"), ("x-from", "first")])),
        2 => Some((304, &[("etag", "\"v1\""), ("cache-control", "max-age=60")])),
        _ => Some((500, &[])),
    });
    assert_eq!([world.get("a").await, world.get("a").await, world.get("a").await], ["1", "1", "1"]);
    assert_eq!(world.asked(), 2, "the confirmation says for how long");
    let conditions = world.conditions.lock().expect("no test panics with it").clone();
    assert_eq!(conditions, [None, Some("\"v1\"".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn a_changed_answer_takes_the_place_of_the_kept_one() {
    let world = world(|number, _| match number {
        1 => Some((200, &[("etag", "\"v1\""), ("cache-control", "no-cache")])),
        _ => Some((200, &[("etag", "\"v2\""), ("cache-control", "max-age=60")])),
    });
    assert_eq!([world.get("a").await, world.get("a").await, world.get("a").await], ["1", "2", "2"]);
}

#[tokio::test(start_paused = true)]
async fn a_confirmation_of_another_version_is_asked_again() {
    let world = world(|number, request| match number {
        1 => Some((200, &[("etag", "\"v1\""), ("cache-control", "no-cache")])),
        2 => Some((304, &[("etag", "\"v2\"")])),
        _ => request.headers.iter().all(|(name, _)| *name != "if-none-match").then_some((200, &[])),
    });
    assert_eq!([world.get("a").await, world.get("a").await], ["1", "3"]);
}

#[tokio::test(start_paused = true)]
async fn a_stale_answer_stands_in_for_a_failure_only_where_it_says_so() {
    let stale: Headers = &[("etag", "\"v1\""), ("cache-control", "max-age=0, stale-if-error=60")];
    let failing = world(move |number, _| (number == 1).then_some((200, stale)));
    assert_eq!([failing.get("a").await, failing.get("a").await], ["1", "1"]);
    let erring = world(move |number, _| Some(if number == 1 { (200, stale) } else { (503, &[]) }));
    assert_eq!([erring.get("a").await, erring.get("a").await], ["1", "1"]);
    let refusing = world(move |number, _| Some(if number == 1 { (200, stale) } else { (403, &[]) }));
    assert_eq!([refusing.get("a").await, refusing.get("a").await], ["1", "403"]);
    let silent: Headers = &[("etag", "\"v1\""), ("cache-control", "max-age=0")];
    let without = world(move |number, _| (number == 1).then_some((200, silent)));
    assert_eq!([without.get("a").await, without.get("a").await], ["1", "refused"]);
}

#[tokio::test(start_paused = true)]
async fn a_change_forgets_what_is_kept_of_its_url_for_all_callers() {
    let world = world(|_, _| Some((200, &[("cache-control", "max-age=60")])));
    world.get("a").await;
    world.get("b").await;
    let post = Request { method: Method::POST, ..get("a") };
    world.call(post).await.expect("an answer");
    assert_eq!([world.get("a").await, world.get("b").await], ["4", "5"]);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_was_refused_forgets_nothing() {
    let world = world(|_, request| match request.method {
        Method::GET => Some((200, &[("cache-control", "max-age=60")])),
        _ => Some((403, &[])),
    });
    world.get("a").await;
    world.call(Request { method: Method::DELETE, ..get("a") }).await.expect("an answer");
    assert_eq!(world.get("a").await, "1");
}

/// The bodies that as many callers get at once.
async fn at_once(world: &Arc<World>, tokens: &[&'static str]) -> Vec<String> {
    let calls: Vec<_> = tokens
        .iter()
        .map(|token| {
            let (world, token) = (world.clone(), *token);
            tokio::spawn(async move { world.get(token).await })
        })
        .collect();
    let mut bodies = Vec::new();
    for call in calls {
        bodies.push(call.await.expect("no call panics"));
    }
    bodies
}

fn slow(answer: impl Fn(usize, &Request) -> Option<(u16, Headers)> + Send + Sync + 'static) -> Arc<World> {
    Arc::new(World { delay: Duration::from_secs(1), ..world(answer) })
}

#[tokio::test(start_paused = true)]
async fn many_who_ask_the_same_share_one_request() {
    let world = slow(|_, _| Some((200, &[])));
    assert_eq!(at_once(&world, &["a"; 50]).await, vec!["1"; 50]);
    assert_eq!((world.asked(), world.cache.flights.count()), (1, 0));
    let mixed = at_once(&world, &["a", "b", "a", "b"]).await;
    assert_eq!(mixed, ["2", "3", "2", "3"], "callers do not share");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_for_all_each_asks_for_itself() {
    for headers in [&[("cache-control", "no-store")][..], &[("cache-control", "no-cache")], &[("vary", "*")]] {
        let world = slow(move |_, _| Some((200, headers)));
        let bodies = at_once(&world, &["a"; 5]).await;
        assert_eq!((bodies.len(), world.asked()), (5, 5), "{headers:?}");
        assert_eq!(world.cache.flights.count(), 0);
    }
    let failing = slow(|_, _| None);
    assert_eq!(at_once(&failing, &["a"; 5]).await, vec!["refused"; 5]);
}

#[tokio::test(start_paused = true)]
async fn where_the_first_gives_up_the_next_one_asks() {
    let world = slow(|_, _| Some((200, &[])));
    let first = {
        let world = world.clone();
        tokio::spawn(async move { world.get("a").await })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    let second = {
        let world = world.clone();
        tokio::spawn(async move { world.get("a").await })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    first.abort();
    assert_eq!(second.await.expect("it does not panic"), "2");
    let dropped = {
        let world = world.clone();
        tokio::spawn(async move { world.get("a").await })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    dropped.abort();
    let _ = dropped.await; // it was aborted
    assert_eq!(world.cache.flights.count(), 0);
}
