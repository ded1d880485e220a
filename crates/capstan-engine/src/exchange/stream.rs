//! Answers that are read piece by piece: each piece has its time, the whole has none of its own.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Method};
use tokio::time::{Instant, sleep, timeout_at};

use super::guards::Pass;
use super::retry::{self, Attempted, Verdict};
use super::{Deadline, Exchange, History, Want};
use crate::limits;
use crate::observe::Event;
use crate::upstream::{Body, Chunks, Incoming, NextChunk, Request, UpstreamError, failure};

impl Exchange<'_> {
    /// Sends a request and gives the answer once its head has come, where that says that it is
    /// read piece by piece. From then on the request is no longer repeated, but the rest of a file
    /// may be asked for: see [`Exchange::after_break`]. Any other answer, and one with an error
    /// status, is in memory already.
    ///
    /// The body may take as long as it takes, unless the caller has limited the whole call; but
    /// something of it must come within the time of an attempt.
    pub(crate) async fn open(
        &self,
        request: Request,
        is_streamed: fn(&HeaderMap) -> bool,
        deadline: Deadline,
    ) -> (Result<Incoming, UpstreamError>, History) {
        // A kept answer is a whole one. A body that is streamed whatever the head says is a file.
        let is_file = is_streamed(&HeaderMap::new());
        if !is_file && self.may_be_kept(&request) {
            let (response, history) = self.whole(request).await;
            return (response.map(Incoming::from), history);
        }
        let mut history = History::default();
        let change = (!request.method.is_safe()).then(|| request.url.clone());
        let idle = self.policy.timeout.attempt.unwrap_or(limits::IDLE_TIMEOUT);
        let answered = self.run(request, Want::Head(is_streamed), &deadline, &mut history).await;
        if let (Some(url), Ok(incoming)) = (change, &answered) {
            self.changed(&url, incoming.status, &incoming.headers);
        }
        let deadline = self.of_body(deadline);
        let watched = answered.map(|mut incoming| {
            let length = incoming.body.length();
            let body = std::mem::replace(&mut incoming.body, Body::whole(Bytes::new()));
            let watched = Watched { body, idle, deadline, url: incoming.url.clone() };
            incoming.body = Body::chunks(length, Box::new(watched));
            incoming
        });
        (watched, history)
    }

    /// The deadline, where it holds for a body that is read piece by piece as well.
    fn of_body(&self, deadline: Deadline) -> Option<Deadline> {
        self.limits.timeout.or(self.policy.timeout.total).map(|_| deadline)
    }

    /// Waits until the rest of a body that broke off may be asked for, and tells how often and
    /// until when; `None` where the policy, or the time of the call, does not allow it.
    pub(crate) async fn after_break(&self, broken: &Broken<'_>) -> Option<(u32, Deadline)> {
        let attempts_max = self.limits.attempts.unwrap_or(self.policy.retry.attempts);
        let attempted = Attempted {
            number: broken.count,
            attempts_max,
            method: &Method::GET,
            has_key: false,
            outcome: Err(broken.error),
            chance: fastrand::f64(),
            now: SystemTime::now(),
        };
        let Verdict::Again { after, why, is_refused: _ } = retry::decide(&self.policy.retry, &attempted) else {
            return None;
        };
        let deadline = self.of_body(broken.deadline);
        if deadline.is_some_and(|deadline| !deadline.allows(after)) {
            return None;
        }
        self.say(|| Event::Retry { after, why: self.scrubber.scrub(&why).into_owned() });
        sleep(after).await;
        Some((attempts_max - broken.count, deadline.unwrap_or_else(|| self.deadline())))
    }
}

/// A body that broke off.
pub(crate) struct Broken<'b> {
    /// How often it has.
    pub(crate) count: u32,
    pub(crate) error: &'b UpstreamError,
    /// That of the call.
    pub(crate) deadline: Deadline,
}

/// An answer that keeps its place as long as its body is under way.
pub(super) fn under_way(mut incoming: Incoming, mut pass: Pass) -> Incoming {
    if !incoming.body.is_whole() {
        // A stream may be open for hours, and says nothing of how many requests the API takes.
        pass.landed();
        let length = incoming.body.length();
        let body = std::mem::replace(&mut incoming.body, Body::whole(Bytes::new()));
        incoming.body = Body::chunks(length, Box::new(UnderWay { body, _pass: pass }));
    }
    incoming
}

struct UnderWay {
    body: Body,
    _pass: Pass,
}

impl Chunks for UnderWay {
    fn next(&mut self) -> NextChunk<'_> {
        Box::pin(self.body.chunk())
    }
}

/// A body of which something must come within a time.
struct Watched {
    body: Body,
    idle: Duration,
    deadline: Option<Deadline>,
    url: String,
}

impl Watched {
    async fn chunk(&mut self) -> Result<Option<Bytes>, UpstreamError> {
        let until = Instant::now() + self.idle;
        match self.deadline.filter(|deadline| deadline.at < until) {
            Some(deadline) => {
                timeout_at(deadline.at, self.body.chunk()).await.map_err(|_| deadline.passed(&self.url))?
            }
            None => timeout_at(until, self.body.chunk()).await.map_err(|_| failure::stalled(&self.url, self.idle))?,
        }
    }
}

impl Chunks for Watched {
    fn next(&mut self) -> NextChunk<'_> {
        Box::pin(self.chunk())
    }
}
