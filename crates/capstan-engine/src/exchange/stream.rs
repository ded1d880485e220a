//! Answers that are read piece by piece: each piece has its time, the whole has none of its own.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use tokio::time::{Instant, timeout_at};

use super::guards::Pass;
use super::{Deadline, Exchange, History, Want};
use crate::limits;
use crate::upstream::{Body, Chunks, Incoming, NextChunk, Request, UpstreamError, failure};

impl Exchange<'_> {
    /// Sends a request and gives the answer once its head has come, where that says that it is
    /// read piece by piece. From then on the request is no longer repeated. Any other answer, and
    /// one with an error status, is in memory already.
    ///
    /// The body may take as long as it takes, unless the caller has limited the whole call; but
    /// something of it must come within the time of an attempt.
    pub(crate) async fn open(
        &self,
        request: Request,
        is_streamed: fn(&HeaderMap) -> bool,
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
        let deadline = Deadline::new(self.total());
        let answered = self.run(request, Want::Head(is_streamed), &deadline, &mut history).await;
        if let (Some(url), Ok(incoming)) = (change, &answered) {
            self.changed(&url, incoming.status, &incoming.headers);
        }
        let is_limited = self.limits.timeout.or(self.policy.timeout.total).is_some();
        let deadline = is_limited.then_some(deadline);
        let watched = answered.map(|mut incoming| {
            let length = incoming.body.length();
            let body = std::mem::replace(&mut incoming.body, Body::whole(Bytes::new()));
            let watched = Watched { body, idle, deadline, url: incoming.url.clone() };
            incoming.body = Body::chunks(length, Box::new(watched));
            incoming
        });
        (watched, history)
    }
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
