//! Between a rendered request and its answer: the only code of the engine that awaits the network.

use std::time::{Duration, Instant};

use crate::bindings::Scrubber;
use crate::limits;
use crate::observe::{Event, Observer};
use crate::upstream::{Incoming, Request, Response, Upstream, UpstreamError, failure};

/// The bounds of every call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// Time to the last byte of the answer: redirects, waits and repetitions included.
    pub timeout: Duration,
    /// Bytes of an answer's body after decompression.
    pub response_bytes_max: u64,
}

impl Default for CallLimits {
    fn default() -> Self {
        CallLimits { timeout: limits::CALL_TIMEOUT, response_bytes_max: limits::RESPONSE_BYTES_MAX }
    }
}

/// One exchange with an upstream.
#[derive(Clone, Copy)]
pub(crate) struct Exchange<'e> {
    pub(crate) upstream: &'e dyn Upstream,
    pub(crate) limits: &'e CallLimits,
    pub(crate) observer: &'e dyn Observer,
    pub(crate) scrubber: &'e Scrubber,
}

impl Exchange<'_> {
    /// Sends a request and reads the whole answer, within the time of the call.
    pub(crate) async fn whole(&self, request: Request) -> Result<Response, UpstreamError> {
        let timeout = self.limits.timeout;
        let url = request.url.clone();
        let travel = async { self.attempt(1, request).await?.read(self.limits.response_bytes_max).await };
        match tokio::time::timeout(timeout, travel).await {
            Ok(result) => result,
            Err(_elapsed) => Err(failure::timed_out(&url, timeout)),
        }
    }

    async fn attempt(&self, number: u32, request: Request) -> Result<Incoming, UpstreamError> {
        let url = self.scrubber.scrub(&request.url).into_owned();
        self.observer.event(&Event::Attempt { number, method: request.method.clone(), url });
        let started = Instant::now();
        let incoming = self.upstream.send(request).await?;
        for redirect in &incoming.redirects {
            let to = self.scrubber.scrub(&redirect.to).into_owned();
            self.observer.event(&Event::Redirect { status: redirect.status, to });
        }
        self.observer.event(&Event::Answer { number, status: incoming.status, took: started.elapsed() });
        Ok(incoming)
    }
}
