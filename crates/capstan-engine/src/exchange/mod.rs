//! Between a rendered request and its answer: the only code of the engine that awaits the network.
//!
//! One [`Exchange`] is one logical request: it waits for its turn, is sent, and is sent again where
//! its policy says so, all before its deadline. What is decided is decided by pure functions
//! ([`retry`], [`learn`]); what calls share lies in [`guards`].

mod cached;
mod guards;
mod history;
mod learn;
mod proved;
mod retry;
mod stream;
mod turn;

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName};
use tokio::time::{Instant, sleep, timeout_at};

use crate::bindings::Scrubber;
use crate::cache::Cache;
use crate::limits;
use crate::observe::{Event, Observer};
use crate::plan::{Policy, Rate};
use crate::upstream::settings::duration_text;
use crate::upstream::{Incoming, Request, Response, Upstream, UpstreamError, failure, hidden};
pub(crate) use guards::Guards;
use guards::{Origin, Pass, Shut, origin_of};
pub(crate) use history::History;
pub(crate) use proved::Prover;
use retry::{Attempted, Verdict};
pub(crate) use stream::Broken;
use turn::Again;

/// The bounds of every call: what is set here goes before what a document says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// Time to the last byte of the answer: redirects, waits and repetitions included.
    pub timeout: Option<Duration>,
    /// Time to a connection.
    pub connect_timeout: Option<Duration>,
    /// Attempts at most, the first included.
    pub attempts: Option<u32>,
    /// How often requests are sent to the origin at most.
    pub rate: Option<Rate>,
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
            rate: None,
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
        let (mut number, mut refused, mut refusals) = (0, None, 0);
        loop {
            number += 1;
            let again = Again { refusals, refused: refused.take() };
            let mut pass = self.turn(&request.url, &origin, again, deadline).await?;
            let outcome = self.send(number, &request, want, deadline).await;
            self.count(&mut pass, &request.url, &outcome);
            let is_success = outcome.as_ref().is_ok_and(|incoming| incoming.status.is_success());
            // What went well is never repeated, and asks no clock. Borrowed for the decision only: a call
            // must be able to move between threads.
            let verdict = match is_success {
                true => Verdict::Done,
                false => retry::decide(
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
                ),
            };
            if number > 1 || verdict != Verdict::Done {
                history.add(&outcome, deadline.elapsed());
            }
            match self.within_bounds(verdict, &origin, deadline) {
                Verdict::Done => return outcome.map(|incoming| stream::under_way(incoming, pass)),
                Verdict::GivenUp(why) => {
                    history.given_up = Some(why);
                    return outcome;
                }
                Verdict::Again { after, why, is_refused } => {
                    self.say(|| Event::Retry { after, why: self.scrubber.scrub(&why).into_owned() });
                    if is_refused && self.policy.learns {
                        refusals += 1;
                        refused = Some(origin.refused(refusals));
                    }
                    // The connection of a failed answer and its place are free while we wait.
                    drop((outcome, pass));
                    sleep(after).await;
                }
            }
        }
    }

    /// A verdict, or why it cannot be followed: there is no time, or the API is to be left alone.
    fn within_bounds(&self, verdict: Verdict, origin: &Origin, deadline: &Deadline) -> Verdict {
        let Verdict::Again { after, .. } = verdict else { return verdict };
        if !deadline.allows(after) {
            let (after, total) = (duration_text(after), duration_text(deadline.total));
            return Verdict::GivenUp(format!("the next attempt, in {after}, would come after the {total} of the call"));
        }
        let shut = self.policy.breaker.as_ref().and_then(|breaker| origin.shut(breaker, Instant::now()));
        match shut.and_then(Shut::time).filter(|left| *left > after) {
            Some(left) => {
                let left = failure::wait_text(left);
                Verdict::GivenUp(format!("the API failed too often; it is asked again in {left}"))
            }
            None => verdict,
        }
    }

    /// Whether a request really has a key by which the API sees a repetition as one: a template may
    /// give none.
    fn has_key(&self, request: &Request) -> bool {
        let is_key = |name: &HeaderName| Some(name) == self.policy.key.as_ref() || *name == IDEMPOTENCY_KEY;
        request.headers.iter().any(|(name, value)| is_key(name) && !value.is_empty())
    }

    /// The moment at which a call that begins now must be over.
    pub(crate) fn deadline(&self) -> Deadline {
        Deadline::new(self.total())
    }

    fn total(&self) -> Duration {
        self.limits.timeout.or(self.policy.timeout.total).unwrap_or(limits::CALL_TIMEOUT)
    }

    fn rate(&self) -> Option<&Rate> {
        self.limits.rate.as_ref().or(self.policy.rate.as_ref())
    }

    /// One attempt, to the last byte of an answer that is read whole.
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
    fn count(&self, pass: &mut Pass, url: &str, outcome: &Result<Incoming, UpstreamError>) {
        let now = Instant::now();
        if let (true, Ok(incoming)) = (self.policy.learns, outcome) {
            // Where a redirect led elsewhere, the answer speaks of another origin.
            let is_own = incoming.redirects.is_empty() || origin_of(&incoming.url) == origin_of(url);
            if is_own {
                pass.heard(&learn::said(incoming.status, &incoming.headers, SystemTime::now), now);
            }
        }
        if let Some(breaker) = &self.policy.breaker {
            let has_failed = match outcome {
                Ok(incoming) => Some(incoming.status.is_server_error()),
                Err(error) => error.is_of_upstream().then_some(true),
            };
            if let Some(has_failed) = has_failed {
                pass.ended(breaker, has_failed, now);
            }
        }
    }

    fn say(&self, event: impl FnOnce() -> Event) {
        if self.observer.is_watching() {
            self.observer.event(&event());
        }
    }
}

/// The moment at which a call must be over.
#[derive(Clone, Copy)]
pub(crate) struct Deadline {
    began: Instant,
    at: Instant,
    total: Duration,
}

impl Deadline {
    fn new(total: Duration) -> Self {
        let now = Instant::now();
        // A time too long to be told apart from for ever.
        let at = now.checked_add(total).unwrap_or(now + Duration::from_secs(u64::from(u32::MAX)));
        Deadline { began: now, at, total }
    }

    /// Whether there is time left behind a wait.
    fn allows(&self, wait: Duration) -> bool {
        wait < self.at.saturating_duration_since(Instant::now())
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    fn passed(&self, url: &str) -> UpstreamError {
        failure::timed_out(url, self.total)
    }
}

#[cfg(test)]
mod tests;
