//! Writes down what travels, as a HAR archive.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use capstan_spec::diagnostic::Code;
use serde_json::Value;

use super::har::{self, Moment};
use super::{Incoming, Request, Sending, Upstream, UpstreamError};
use crate::bindings::Scrubber;
use crate::limits;

/// An upstream that passes requests on and keeps every exchange, masked.
///
/// Calls that fail are not kept: they have no response. After
/// [`limits::RECORDED_ENTRIES_MAX`] exchanges further calls fail with `BadRecording` before
/// anything is sent, because a recording with gaps would replay wrongly.
pub struct Recorder {
    inner: Arc<dyn Upstream>,
    scrubber: Arc<Scrubber>,
    now: Box<dyn Fn() -> SystemTime + Send + Sync>,
    entries: Mutex<Vec<Value>>,
}

impl Recorder {
    /// Records what passes to `inner`; `scrubber` knows the secrets.
    pub fn new(inner: Arc<dyn Upstream>, scrubber: Arc<Scrubber>) -> Self {
        Recorder { inner, scrubber, now: Box::new(SystemTime::now), entries: Mutex::default() }
    }

    /// The same with another clock for the times of day.
    pub fn with_clock(self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Recorder { now: Box::new(now), ..self }
    }

    /// The recording so far: a HAR 1.2 archive.
    pub fn to_har(&self) -> Value {
        har::archive(&self.entries.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn record(&self, request: Request) -> Result<Incoming, UpstreamError> {
        if request.connection.is_private {
            return self.inner.send(request).await;
        }
        self.refuse_full()?;
        let (started, clock) = ((self.now)(), Instant::now());
        let incoming = self.inner.send(request.clone()).await?;
        let response = incoming.read(limits::RESPONSE_BYTES_MAX).await?;
        let moment = Moment { started, took: clock.elapsed() };
        let entry = har::entry(&request, &response, moment, &self.scrubber);
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
        Ok(response.into())
    }

    fn refuse_full(&self) -> Result<(), UpstreamError> {
        let count = self.entries.lock().unwrap_or_else(PoisonError::into_inner).len();
        if count < limits::RECORDED_ENTRIES_MAX {
            return Ok(());
        }
        let message = format!("the recording is full: it holds {count} exchanges");
        Err(UpstreamError::new(Code::BadRecording, message))
    }
}

impl Upstream for Recorder {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(self.record(request))
    }
}
