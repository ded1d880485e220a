//! Answers that are handed on as they come: the engine's side of [`Download`].

use bytes::Bytes;
use capstan_spec::diagnostic::Code;
use capstan_spec::document::{self, RawFormat};
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Map, Value};

use super::failure::from_upstream;
use super::{Engine, Files, Inner, Invocation};
use crate::decode::{Notices, decode};
use crate::download::Download;
use crate::error::CallError;
use crate::exchange::{Broken, CallLimits, Deadline, Exchange};
use crate::limits::{RECORD_BYTES_MAX, STREAM_BYTES_MAX};
use crate::outcome::{Outcome, Output, Outputs};
use crate::plan::{Operation, OperationId};
use crate::range::{self, Placed, Rest};
use crate::records::{self, Framing, Records, Splitter};
use crate::render::Reveal;
use crate::upstream::{Body, Incoming, Response, UpstreamError};

/// An answer, in the form in which it comes.
#[derive(Debug)]
pub enum Streamed {
    /// It came whole, and its outputs are there.
    Outcome(Outcome),
    /// It is binary (`outputRawFormat: binary`): its bytes are on their way.
    Download(Download),
    /// It is JSON, record by record (server-sent events, JSON lines): they are on their way.
    Records(Records),
}

/// How the records of an answer are parted, where it is declared as JSON and has records.
pub(super) fn framing(operation: &Operation, headers: &HeaderMap) -> Option<Framing> {
    Framing::of(headers).filter(|_| operation.outputs.format == RawFormat::Json)
}

/// What an answer is to: for the errors that come while it is read.
pub(crate) struct Origin {
    pub(crate) engine: Engine,
    pub(crate) id: OperationId,
    pub(crate) params: Map<String, Value>,
    /// When the call must be over.
    pub(crate) deadline: Deadline,
}

impl Origin {
    /// An error of the upstream, as one of the call.
    pub(crate) fn error(&self, error: UpstreamError) -> CallError {
        let inner = &*self.engine.inner;
        let request = inner.shown(inner.plan.operation(self.id), &self.params);
        inner.guard(from_upstream(error).for_request(request))
    }

    /// The rest of a body that broke off; `None` where it is not to be asked for, or is not there
    /// any more.
    pub(crate) async fn rest(
        &self,
        rest: &Rest,
        count: u32,
        error: &UpstreamError,
    ) -> Result<Option<Going>, CallError> {
        let inner = &*self.engine.inner;
        let operation = inner.plan.operation(self.id);
        let broken = Broken { count, error, deadline: self.deadline };
        let Some((attempts, deadline)) = inner.exchange(operation, None).after_break(&broken).await else {
            return Ok(None);
        };
        let asked = Asked { rest: Some(rest), files: &Files::new(), deadline, attempts: Some(attempts) };
        let incoming = inner.send_for(operation, &self.params, &asked).await.map_err(|error| inner.guard(error))?;
        Ok(match range::place(incoming.status, &incoming.headers, Some(rest)) {
            Ok(Placed::Rest { total }) => Some(Going { total, body: incoming.body }),
            Ok(Placed::Complete) => Some(Going { total: Some(rest.offset), body: Body::whole(Bytes::new()) }),
            Ok(Placed::Whole | Placed::Changed) | Err(_) => None,
        })
    }

    /// The outputs of a record, and what a person may want to know of them.
    pub(crate) fn outputs(
        &self,
        headers: &HeaderMap,
        record: &Bytes,
        number: u64,
    ) -> Result<(Outputs, Vec<String>), CallError> {
        let inner = &*self.engine.inner;
        let operation = inner.plan.operation(self.id);
        let mut notices = Notices::default();
        let outputs = decode(&operation.outputs, headers, record, &mut notices).map_err(|error| {
            let error = error.detail(format!("it is record {number} of the answer"));
            inner.guard(error.for_request(inner.shown(operation, &self.params)))
        })?;
        Ok((outputs, inner.located(notices)))
    }

    /// The error of a record that is larger than allowed.
    pub(crate) fn too_large(&self, number: u64, bytes_max: u64) -> CallError {
        let inner = &*self.engine.inner;
        records::too_large(number, bytes_max).for_request(inner.shown(inner.plan.operation(self.id), &self.params))
    }
}

/// The rest of a body.
pub(crate) struct Going {
    /// The size of the whole body, where the answer tells it.
    pub(crate) total: Option<u64>,
    pub(crate) body: Body,
}

/// What is asked for beside the parameters.
struct Asked<'a> {
    files: &'a Files,
    rest: Option<&'a Rest>,
    /// When the call must be over, whatever it takes.
    deadline: Deadline,
    /// How often at most; absent, as the caller or the document says.
    attempts: Option<u32>,
}

impl Engine {
    /// Calls an operation, and hands on as it comes what is not to be kept in memory. Dropping the
    /// future, or what it gives, cancels the call.
    ///
    /// # Errors
    /// Those of [`Engine::call`]; `BadRange` where a part of a body came that was not asked for.
    pub async fn stream(&self, invocation: Invocation) -> Result<Streamed, CallError> {
        let inner = &*self.inner;
        let id = inner.plan.find(&invocation.operation)?;
        let operation = inner.plan.operation(id);
        let Invocation { params, rest, files, .. } = invocation;
        let deadline = inner.exchange(operation, None).deadline();
        let asked = Asked { files: &files, rest: rest.as_ref(), deadline, attempts: None };
        let answer = inner.open(operation, &params, &asked).await.map_err(|error| inner.guard(error))?;
        let (incoming, placed) = answer;
        let origin = || Origin { engine: self.clone(), id, params: params.clone(), deadline };
        if let Some(framing) = framing(operation, &incoming.headers) {
            return Ok(Streamed::Records(inner.records(incoming, framing, origin())));
        }
        if operation.outputs.format == RawFormat::Binary {
            // What is sent with files is not sent again for a rest.
            let may_go_on = files.is_empty() && operation.request.method == document::Method::Get;
            let mut download = inner.download(operation, incoming, placed, rest.as_ref(), origin());
            download.validator = download.validator.filter(|_| may_go_on);
            return Ok(Streamed::Download(download));
        }
        let read = incoming.read(u64::MAX).await; // in memory already, and within its bound
        let response = read.map_err(|error| inner.guard(from_upstream(error)))?;
        let outcome = inner.outcome(operation, &params, response).map_err(|error| inner.guard(error))?;
        Ok(Streamed::Outcome(outcome))
    }
}

impl Inner {
    /// Sends a request and gives its answer, which is no error, and what of the body it holds.
    async fn open(
        &self,
        operation: &Operation,
        params: &Map<String, Value>,
        asked: &Asked<'_>,
    ) -> Result<(Incoming, Placed), CallError> {
        let incoming = self.send_for(operation, params, asked).await?;
        match range::place(incoming.status, &incoming.headers, asked.rest) {
            Ok(Placed::Changed) => {
                let incoming = self.send_for(operation, params, &Asked { rest: None, ..*asked }).await?;
                Ok((incoming, Placed::Whole))
            }
            Ok(placed) => Ok((incoming, placed)),
            Err(why) => {
                let message = format!("`{}` answered with another part of the body: {why}", operation.name);
                Err(CallError::new(Code::BadRange, message)
                    .for_request(self.shown(operation, params))
                    .with_help("load the whole body: leave out `--continue`"))
            }
        }
    }

    async fn send_for(
        &self,
        operation: &Operation,
        params: &Map<String, Value>,
        asked: &Asked<'_>,
    ) -> Result<Incoming, CallError> {
        let Asked { files, rest, deadline, attempts } = *asked;
        let rendered = self.prepare_with(operation, params, files, Reveal::Secret)?;
        let (mut request, proof) = self.ready(operation, rendered)?;
        let is_binary = operation.outputs.format == RawFormat::Binary;
        if is_binary {
            request.headers.push(range::identity());
        }
        let asked = rest.filter(|_| is_binary && request.method == Method::GET);
        request.headers.extend(asked.and_then(Rest::headers).into_iter().flatten());
        let is_streamed: fn(&HeaderMap) -> bool = match operation.outputs.format {
            RawFormat::Binary => |_| true,
            RawFormat::Json => |headers| Framing::of(headers).is_some(),
            _ => |_| false,
        };
        let limits = CallLimits { attempts: attempts.or(self.limits.attempts), ..self.limits.clone() };
        let exchange = Exchange { limits: &limits, ..self.exchange(operation, proof.as_ref()) };
        let (opened, history) = exchange.open(request, is_streamed, deadline).await;
        let failed = |error: CallError| error.after(&history);
        let incoming = opened.map_err(|e| failed(from_upstream(e).for_request(self.shown(operation, params))))?;
        let is_answer = incoming.status == StatusCode::RANGE_NOT_SATISFIABLE && asked.is_some();
        if incoming.status.is_success() || is_answer {
            return Ok(incoming);
        }
        let read = incoming.read(u64::MAX).await; // in memory already, and within its bound
        let response = read.map_err(|e| failed(from_upstream(e)))?;
        Err(failed(self.failed(operation, params, response)))
    }

    fn download(
        &self,
        operation: &Operation,
        incoming: Incoming,
        placed: Placed,
        rest: Option<&Rest>,
        origin: Origin,
    ) -> Download {
        let asked = rest.map_or(0, |rest| rest.offset);
        let Incoming { status, version, headers, url, redirects: _, body } = incoming;
        let (offset, total, body) = match placed {
            Placed::Whole | Placed::Changed => (0, body.length(), body),
            Placed::Rest { total } => (asked, total.or(body.length().map(|rest| asked + rest)), body),
            Placed::Complete => (asked, Some(asked), Body::whole(Bytes::new())),
        };
        let validator = match offset {
            0 => range::validator(&headers),
            // The answer to a range need not repeat it.
            _ => rest.map(|rest| rest.validator.clone()),
        };
        Download {
            status,
            version,
            headers,
            media_type: operation.binary.media_type.as_deref().map(str::to_owned),
            offset,
            total,
            body,
            bytes_max: self.stream_bytes_max(operation),
            url,
            origin,
            received: offset,
            validator,
            breaks: 0,
        }
    }

    fn records(&self, incoming: Incoming, framing: Framing, origin: Origin) -> Records {
        let Incoming { status, version, headers, url: _, redirects: _, body } = incoming;
        let bytes_max = self.record_bytes_max();
        let splitter = Splitter::new(framing, bytes_max);
        Records { status, version, headers, body, splitter, bytes_max, origin, count: 0, is_over: false }
    }

    fn record_bytes_max(&self) -> u64 {
        self.limits.stream_bytes_max.unwrap_or(RECORD_BYTES_MAX)
    }

    /// The records of an answer that came whole, as one list.
    pub(super) fn collected(
        &self,
        operation: &Operation,
        framing: Framing,
        response: &Response,
        notices: &mut Notices,
    ) -> Result<Outputs, CallError> {
        let bytes_max = self.record_bytes_max();
        let mut list = Vec::new();
        let records = Splitter::new(framing, bytes_max).all(response.body.clone());
        for (record, number) in records.map_err(|_| records::too_large(1, bytes_max))?.iter().zip(1_u64..) {
            let outputs = decode(&operation.outputs, &response.headers, record, notices);
            let outputs = outputs.map_err(|error| error.detail(format!("it is record {number} of the answer")))?;
            list.push(outputs.to_value());
        }
        Ok(Outputs::Body(Output::Value(Value::Array(list))))
    }

    /// Bytes of a body that is handed on: the caller's limit, the document's, ours.
    fn stream_bytes_max(&self, operation: &Operation) -> u64 {
        self.limits.stream_bytes_max.or(operation.binary.bytes_max).unwrap_or(STREAM_BYTES_MAX)
    }
}
