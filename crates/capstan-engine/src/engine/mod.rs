//! The engine: a plan bound to the world, ready to be called.

mod builder;
mod failure;
mod pages;
mod stream;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use capstan_spec::diagnostic::Code;
use capstan_spec::document::RawFormat;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::attachment::Attachment;
use crate::auth::{Keeper, Proof};
use crate::bindings::{Scrubber, Secret};
use crate::cache::Cache;
use crate::decode::{Notices, decode};
use crate::encode;
use crate::error::{CallError, FailedResponse};
use crate::exchange::{CallLimits, Exchange, Guards, Prover};
use crate::observe::Observer;
use crate::outcome::{Outcome, Outputs};
use crate::overrides::BoundOverrides;
use crate::plan::{Catalogue, Input, InputId, Operation, OperationId, Plan};
use crate::range::Rest;
use crate::render::{self, Context, Rendered, Reveal};
use crate::upstream::{Request, Response, Upstream};
use crate::value::{Slots, admit};
use crate::variables::Variables;
pub use builder::EngineBuilder;
use failure::from_upstream;
pub(crate) use stream::Origin;
pub use stream::Streamed;

/// An operation to call, and the parameters to call it with.
#[derive(Clone, Debug, Default)]
pub struct Invocation {
    operation: String,
    params: Map<String, Value>,
    page_url: Option<String>,
    rest: Option<Rest>,
    files: Files,
}

/// The files among the parameters, by name.
type Files = IndexMap<String, Vec<Attachment>>;

impl Invocation {
    /// A call of this operation: its name, `namespace.name`, `resource.name`,
    /// `namespace.resource.name`, or its method and path (`GET /organizations`).
    pub fn new(operation: impl Into<String>) -> Self {
        Invocation { operation: operation.into(), ..Invocation::default() }
    }

    /// Adds a parameter. Text is turned into the declared type.
    pub fn param(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }

    /// Adds parameters; one that was a file is none then.
    pub fn params(mut self, params: Map<String, Value>) -> Self {
        self.files.retain(|name, _| !params.contains_key(name));
        match self.params.is_empty() {
            true => self.params = params,
            false => self.params.extend(params),
        }
        self
    }

    /// The parameters so far; a file stands there by its name.
    pub fn values(&self) -> &Map<String, Value> {
        &self.params
    }

    /// Begins a list of pages at the page of this URL: see [`Resume::Url`](crate::Resume::Url).
    pub fn page_url(mut self, url: impl Into<String>) -> Self {
        self.page_url = Some(url.into());
        self
    }

    /// Adds a file, whose bytes are sent as they are: see [`Engine::takes_file`]. Several of one
    /// name are several parts of a form.
    pub fn file(mut self, name: impl Into<String>, file: Attachment) -> Self {
        let name = name.into();
        // The other parameters know it by its name.
        self.params.insert(name.clone(), file.placeholder().into());
        self.files.entry(name).or_default().push(file);
        self
    }

    /// Asks for the rest of a binary answer, where the method is GET and the body still the same.
    /// [`Download::offset`](crate::Download::offset) tells what came.
    pub fn rest(mut self, rest: Rest) -> Self {
        self.rest = Some(rest);
        self
    }
}

/// A capability bound to the world. A cheap clone that many tasks share.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    plan: Arc<Plan>,
    variables: Variables,
    overrides: BoundOverrides,
    upstream: Arc<dyn Upstream>,
    keeper: Keeper,
    limits: CallLimits,
    guards: Guards,
    cache: Cache,
    observer: Arc<dyn Observer>,
    scrubber: Arc<Scrubber>,
    user_agent: HeaderValue,
    insecure_http: bool,
    inferred_auth: bool,
    allow_missing: bool,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("file", &self.inner.plan.file).finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine for the capability in a file, bound to the process environment and the network.
    ///
    /// # Errors
    /// The file cannot be read or is no capability.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, CallError> {
        EngineBuilder::open(path)?.build()
    }

    /// A builder for a plan.
    pub fn builder(plan: Arc<Plan>) -> EngineBuilder {
        EngineBuilder::new(plan)
    }

    /// The operations.
    pub fn catalogue(&self) -> Catalogue<'_> {
        self.inner.plan.catalogue()
    }

    /// What takes this engine's secrets out of a text.
    pub fn scrubber(&self) -> Arc<Scrubber> {
        self.inner.scrubber.clone()
    }

    /// What a person should know before an operation is called, a line each.
    pub fn notices(&self, id: OperationId) -> Vec<String> {
        let inner = &*self.inner;
        let operation = inner.plan.operation(id);
        let inferred = operation.inferred_bearer.filter(|_| inner.inferred_auth && inner.overrides.auth.is_none());
        let line = inferred.map(|id| {
            let name = &inner.plan.variables[id.index()].name;
            format!(
                "sending `{name}` as a bearer token: nothing says how it is used (--no-inferred-auth turns this off)"
            )
        });
        line.into_iter().collect()
    }

    /// Checks what can be known of an operation before it has parameters: whether its answers can
    /// be read, and its variables have values. Who calls an operation many times asks once.
    ///
    /// # Errors
    /// An output schema that cannot be used, or those variables that are missing.
    pub fn check(&self, id: OperationId) -> Result<(), CallError> {
        let inner = &*self.inner;
        let operation = inner.plan.operation(id);
        let checked = inner.check_schema(operation).and_then(|()| match inner.allow_missing {
            true => Ok(()),
            false => inner.check_variables(operation),
        });
        checked.map_err(|error| inner.guard(error))
    }

    /// The request that a call would send. Nothing is sent.
    ///
    /// # Errors
    /// Those of [`Engine::call`] that come before anything is sent; variables without a value are
    /// none where secrets are masked.
    pub fn render(&self, invocation: &Invocation, reveal: Reveal) -> Result<Request, CallError> {
        let inner = &*self.inner;
        let operation = inner.plan.operation(inner.plan.find(&invocation.operation)?);
        let Invocation { params, files, .. } = invocation;
        let prepared = inner.prepare_with(operation, params, files, reveal).map(|rendered| rendered.request);
        let prepared = prepared.and_then(|request| {
            // What is shown must also be what could be sent, once everything for it is there.
            if reveal == Reveal::Masked && inner.missing(operation).is_empty() {
                inner.prepare_with(operation, params, files, Reveal::Secret)?;
            }
            Ok(request)
        });
        prepared.map_err(|error| inner.guard(error))
    }

    /// Calls an operation. Dropping the future cancels the call. Needs a Tokio runtime with I/O and
    /// time enabled.
    ///
    /// # Errors
    /// See [`CallError::kind`] for the roads on which a call can fail.
    pub async fn call(&self, invocation: Invocation) -> Result<Outcome, CallError> {
        let inner = &*self.inner;
        let operation = inner.plan.operation(inner.plan.find(&invocation.operation)?);
        let Invocation { params, files, .. } = &invocation;
        inner.call(operation, params, files).await.map_err(|error| inner.guard(error))
    }

    /// Whether a parameter may be a file: a part of a multipart form, or the whole payload where
    /// that is neither JSON nor a form.
    pub fn takes_file(&self, operation: OperationId, parameter: &str) -> bool {
        self.inner.takes_file(self.inner.plan.operation(operation), parameter)
    }
}

impl Inner {
    /// The last guard: no error leaves with a secret in it.
    fn guard(&self, error: CallError) -> CallError {
        error.scrubbed(|text| self.scrubber.scrub(text).into_owned())
    }

    async fn call(
        &self,
        operation: &Operation,
        params: &Map<String, Value>,
        files: &Files,
    ) -> Result<Outcome, CallError> {
        let rendered = self.prepare_with(operation, params, files, Reveal::Secret)?;
        let response = self.answer(operation, params, rendered).await?;
        self.outcome(operation, params, response)
    }

    /// Sends a request and gives the whole answer, which is no error.
    async fn answer(
        &self,
        operation: &Operation,
        params: &Map<String, Value>,
        rendered: Rendered,
    ) -> Result<Response, CallError> {
        let (request, proof) = self.ready(operation, rendered)?;
        let (exchanged, history) = self.exchange(operation, proof.as_ref()).whole(request).await;
        let failed = |error: CallError| error.after(&history);
        let response = exchanged.map_err(|e| failed(from_upstream(e).for_request(self.shown(operation, params))))?;
        if !response.status.is_success() {
            return Err(failed(self.failed(operation, params, response)));
        }
        Ok(response)
    }

    /// A request that may be sent, and what proves it then.
    fn ready(&self, operation: &Operation, rendered: Rendered) -> Result<(Request, Option<Proof<Secret>>), CallError> {
        self.check_transport(operation, &rendered)?;
        let Rendered { mut request, proof, tls, has_credential: _ } = rendered;
        request.connection.tls = tls.map(|tls| self.keeper.identity(&tls)).transpose().map_err(from_upstream)?;
        Ok((request, proof))
    }

    /// Reads the outputs of an answer.
    fn outcome(
        &self,
        operation: &Operation,
        params: &Map<String, Value>,
        response: Response,
    ) -> Result<Outcome, CallError> {
        let mut notices = Notices::default();
        let outputs = match stream::framing(operation, &response.headers) {
            Some(framing) => self.collected(operation, framing, &response, &mut notices),
            None => decode(&operation.outputs, &response.headers, &response.body, &mut notices),
        };
        self.finished(operation, params, response, outputs, notices)
    }

    /// What was read of an answer, with what is around it.
    fn finished(
        &self,
        operation: &Operation,
        params: &Map<String, Value>,
        response: Response,
        outputs: Result<Outputs, CallError>,
        notices: Notices,
    ) -> Result<Outcome, CallError> {
        let outputs = outputs.map_err(|error| {
            error.for_request(self.shown(operation, params)).with_response(FailedResponse::from(response.clone()))
        })?;
        let notices = self.located(notices);
        let Response { version, status, headers, .. } = response;
        Ok(Outcome { outputs, version, status, headers, notices })
    }

    /// Notices as texts, with their places.
    fn located(&self, notices: Notices) -> Vec<String> {
        let notices = notices.found.into_iter().map(|(span, text)| match self.plan.locate(span) {
            Some(place) => format!("{text} ({place})"),
            None => text,
        });
        notices.collect()
    }

    /// All that an exchange needs of the engine.
    fn exchange<'e>(&'e self, operation: &'e Operation, proof: Option<&'e Proof<Secret>>) -> Exchange<'e> {
        Exchange {
            upstream: &*self.upstream,
            limits: &self.limits,
            policy: &operation.policy,
            guards: &self.guards,
            cache: &self.cache,
            observer: &*self.observer,
            scrubber: &self.scrubber,
            prover: proof.map(|proof| Prover { keeper: &self.keeper, proof, via: &self.upstream }),
            bytes_max: self.response_bytes_max(operation),
        }
    }

    /// Bytes of an answer that is kept in memory. What the document says of a binary one goes
    /// before our own limit, not before the caller's.
    fn response_bytes_max(&self, operation: &Operation) -> u64 {
        let is_binary = operation.outputs.format == RawFormat::Binary;
        let limits = &self.limits;
        let declared = operation.binary.bytes_max.filter(|_| is_binary && limits.stream_bytes_max.is_none());
        declared.unwrap_or(limits.response_bytes_max)
    }

    /// Admits parameters and renders the request.
    fn prepare(
        &self,
        operation: &Operation,
        params: &Map<String, Value>,
        reveal: Reveal,
    ) -> Result<Rendered, CallError> {
        self.prepare_with(operation, params, &Files::new(), reveal)
    }

    fn prepare_with(
        &self,
        operation: &Operation,
        params: &Map<String, Value>,
        files: &Files,
        reveal: Reveal,
    ) -> Result<Rendered, CallError> {
        self.check_schema(operation)?;
        let has_base = self.overrides.base.is_some();
        let slots = admit(operation, params, has_base).map_err(|all| self.invalid(operation, all))?;
        if reveal == Reveal::Secret && !self.allow_missing {
            self.check_variables(operation)?;
        }
        let files = self.by_input(operation, files)?;
        let mut rendered = self.rendered(operation, &slots, &files, reveal)?;
        let policy = &operation.policy;
        let is_safe = rendered.request.method.is_safe();
        // A key tells one change from another; what changes nothing is the same each time.
        if let Some(name) = policy.key.as_ref().filter(|_| policy.makes_key && !is_safe) {
            let headers = &mut rendered.request.headers;
            if !headers.iter().any(|(known, _)| known == name) {
                headers.push((name.clone(), made_key(reveal)));
            }
        }
        Ok(rendered)
    }

    /// Files input by input; nothing at all where there are none.
    fn by_input(&self, operation: &Operation, files: &Files) -> Result<Vec<Vec<Attachment>>, CallError> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let misplaced = files.keys().filter(|name| !self.takes_file(operation, name));
        let misplaced: Vec<String> = misplaced.map(|name| format!("`{name}` is a text, and takes no file")).collect();
        if !misplaced.is_empty() {
            return Err(self.invalid(operation, misplaced));
        }
        let of = |input: &Input| files.iter().find(|(name, _)| input.is_called(name));
        Ok(operation.inputs.iter().map(|input| of(input).map(|(_, files)| files.clone()).unwrap_or_default()).collect())
    }

    fn takes_file(&self, operation: &Operation, parameter: &str) -> bool {
        let mut inputs = operation.inputs.iter().zip(0..);
        let Some((input, index)) = inputs.find(|(input, _)| input.is_called(parameter)) else { return false };
        let set = self.overrides.headers.iter().rfind(|(name, _)| *name == CONTENT_TYPE);
        let content_type = set.map(|(_, value)| value.text(Reveal::Masked)).or_else(|| operation.content_type());
        operation.request.body.takes_file(InputId(index), input.kind, content_type)
    }

    fn rendered(
        &self,
        operation: &Operation,
        slots: &Slots,
        files: &[Vec<Attachment>],
        reveal: Reveal,
    ) -> Result<Rendered, CallError> {
        let context = Context {
            plan: &self.plan,
            operation,
            variables: &self.variables.values,
            files,
            overrides: &self.overrides,
            inferred_auth: self.inferred_auth,
            user_agent: &self.user_agent,
            reveal,
        };
        render::render(&context, slots).map_err(|misfits| self.misfit(operation, misfits))
    }

    /// A credential must not travel where others can read it.
    fn check_transport(&self, operation: &Operation, rendered: &Rendered) -> Result<(), CallError> {
        let url = &rendered.request.url;
        let Some(rest) = url.strip_prefix("http://").filter(|_| rendered.has_credential && !self.insecure_http) else {
            return Ok(());
        };
        let authority = rest.split(['/', '?']).next().unwrap_or("");
        if encode::is_loopback(authority) {
            return Ok(());
        }
        let message = format!("`{}` would send a credential over plain HTTP to `{authority}`", operation.name);
        Err(CallError::new(Code::InsecureCredential, message)
            .at(self.plan.locate(operation.span))
            .with_help("use `https://`, or allow it with `--insecure-http`"))
    }

    /// The request line, secrets masked.
    fn shown(&self, operation: &Operation, params: &Map<String, Value>) -> String {
        match self.prepare(operation, params, Reveal::Masked) {
            Ok(rendered) => format!("{} {}", rendered.request.method, rendered.request.url),
            Err(_) => format!("{} {}", operation.request.method, operation.path_written),
        }
    }
}

/// A new key for each call; where nothing is sent, what stands for one.
fn made_key(reveal: Reveal) -> HeaderValue {
    match reveal {
        Reveal::Secret => {
            let key = uuid::Uuid::new_v4().to_string();
            HeaderValue::from_str(&key).expect("a UUID has hexadecimal digits and hyphens")
        }
        Reveal::Masked => HeaderValue::from_static("(a new UUID for each call)"),
    }
}
