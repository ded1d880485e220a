//! Between a rendered request and its answer: the only code of the engine that awaits the network.
//!
//! One [`Exchange`] is one logical request: it waits for its turn, is sent, and is sent again where
//! its policy says so, all before its deadline. What is decided is decided by pure functions
//! ([`retry`], [`learn`]); what calls share lies in [`guards`].

mod cached;
mod guards;
mod learn;
mod proved;
mod retry;
mod stream;

use std::time::{Duration, SystemTime};

use capstan_spec::diagnostic::Code;
use http::{HeaderMap, HeaderName};
use tokio::time::{Instant, sleep, timeout_at};

use crate::bindings::Scrubber;
use crate::cache::Cache;
use crate::limits;
use crate::observe::{Event, Observer};
use crate::plan::{Policy, Rate};
use crate::upstream::settings::duration_text;
use crate::upstream::{Fate, Incoming, Request, Response, Upstream, UpstreamError, failure, hidden};
pub(crate) use guards::Guards;
use guards::Origin;
pub(crate) use proved::Prover;
use retry::{Attempted, Verdict};

/// The bounds of every call: what is set here goes before what a document says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// Time to the last byte of the answer: redirects, waits and repetitions included.
    pub timeout: Option<Duration>,
    /// Time to a connection.
    pub connect_timeout: Option<Duration>,
    /// Attempts at most, the first included.
    pub attempts: Option<u32>,
    /// Bytes of an answer's body after decompression, where it is kept in memory.
    pub response_bytes_max: u64,
    /// Bytes of a body that is handed on piece by piece; `None` leaves it to the document's
    /// `maxBinarySize`, and without that to [`limits::STREAM_BYTES_MAX`].
    pub stream_bytes_max: Option<u64>,
    /// Whether answers are kept as they allow it, and kept ones given.
    pub cache: Option<bool>,
}

impl Default for CallLimits {
    fn default() -> Self {
        CallLimits {
            timeout: None,
            connect_timeout: None,
            attempts: None,
            response_bytes_max: limits::RESPONSE_BYTES_MAX,
            stream_bytes_max: None,
            cache: None,
        }
    }
}

/// The header that callers give a key in.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// One exchange with an upstream.
#[derive(Clone, Copy)]
pub(crate) struct Exchange<'e> {
    pub(crate) upstream: &'e dyn Upstream,
    pub(crate) limits: &'e CallLimits,
    pub(crate) policy: &'e Policy,
    pub(crate) guards: &'e Guards,
    pub(crate) cache: &'e Cache,
    pub(crate) observer: &'e dyn Observer,
    pub(crate) scrubber: &'e Scrubber,
    /// What proves the request; `None` where it is proved already, or not at all.
    pub(crate) prover: Option<Prover<'e>>,
    /// Bytes of an answer that is read whole.
    pub(crate) bytes_max: u64,
}

/// Why an exchange has no answer, or one that is an error: the outcomes before the last.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// Each attempt in words: a status, or what failed.
    pub(crate) attempts: Vec<String>,
    /// Why the last outcome was not repeated, although it could have been.
    pub(crate) given_up: Option<String>,
}

/// What an attempt waits for.
#[derive(Clone, Copy)]
enum Want {
    /// The whole answer.
    Whole,
    /// The head of an answer that is read piece by piece, as the headers tell; the whole of any
    /// other, and of one with an error status.
    Head(fn(&HeaderMap) -> bool),
}

impl<'e> Exchange<'e> {
    /// Sends a request and reads the whole answer, within the time of the call.
    pub(crate) async fn whole(&self, request: Request) -> (Result<Response, UpstreamError>, History) {
        let mut history = History::default();
        let deadline = Deadline::new(self.total());
        let response = match self.may_be_kept(&request) {
            true => self.through_cache(request, &deadline, &mut history).await,
            false => self.asked(request, &deadline, &mut history).await.map(|answered| answered.response),
        };
        (response, history)
    }

    async fn run(
        &self,
        mut request: Request,
        want: Want,
        deadline: &Deadline,
        history: &mut History,
    ) -> Result<Incoming, UpstreamError> {
        request.connection.timeout = self.limits.connect_timeout.or(self.policy.timeout.connect);
        let has_key = self.has_key(&request);
        let origin = self.guards.origin(&request.url);
        let attempts_max = self.limits.attempts.unwrap_or(self.policy.retry.attempts);
        for number in 1.. {
            let outcome = self.attempt(number, &request, want, &origin, deadline).await;
            history.attempts.push(in_words(&outcome));
            // Borrowed for the decision only: a call must be able to move between threads.
            let verdict = retry::decide(
                &self.policy.retry,
                &Attempted {
                    number,
                    attempts_max,
                    method: &request.method,
                    has_key,
                    outcome: outcome.as_ref(),
                    chance: fastrand::f64(),
                    now: SystemTime::now(),
                },
            );
            match verdict {
                Verdict::Done => return outcome,
                Verdict::GivenUp(why) => {
                    history.given_up = Some(why);
                    return outcome;
                }
                Verdict::Again { after, .. } if !deadline.allows(after) => {
                    let (after, total) = (duration_text(after), duration_text(deadline.total));
                    history.given_up =
                        Some(format!("the next attempt, in {after}, would come after the {total} of the call"));
                    return outcome;
                }
                Verdict::Again { after, why } => {
                    self.say(|| Event::Retry { after, why: self.scrubber.scrub(&why).into_owned() });
                    // The connection of a failed answer is free while we wait.
                    drop(outcome);
                    sleep(after).await;
                }
            }
        }
        unreachable!("attempts are counted without end")
    }

    /// Whether a request really has a key by which the API sees a repetition as one: a template may
    /// give none.
    fn has_key(&self, request: &Request) -> bool {
        let is_key = |name: &HeaderName| Some(name) == self.policy.key.as_ref() || *name == IDEMPOTENCY_KEY;
        request.headers.iter().any(|(name, value)| is_key(name) && !value.is_empty())
    }

    fn total(&self) -> Duration {
        self.limits.timeout.or(self.policy.timeout.total).unwrap_or(limits::CALL_TIMEOUT)
    }

    /// One attempt: waits for its turn, is sent, and is counted.
    async fn attempt(
        &self,
        number: u32,
        request: &Request,
        want: Want,
        origin: &Origin,
        deadline: &Deadline,
    ) -> Result<Incoming, UpstreamError> {
        let url = &request.url;
        if let Some(breaker) = &self.policy.breaker
            && let Some(wait) = origin.broken(breaker, Instant::now())
        {
            return Err(failure::given_up(url, wait));
        }
        let place = match self.policy.concurrency {
            Some(most) => timeout_at(deadline.at, origin.place(most)).await.map_err(|_| deadline.passed(url))?,
            None => None,
        };
        self.turn(url, origin, deadline).await?;
        let outcome = self.send(number, request, want, deadline).await;
        drop(place);
        self.count(origin, &outcome);
        outcome
    }

    /// Waits until the rate and the API itself let a request go.
    async fn turn(&self, url: &str, origin: &Origin, deadline: &Deadline) -> Result<(), UpstreamError> {
        if let Some(rate) = &self.policy.rate {
            let wait = origin.turn(rate, Instant::now());
            if !deadline.allows(wait) {
                origin.give_back(rate);
                return Err(failure::held_back(url, wait));
            }
            // Whoever gives up while waiting gives the turn to the next.
            let turn = Turn { origin, rate, is_used: false };
            self.wait(wait, "the rate limit", rate_text(rate)).await;
            turn.used();
        }
        // Nobody can say whether the limit that is used up is the one of this request. Where the
        // wait is too long, the API is asked and says it.
        if self.policy.learns
            && let Some(wait) = origin.held(Instant::now()).filter(|wait| deadline.allows(*wait))
        {
            self.wait(wait, "the API", "it takes no more requests now".to_owned()).await;
        }
        Ok(())
    }

    async fn wait(&self, time: Duration, whom: &str, why: String) {
        if !time.is_zero() {
            self.say(|| Event::Waiting { time, why: format!("{whom}: {why}") });
            sleep(time).await;
        }
    }

    async fn send(
        &self,
        number: u32,
        request: &Request,
        want: Want,
        deadline: &Deadline,
    ) -> Result<Incoming, UpstreamError> {
        self.say(|| {
            let url = hidden::url(&request.url, self.scrubber);
            Event::Attempt { number, method: request.method.clone(), url }
        });
        let started = Instant::now();
        let attempt = self.policy.timeout.attempt;
        let until = attempt.map_or(deadline.at, |time| deadline.at.min(started + time));
        let travel = self.travel(number, request, want, started);
        timeout_at(until, travel).await.unwrap_or_else(|_elapsed| match attempt.filter(|_| until < deadline.at) {
            Some(time) => Err(failure::attempt_timed_out(&request.url, time)),
            None => Err(deadline.passed(&request.url)),
        })
    }

    async fn travel(
        &self,
        number: u32,
        request: &Request,
        want: Want,
        started: Instant,
    ) -> Result<Incoming, UpstreamError> {
        let incoming = self.proved(request).await?;
        for redirect in &incoming.redirects {
            let status = redirect.status;
            self.say(|| Event::Redirect { status, to: hidden::url(&redirect.to, self.scrubber) });
        }
        self.say(|| Event::Answer { number, status: incoming.status, took: started.elapsed() });
        match want {
            Want::Head(is_streamed) if incoming.status.is_success() && is_streamed(&incoming.headers) => Ok(incoming),
            Want::Head(_) | Want::Whole => incoming.whole(self.bytes_max).await,
        }
    }

    /// Takes note of an outcome for the calls to come.
    fn count(&self, origin: &Origin, outcome: &Result<Incoming, UpstreamError>) {
        let now = Instant::now();
        if let (true, Ok(incoming)) = (self.policy.learns, outcome)
            && let Some(hold) = learn::hold(incoming.status, &incoming.headers, SystemTime::now())
        {
            origin.hold(hold, now);
        }
        if let Some(breaker) = &self.policy.breaker {
            let failed = match outcome {
                Ok(incoming) => Some(incoming.status.is_server_error()),
                Err(error) => error.is_of_upstream().then_some(true),
            };
            if let Some(failed) = failed {
                origin.ended(breaker, failed, now);
            }
        }
    }

    fn say(&self, event: impl FnOnce() -> Event) {
        if self.observer.is_watching() {
            self.observer.event(&event());
        }
    }
}

/// A turn by a rate that was taken; it is given back unless it is used.
struct Turn<'t> {
    origin: &'t Origin,
    rate: &'t Rate,
    is_used: bool,
}

impl Turn<'_> {
    fn used(mut self) {
        self.is_used = true;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.is_used {
            self.origin.give_back(self.rate);
        }
    }
}

/// The moment at which a call must be over.
#[derive(Clone, Copy)]
struct Deadline {
    at: Instant,
    total: Duration,
}

impl Deadline {
    fn new(total: Duration) -> Self {
        let now = Instant::now();
        // A time too long to be told apart from for ever.
        let at = now.checked_add(total).unwrap_or(now + Duration::from_secs(u64::from(u32::MAX)));
        Deadline { at, total }
    }

    /// Whether there is time left behind a wait.
    fn allows(&self, wait: Duration) -> bool {
        wait < self.at.saturating_duration_since(Instant::now())
    }

    fn passed(&self, url: &str) -> UpstreamError {
        failure::timed_out(url, self.total)
    }
}

/// An outcome in a word or two: the last one is told in full.
fn in_words(outcome: &Result<Incoming, UpstreamError>) -> String {
    match outcome {
        Ok(incoming) => incoming.status.as_u16().to_string(),
        Err(error) => match (error.code(), error.fate()) {
            (_, Fate::Unsent) => "no connection",
            (Code::TimedOut, _) => "too late",
            (Code::BrokenResponse, _) => "broken off",
            (Code::CircuitOpen | Code::HeldBack, _) => "not sent",
            _ => "failed",
        }
        .to_owned(),
    }
}

fn rate_text(rate: &Rate) -> String {
    format!("{} in {}", rate.requests, duration_text(rate.per))
}

#[cfg(test)]
mod tests;
