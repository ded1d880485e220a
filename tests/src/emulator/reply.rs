//! An answer as a script: status, headers, and a body that may wait or break off half way.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::Response;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::Notify;

/// One step of a body.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// These bytes.
    Send(Bytes),
    /// These bytes, this often.
    Repeat(Bytes, u64),
    /// Nothing for a while.
    Wait(Duration),
    /// Nothing until somebody opens the gate.
    Hold(Arc<Notify>),
    /// The connection is closed in the middle of the body.
    Break,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    /// Waited before the status line.
    pub(crate) delay: Duration,
    pub(crate) body: Vec<Step>,
}

impl Reply {
    /// An answer without a body.
    pub(crate) fn empty(status: u16) -> Reply {
        Reply { status, headers: Vec::new(), delay: Duration::ZERO, body: Vec::new() }
    }

    /// An answer with a body of a media type.
    pub(crate) fn new(status: u16, media_type: &str, body: impl Into<Bytes>) -> Reply {
        let mut reply = Reply::empty(status).header("content-type", media_type);
        reply.body.push(Step::Send(body.into()));
        reply
    }

    /// An answer in JSON.
    pub(crate) fn json(status: u16, value: &serde_json::Value) -> Reply {
        Reply::new(status, "application/json", value.to_string())
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Reply {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The answer as hyper sends it.
    pub(super) fn into_response(self) -> Response<Scripted> {
        let mut builder = Response::builder().status(self.status);
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        let body = Scripted { steps: self.body.into(), waiting: None };
        builder.body(body).expect("the emulators write valid statuses and headers")
    }
}

/// A body that plays its steps.
pub(super) struct Scripted {
    steps: VecDeque<Step>,
    waiting: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Body for Scripted {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        loop {
            if let Some(sleep) = &mut self.waiting {
                std::task::ready!(sleep.as_mut().poll(cx));
                self.waiting = None;
            }
            match self.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Send(bytes)) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Some(Step::Repeat(_, 0)) => {}
                Some(Step::Repeat(bytes, times)) => {
                    self.steps.push_front(Step::Repeat(bytes.clone(), times - 1));
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Some(Step::Wait(time)) => self.waiting = Some(Box::pin(tokio::time::sleep(time))),
                Some(Step::Hold(gate)) => self.waiting = Some(Box::pin(async move { gate.notified().await })),
                Some(Step::Break) => return Poll::Ready(Some(Err(io::Error::other("broken off")))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty() && self.waiting.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let sizes = self.steps.iter().map(|step| match step {
            Step::Send(bytes) => Some(bytes.len() as u64),
            Step::Repeat(bytes, times) => Some(bytes.len() as u64 * times),
            Step::Wait(_) | Step::Hold(_) | Step::Break => None,
        });
        sizes.sum::<Option<u64>>().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
