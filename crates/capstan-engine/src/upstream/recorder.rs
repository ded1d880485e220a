//! Writes down what travels, as a HAR archive.
//!
//! Every request on the wire is an entry: each hop of a redirect, each attempt, also one that got no
//! answer. A body passes on as it comes and is kept on the side, so that a stream is recorded without
//! being held up, and only as much of it as a bound allows.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use bytes::{Bytes, BytesMut};
use capstan_spec::diagnostic::Code;
use serde_json::Value;

use super::har::{self, Answer, Content, Moment};
use super::payload::hashed;
use super::{Body, Chunks, Incoming, NextChunk, Request, Sending, Upstream, UpstreamError};
use crate::bindings::Scrubber;
use crate::limits;

/// An upstream that passes requests on and keeps every exchange, masked.
///
/// After [`limits::RECORDED_ENTRIES_MAX`] exchanges further calls fail with `BadRecording` before
/// anything is sent, because a recording with gaps would replay wrongly. Bodies of more than
/// [`limits::RECORDED_BODY_BYTES_MAX`], and those beyond [`limits::RECORDED_BYTES_MAX`] in all, are left
/// out, with a comment in their place.
pub struct Recorder {
    inner: Arc<dyn Upstream>,
    now: Box<dyn Fn() -> SystemTime + Send + Sync>,
    tape: Arc<Tape>,
}

/// What is recorded. Answers that are still on their way write on it after the recorder has passed
/// them on.
struct Tape {
    scrubber: Arc<Scrubber>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// In the order in which requests were sent; absent while an answer is on its way.
    entries: Vec<Option<Vec<Value>>>,
    body_bytes: u64,
}

impl Recorder {
    /// Records what passes to `inner`; `scrubber` knows the secrets.
    pub fn new(inner: Arc<dyn Upstream>, scrubber: Arc<Scrubber>) -> Self {
        let tape = Arc::new(Tape { scrubber, kept: Mutex::default() });
        Recorder { inner, now: Box::new(SystemTime::now), tape }
    }

    /// The same with another clock for the times of day.
    pub fn with_clock(self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Recorder { now: Box::new(now), ..self }
    }

    /// The recording so far: a HAR 1.2 archive. Exchanges that are under way are not in it.
    pub fn to_har(&self) -> Value {
        let kept = self.tape.kept();
        let entries: Vec<&Value> = kept.entries.iter().flatten().flatten().collect();
        har::archive(&entries)
    }

    async fn record(&self, mut request: Request) -> Result<Incoming, UpstreamError> {
        if request.connection.is_private {
            return self.inner.send(request).await;
        }
        request.body = hashed(request.body).await?;
        let slot = self.tape.begin()?;
        let (started, clock) = ((self.now)(), Instant::now());
        let pending = Pending { tape: self.tape.clone(), slot, started, clock, request: Some(request.clone()) };
        match self.inner.send(request).await {
            Ok(incoming) => Ok(pending.follow(incoming)),
            Err(error) => {
                pending.fail(&error.to_string());
                Err(error)
            }
        }
    }
}

impl Upstream for Recorder {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(self.record(request))
    }
}

impl Tape {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for an exchange.
    fn begin(&self) -> Result<usize, UpstreamError> {
        let mut kept = self.kept();
        let count = kept.entries.len();
        if count >= limits::RECORDED_ENTRIES_MAX {
            let message = format!("the recording is full: it holds {count} exchanges");
            return Err(UpstreamError::new(Code::BadRecording, message));
        }
        kept.entries.push(None);
        Ok(count)
    }

    fn write(&self, slot: usize, entries: Vec<Value>) {
        self.kept().entries[slot] = Some(entries);
    }

    /// Takes bytes of the bound of all bodies; false where there are not as many left.
    fn take(&self, bytes: u64) -> bool {
        let mut kept = self.kept();
        let fits = kept.body_bytes + bytes <= limits::RECORDED_BYTES_MAX;
        kept.body_bytes += if fits { bytes } else { 0 };
        fits
    }

    /// Gives back bytes that were taken.
    fn give_back(&self, bytes: u64) {
        let mut kept = self.kept();
        kept.body_bytes = kept.body_bytes.saturating_sub(bytes);
    }
}

/// A request whose answer has not come. Dropped, it was given up: an attempt that took too long.
struct Pending {
    tape: Arc<Tape>,
    slot: usize,
    started: SystemTime,
    clock: Instant,
    /// `None` once it is written down, or about to be.
    request: Option<Request>,
}

impl Pending {
    fn fail(mut self, why: &str) {
        self.write_failed(why);
    }

    fn write_failed(&mut self, why: &str) {
        let Some(request) = self.request.take() else { return };
        let moment = Moment::waited(self.started, self.clock.elapsed());
        self.tape.write(self.slot, vec![har::failed(&request, why, moment, &self.tape.scrubber)]);
    }

    /// Passes an answer on, and keeps it as it is read.
    fn follow(mut self, mut incoming: Incoming) -> Incoming {
        let Some(request) = self.request.take() else { return incoming };
        let waited = Moment::waited(self.started, self.clock.elapsed());
        let scrubber = &self.tape.scrubber;
        let mut entries = Vec::new();
        let mut asked = request;
        for redirect in &incoming.redirects {
            let answer = Answer { status: redirect.status, version: redirect.version, headers: &redirect.headers };
            // The times of the hops are not known one by one; the last has them all.
            let moment = Moment::waited(self.started, Default::default());
            entries.push(har::entry(&asked, &answer, &Content::Whole(Bytes::new()), moment, scrubber));
            asked = (*redirect.next).clone();
        }
        let length = incoming.body.length();
        let tee = Tee {
            body: std::mem::replace(&mut incoming.body, Body::whole(Bytes::new())),
            head: (incoming.status, incoming.version, incoming.headers.clone()),
            tape: self.tape.clone(),
            slot: self.slot,
            started: self.started,
            clock: self.clock,
            waited,
            asked,
            before: entries,
            copy: Some(BytesMut::new()),
            bytes: 0,
            is_written: false,
        };
        incoming.body = Body::chunks(length, Box::new(tee));
        incoming
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.write_failed("given up before an answer came");
    }
}

/// A body that is copied as it passes.
struct Tee {
    body: Body,
    head: (http::StatusCode, http::Version, http::HeaderMap),
    tape: Arc<Tape>,
    slot: usize,
    started: SystemTime,
    clock: Instant,
    waited: Moment,
    asked: Request,
    /// The entries of the redirects that led here.
    before: Vec<Value>,
    /// `None` once there is more of it than is kept.
    copy: Option<BytesMut>,
    bytes: u64,
    is_written: bool,
}

impl Tee {
    async fn chunk(&mut self) -> Result<Option<Bytes>, UpstreamError> {
        let chunk = self.body.chunk().await;
        match &chunk {
            Ok(Some(bytes)) => self.copy(bytes),
            Ok(None) => self.write(None),
            Err(error) => self.write(Some(&error.to_string())),
        }
        chunk
    }

    fn copy(&mut self, bytes: &Bytes) {
        self.bytes += bytes.len() as u64;
        let fits = self.bytes <= limits::RECORDED_BODY_BYTES_MAX && self.tape.take(bytes.len() as u64);
        match self.copy.as_mut().filter(|_| fits) {
            Some(copy) => copy.extend_from_slice(bytes),
            // What was kept of it is of no use, and others have room for it.
            None => self.tape.give_back(self.copy.take().map_or(0, |copy| copy.len() as u64)),
        }
    }

    fn write(&mut self, error: Option<&str>) {
        if std::mem::replace(&mut self.is_written, true) {
            return;
        }
        let (status, version, headers) = &self.head;
        let answer = Answer { status: *status, version: *version, headers };
        let content = match self.copy.take() {
            Some(copy) => Content::Whole(copy.freeze()),
            None => Content::LeftOut(self.bytes),
        };
        let moment = Moment {
            started: self.started,
            received: self.clock.elapsed().saturating_sub(self.waited.waited),
            ..self.waited
        };
        let mut entry = har::entry(&self.asked, &answer, &content, moment, &self.tape.scrubber);
        if let Some(error) = error {
            entry["_error"] = self.tape.scrubber.scrub(error).into();
        }
        let mut entries = std::mem::take(&mut self.before);
        entries.push(entry);
        self.tape.write(self.slot, entries);
    }
}

impl Chunks for Tee {
    fn next(&mut self) -> NextChunk<'_> {
        Box::pin(self.chunk())
    }
}

impl Drop for Tee {
    fn drop(&mut self) {
        // Streams have no end of their own; of anything else, a part is no answer.
        let is_stream = self.head.2.get(http::header::CONTENT_TYPE).is_some_and(is_stream);
        self.write((!is_stream).then_some("not read to its end"));
    }
}

fn is_stream(content_type: &http::HeaderValue) -> bool {
    let text = String::from_utf8_lossy(content_type.as_bytes()).to_ascii_lowercase();
    ["text/event-stream", "application/x-ndjson", "application/jsonl", "application/json-seq"]
        .iter()
        .any(|kind| text.starts_with(kind))
}
