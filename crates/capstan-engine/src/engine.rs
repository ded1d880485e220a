//! The engine: a plan bound to the world, ready to be called.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use capstan_spec::diagnostic::{Code, Severity};
use http::HeaderValue;
use serde_json::{Map, Value};

use crate::bindings::{Environment, Files, ProcessEnvironment, RealFiles, Scrubber, Secret};
use crate::decode::{Notices, decode};
use crate::encode;
use crate::error::{CallError, FailedResponse};
use crate::limits::MESSAGE_CHARS_MAX;
use crate::load::load;
use crate::outcome::Outcome;
use crate::overrides::{BoundOverrides, Overrides};
use crate::plan::{Catalogue, Operation, OperationId, Plan, VariableId};
use crate::render::{self, Context, Misfit, Rendered, Reveal};
use crate::upstream::{Client, ClientSettings, Request, Response, Upstream, UpstreamError};
use crate::value::{Slots, admit};
use crate::variables::Variables;

/// An operation to call, and the parameters to call it with.
#[derive(Clone, Debug, Default)]
pub struct Invocation {
    operation: String,
    params: Map<String, Value>,
}

impl Invocation {
    /// A call of this operation: its name, `namespace.name`, `resource.name`,
    /// `namespace.resource.name`, or its method and path (`GET /organizations`).
    pub fn new(operation: impl Into<String>) -> Self {
        Invocation { operation: operation.into(), params: Map::new() }
    }

    /// Adds a parameter. Text is turned into the declared type.
    pub fn param(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }

    /// Adds parameters.
    pub fn params(mut self, params: Map<String, Value>) -> Self {
        self.params.extend(params);
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

type MakeUpstream = Box<dyn FnOnce(Arc<Scrubber>) -> Result<Arc<dyn Upstream>, UpstreamError> + Send>;

/// Binds a plan to the world, door by door. What is not said is the real thing.
pub struct EngineBuilder {
    plan: Arc<Plan>,
    environment: Arc<dyn Environment>,
    files: Arc<dyn Files>,
    folder: PathBuf,
    upstream: Option<MakeUpstream>,
    client: ClientSettings,
    overrides: Overrides,
    insecure_http: bool,
    inferred_auth: bool,
    allow_missing: bool,
}

impl fmt::Debug for EngineBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineBuilder").field("file", &self.plan.file).finish_non_exhaustive()
    }
}

impl EngineBuilder {
    /// A builder for the capability in a file.
    ///
    /// # Errors
    /// The file cannot be read or is no capability: the first problem, and how many there are.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, CallError> {
        let path = path.as_ref();
        let loaded = load(path, &RealFiles);
        let Some(plan) = loaded.plan else { return Err(load_error(&loaded.diagnostics, &loaded.sources)) };
        Ok(Engine::builder(plan))
    }

    /// Where bound variables without a location come from; the process environment unless set.
    pub fn environment(mut self, environment: Arc<dyn Environment>) -> Self {
        self.environment = environment;
        self
    }

    /// Where binding files come from; the file system unless set.
    pub fn files(mut self, files: Arc<dyn Files>) -> Self {
        self.files = files;
        self
    }

    /// The folder that binding files are relative to; that of the capability unless set.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = folder.into();
        self
    }

    /// What requests are sent to; the network unless set.
    pub fn upstream(self, upstream: Arc<dyn Upstream>) -> Self {
        self.upstream_with(|_| Ok(upstream))
    }

    /// What requests are sent to, made once the secrets are known: recordings need to hide them.
    pub fn upstream_with(
        mut self,
        make: impl FnOnce(Arc<Scrubber>) -> Result<Arc<dyn Upstream>, UpstreamError> + Send + 'static,
    ) -> Self {
        self.upstream = Some(Box::new(make));
        self
    }

    /// The limits of the network client.
    pub fn client(mut self, settings: ClientSettings) -> Self {
        self.client = settings;
        self
    }

    /// What is changed of the file.
    pub fn overrides(mut self, overrides: Overrides) -> Self {
        self.overrides = overrides;
        self
    }

    /// Whether a credential may travel unencrypted to another machine; it may not unless set.
    pub fn insecure_http(mut self, allowed: bool) -> Self {
        self.insecure_http = allowed;
        self
    }

    /// Whether an unused token is sent as a bearer token; it is unless set.
    pub fn inferred_auth(mut self, inferred: bool) -> Self {
        self.inferred_auth = inferred;
        self
    }

    /// Whether variables without a value are written as their masks, as a replay wants it; they
    /// are an error unless set.
    pub fn allow_missing(mut self, allowed: bool) -> Self {
        self.allow_missing = allowed;
        self
    }

    /// Reads the variables and makes the engine. Variables that are missing are an error of the
    /// operation that needs them, not of this.
    ///
    /// # Errors
    /// An override cannot be used, or the client cannot be made.
    pub fn build(self) -> Result<Engine, CallError> {
        let variables = Variables::resolve(&self.plan, &*self.environment, &*self.files, &self.folder);
        let lookup = |name: &str| {
            let bound = self.plan.variables.iter().position(|v| *v.name == *name);
            let value = bound.and_then(|i| variables.values[i].as_ref()).map(|s| s.expose().to_owned());
            value.or_else(|| self.environment.var(name)).filter(|v| !v.is_empty())
        };
        let overrides = BoundOverrides::bind(&self.overrides, &lookup)?;
        let scrubber = Arc::new(scrubber(&self.plan, &variables, &overrides));
        let user_agent = HeaderValue::from_str(&self.client.user_agent)
            .map_err(|_| CallError::new(Code::BadSettings, "the user agent has a control character"))?;
        let upstream: Arc<dyn Upstream> = match self.upstream {
            Some(make) => make(scrubber.clone()).map_err(from_upstream)?,
            None => Arc::new(Client::new(self.client).map_err(from_upstream)?),
        };
        Ok(Engine {
            inner: Arc::new(Inner {
                plan: self.plan,
                variables,
                overrides,
                upstream,
                scrubber,
                user_agent,
                insecure_http: self.insecure_http,
                inferred_auth: self.inferred_auth,
                allow_missing: self.allow_missing,
            }),
        })
    }
}

/// Everything that must not show, under the name that is shown in its place.
fn scrubber(plan: &Plan, variables: &Variables, overrides: &BoundOverrides) -> Scrubber {
    let bound = plan.variables.iter().zip(&variables.values);
    let bound = bound.filter_map(|(variable, value)| Some((variable.name.to_string(), value.clone()?)));
    let given = overrides.secrets().into_iter().map(|text| ("AUTH".to_owned(), Secret::new(text)));
    Scrubber::new(bound.chain(given))
}

fn from_upstream(error: UpstreamError) -> CallError {
    let help = match error.code() {
        Code::ResponseTooLarge => Some("allow more with `--max-response SIZE`"),
        Code::TimedOut => Some("allow more time with `--timeout TIME`"),
        _ => None,
    };
    let call_error = CallError::new(error.code(), error.to_string()).caused_by(error);
    help.into_iter().fold(call_error, CallError::with_help)
}

impl From<Response> for FailedResponse {
    fn from(response: Response) -> Self {
        let Response { version, status, headers, body, url: _ } = response;
        FailedResponse { version, status, headers, body }
    }
}

fn load_error(
    diagnostics: &[capstan_spec::diagnostic::Diagnostic],
    sources: &capstan_spec::source::SourceMap,
) -> CallError {
    let mut errors = diagnostics.iter().filter(|d| d.severity == Severity::Error);
    let Some(first) = errors.next() else {
        return CallError::new(Code::NotACapability, "the file is not a capability");
    };
    let more = errors.count();
    let message = if more == 0 { first.message.clone() } else { format!("{} (and {more} more)", first.message) };
    let at = sources.locate(first.span).map(|(file, p)| format!("{file}:{}:{}", p.line, p.column));
    let error = CallError::new(first.code, message).at(at);
    first.help.iter().fold(error, |error, help| error.with_help(help.clone()))
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
        let folder = Path::new(&*plan.file).parent().unwrap_or(Path::new("")).to_owned();
        EngineBuilder {
            plan,
            environment: Arc::new(ProcessEnvironment),
            files: Arc::new(RealFiles),
            folder,
            upstream: None,
            client: ClientSettings::default(),
            overrides: Overrides::default(),
            insecure_http: false,
            inferred_auth: true,
            allow_missing: false,
        }
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

    /// The request that a call would send. Nothing is sent.
    ///
    /// # Errors
    /// Those of [`Engine::call`] that come before anything is sent; variables without a value are
    /// none where secrets are masked.
    pub fn render(&self, invocation: &Invocation, reveal: Reveal) -> Result<Request, CallError> {
        let inner = &*self.inner;
        let operation = inner.plan.operation(inner.plan.find(&invocation.operation)?);
        let prepared = inner.prepare(operation, &invocation.params, reveal).map(|rendered| rendered.request);
        prepared.map_err(|error| inner.guard(error))
    }

    /// Calls an operation. Dropping the future cancels the call.
    ///
    /// # Errors
    /// See [`CallError::kind`] for the roads on which a call can fail.
    pub async fn call(&self, invocation: Invocation) -> Result<Outcome, CallError> {
        let inner = &*self.inner;
        let operation = inner.plan.operation(inner.plan.find(&invocation.operation)?);
        inner.call(operation, &invocation.params).await.map_err(|error| inner.guard(error))
    }
}

impl Inner {
    /// The last guard: no error leaves with a secret in it.
    fn guard(&self, error: CallError) -> CallError {
        error.scrubbed(|text| self.scrubber.scrub(text).into_owned())
    }

    async fn call(&self, operation: &Operation, params: &Map<String, Value>) -> Result<Outcome, CallError> {
        let rendered = self.prepare(operation, params, Reveal::Secret)?;
        self.check_transport(operation, &rendered)?;
        let sent = self.upstream.send(rendered.request).await;
        let response = sent.map_err(|e| from_upstream(e).for_request(self.shown(operation, params)))?;
        if !response.status.is_success() {
            return Err(self.failed(operation, params, response));
        }
        let mut notices = Notices::default();
        let outputs = decode(&operation.outputs, &response.headers, &response.body, &mut notices);
        let outputs = outputs.map_err(|error| {
            error.for_request(self.shown(operation, params)).with_response(FailedResponse::from(response.clone()))
        })?;
        let notices = notices.found.into_iter().map(|(span, text)| match self.plan.locate(span) {
            Some(place) => format!("{text} ({place})"),
            None => text,
        });
        let Response { version, status, headers, .. } = response;
        Ok(Outcome { outputs, version, status, headers, notices: notices.collect() })
    }

    /// Admits parameters and renders the request.
    fn prepare(
        &self,
        operation: &Operation,
        params: &Map<String, Value>,
        reveal: Reveal,
    ) -> Result<Rendered, CallError> {
        let has_base = self.overrides.base.is_some();
        let slots = admit(operation, params, has_base).map_err(|all| self.invalid(operation, all))?;
        if reveal == Reveal::Secret && !self.allow_missing {
            self.check_variables(operation)?;
        }
        self.rendered(operation, &slots, reveal)
    }

    fn rendered(&self, operation: &Operation, slots: &Slots, reveal: Reveal) -> Result<Rendered, CallError> {
        let context = Context {
            plan: &self.plan,
            operation,
            variables: &self.variables.values,
            overrides: &self.overrides,
            inferred_auth: self.inferred_auth,
            user_agent: &self.user_agent,
            reveal,
        };
        render::render(&context, slots).map_err(|misfits| self.misfit(operation, misfits))
    }

    fn invalid(&self, operation: &Operation, violations: Vec<String>) -> CallError {
        let what = if violations.len() == 1 { "a parameter does" } else { "parameters do" };
        let error = CallError::new(Code::InvalidParameters, format!("{what} not fit `{}`", operation.name));
        let error = violations.into_iter().fold(error, CallError::detail);
        error
            .at(self.plan.locate(operation.span))
            .with_help(format!("see `capstan describe {} {}`", self.plan.file, operation.name))
    }

    /// The variables that an operation needs but that have no value: all of them in one error.
    fn check_variables(&self, operation: &Operation) -> Result<(), CallError> {
        let missing = self.missing(operation);
        let Some(first) = missing.first() else { return Ok(()) };
        let code =
            missing.iter().find_map(|id| self.variables.source_error(*id)).map_or(Code::MissingVariable, |e| e.code);
        let count = if missing.len() == 1 { "a variable".to_owned() } else { format!("{} variables", missing.len()) };
        let verb = if missing.len() == 1 { "has" } else { "have" };
        let mut error = CallError::new(code, format!("{count} that `{}` needs {verb} no value", operation.name));
        for id in &missing {
            let variable = &self.plan.variables[id.index()];
            let place = self.plan.locate(variable.span).unwrap_or_default();
            let declared = if variable.declared { "declared" } else { "used" };
            let reason = self.variables.reason(*id, variable);
            error = error.detail(format!("`{}`: {reason} ({declared} at {place})", variable.name));
        }
        let name = &self.plan.variables[first.index()].key;
        let help = match self.variables.source_error(*first) {
            Some(source) => source.help.clone(),
            None => Some(format!("set it with `export {name}=…`, or keep it in a file: `--env-file .env`")),
        };
        Err(help.into_iter().fold(error, CallError::with_help))
    }

    fn missing(&self, operation: &Operation) -> Vec<VariableId> {
        let needs = &operation.variables;
        let mut needed: Vec<VariableId> = needs.rest.clone();
        if self.overrides.base.is_none() {
            needed.extend(&needs.base);
        }
        if self.overrides.auth.is_none() {
            let wanted = |id: &&VariableId| self.inferred_auth || operation.inferred_bearer != Some(**id);
            needed.extend(needs.auth.iter().filter(wanted));
        }
        needed.sort();
        needed.dedup();
        needed.retain(|id| self.variables.values[id.index()].is_none());
        needed
    }

    /// What cannot be sent: a code and a sentence for each misfit, all in one error.
    fn misfit(&self, operation: &Operation, misfits: Vec<Misfit>) -> CallError {
        let at = self.plan.locate(operation.span);
        let mut parameters = Vec::new();
        for misfit in misfits {
            match misfit {
                Misfit::Parameter(why) => parameters.push(why),
                Misfit::Variable(id, why) => {
                    let variable = &self.plan.variables[id.index()];
                    let message = format!("the value of `{}` {why}", variable.name);
                    return CallError::new(Code::UnfitVariable, message).at(self.plan.locate(variable.span));
                }
                Misfit::NoBase => {
                    let message = format!("`{}` has no base URI to be sent to", operation.name);
                    return CallError::new(Code::NotCallable, message)
                        .at(at)
                        .with_help("write `baseUri:` into the file, or give one: `--base-uri https://…`");
                }
                Misfit::Unsupported(kind, span) => {
                    let message =
                        format!("`{}` needs `{kind}` authentication, which cannot be sent yet", operation.name);
                    return CallError::new(Code::NotCallable, message)
                        .at(self.plan.locate(span))
                        .with_help("give a credential of another kind: `--auth bearer:…`, or none: `--auth none`");
                }
            }
        }
        self.invalid(operation, parameters)
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

    fn failed(&self, operation: &Operation, params: &Map<String, Value>, response: Response) -> CallError {
        let status = response.status;
        let message = match upstream_message(&response) {
            Some(said) => format!("`{}` answered {status}: {said}", operation.name),
            None => format!("`{}` answered {status}", operation.name),
        };
        let mut error = CallError::new(Code::UpstreamStatus, message).for_request(self.shown(operation, params));
        let retry_after = response.headers.get(http::header::RETRY_AFTER).and_then(|v| v.to_str().ok());
        let help = match (status.as_u16(), retry_after) {
            (401 | 403, _) => self.credential_help(operation),
            (429 | 503, Some(after)) => Some(format!("the upstream asks to wait: `Retry-After: {after}`")),
            (301..=399, _) => response
                .headers
                .get(http::header::LOCATION)
                .and_then(|v| v.to_str().ok())
                .map(|location| format!("the upstream points to `{location}`")),
            _ => None,
        };
        error = help.into_iter().fold(error, CallError::with_help);
        error.with_response(FailedResponse::from(response))
    }

    /// What may be wrong with the credential that was sent, or was not.
    fn credential_help(&self, operation: &Operation) -> Option<String> {
        let names: Vec<String> =
            operation.variables.auth.iter().map(|id| format!("`{}`", self.plan.variables[id.index()].name)).collect();
        match &self.overrides.auth {
            Some(_) => Some("the credential of `--auth` was sent".to_owned()),
            None if names.is_empty() => Some("no credential was sent; give one: `--auth bearer:…`".to_owned()),
            None => Some(format!("the credential came from {}", names.join(" and "))),
        }
    }
}

/// Where APIs put what they say of an error, most telling first.
const MESSAGES: &[&str] = &[
    "/message",
    "/error/message",
    "/error_description",
    "/errors/0/message",
    "/errors/message",
    "/errors/0/detail",
    "/errors/0/title",
    "/error/description",
    "/error/type",
    "/error",
    "/errors/0",
    "/msg",
    "/description",
    "/Message",
    "/reason",
];

/// What the upstream says of its error: problem details (RFC 9457), what other APIs call it, or
/// plain text.
fn upstream_message(response: &Response) -> Option<String> {
    let Ok(value) = serde_json::from_slice::<Value>(&response.body) else { return plain_message(response) };
    let get = |pointer: &&str| value.pointer(pointer).and_then(Value::as_str).filter(|t| !t.trim().is_empty());
    let text = match (get(&"/title"), get(&"/detail")) {
        (Some(title), Some(detail)) => format!("{title}: {detail}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => MESSAGES.iter().find_map(get)?.to_owned(),
    };
    let shown: String = text.chars().take(MESSAGE_CHARS_MAX).collect();
    let code = ["/code", "/errors/0/code", "/errors/code", "/error/code"].iter().find_map(get);
    Some(match code.filter(|code| *code != text) {
        Some(code) => format!("{shown} ({code})"),
        None => shown,
    })
}

/// The first line of an answer in plain text.
fn plain_message(response: &Response) -> Option<String> {
    let media_type = response.headers.get(http::header::CONTENT_TYPE)?.to_str().ok()?;
    let text = std::str::from_utf8(&response.body).ok().filter(|_| media_type.starts_with("text/plain"))?;
    let line = text.lines().find(|line| !line.trim().is_empty())?;
    Some(line.trim().chars().take(MESSAGE_CHARS_MAX).collect())
}

impl Plan {
    /// The operation of a name: see [`Invocation::new`] for its forms.
    ///
    /// # Errors
    /// No operation has the name, or several have.
    pub fn find(&self, name: &str) -> Result<OperationId, CallError> {
        let found: Vec<&Operation> = self.operations.iter().filter(|o| o.is_named(name)).collect();
        match found.as_slice() {
            [one] => Ok(one.id),
            [] => Err(self.unknown(name)),
            several => {
                let error =
                    CallError::new(Code::AmbiguousOperation, format!("`{name}` names {} operations", several.len()));
                let error = several.iter().fold(error, |error, o| error.detail(o.distinct_name(several)));
                Err(error.with_help("name one of them in full"))
            }
        }
    }

    fn unknown(&self, name: &str) -> CallError {
        let error = CallError::new(Code::UnknownOperation, format!("`{}` has no operation `{name}`", self.file));
        let qualified: Vec<String> = self.operations.iter().map(|o| format!("{}.{}", o.namespace, o.name)).collect();
        let near = if name.contains('.') {
            capstan_spec::nearest(name, qualified.iter().map(String::as_str))
        } else {
            capstan_spec::nearest(name, self.operations.iter().map(|o| &*o.name))
        };
        let error = near.into_iter().fold(error, |error, near| error.with_help(format!("did you mean `{near}`?")));
        error.with_help(format!("see `capstan list {}`", self.file))
    }
}

impl Operation {
    /// Whether a name is one of this operation's.
    fn is_named(&self, name: &str) -> bool {
        if *self.name == *name {
            return true;
        }
        if let Some((method, path)) = name.split_once(' ') {
            return method.eq_ignore_ascii_case(self.request.method.as_str()) && path.trim() == &*self.path_written;
        }
        let Some(rest) = name.strip_suffix(&*self.name).and_then(|r| r.strip_suffix('.')) else { return false };
        *rest == *self.namespace
            || *rest == *self.resource
            || rest.strip_prefix(&*self.namespace).and_then(|r| r.strip_prefix('.')) == Some(&self.resource)
    }

    /// The shortest name that tells this operation from the others.
    fn distinct_name(&self, others: &[&Operation]) -> String {
        let candidates = [
            format!("{}.{}", self.namespace, self.name),
            format!("{}.{}", self.resource, self.name),
            format!("{}.{}.{}", self.namespace, self.resource, self.name),
        ];
        let unique = |name: &String| others.iter().filter(|o| o.is_named(name)).count() == 1;
        let distinct = candidates.into_iter().find(unique);
        let request = format!("{} {}", self.request.method, self.path_written);
        match distinct {
            Some(name) => format!("`{name}` ({request})"),
            None => format!("`{request}`"),
        }
    }
}
