//! Binding a plan to the world, door by door.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use capstan_spec::diagnostic::{Code, Diagnostic, Severity};
use capstan_spec::source::SourceMap;
use http::HeaderValue;

use super::failure::from_upstream;
use super::{Engine, Inner};
use crate::auth::{Keeper, KeeperDoors, World};
use crate::bindings::{Environment, Files, ProcessEnvironment, RealFiles, Scrubber, Secret};
use crate::cache::{Cache, MemoryStore, Store};
use crate::error::CallError;
use crate::exchange::{CallLimits, Guards};
use crate::load::load;
use crate::observe::{Observer, Unobserved};
use crate::overrides::{BoundOverrides, Overrides};
use crate::plan::Plan;
use crate::upstream::{Client, ClientSettings, Upstream, UpstreamError};
use crate::variables::Variables;

type MakeUpstream = Box<dyn FnOnce(Arc<Scrubber>) -> Result<Arc<dyn Upstream>, UpstreamError> + Send>;

/// Binds a plan to the world, door by door. What is not said is the real thing.
pub struct EngineBuilder {
    plan: Arc<Plan>,
    environment: Arc<dyn Environment>,
    files: Arc<dyn Files>,
    folder: PathBuf,
    upstream: Option<MakeUpstream>,
    client: ClientSettings,
    limits: CallLimits,
    store: Option<Arc<dyn Store>>,
    observer: Arc<dyn Observer>,
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
    pub(super) fn new(plan: Arc<Plan>) -> Self {
        let folder = Path::new(&*plan.file).parent().unwrap_or(Path::new("")).to_owned();
        EngineBuilder {
            plan,
            environment: Arc::new(ProcessEnvironment),
            files: Arc::new(RealFiles),
            folder,
            upstream: None,
            client: ClientSettings::default(),
            limits: CallLimits::default(),
            store: None,
            observer: Arc::new(Unobserved),
            overrides: Overrides::default(),
            insecure_http: false,
            inferred_auth: true,
            allow_missing: false,
        }
    }

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

    /// The bounds of every call.
    pub fn limits(mut self, limits: CallLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Where answers are kept, for the calls that keep any; the memory of this engine unless set.
    /// Engines may share a store: callers with other secrets do not see each other's answers.
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Who is told what happens during calls; nobody unless set.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = observer;
        self
    }

    /// The settings of the network client.
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
            value.or_else(|| self.environment.var(name)).filter(|v| !v.trim().is_empty())
        };
        let overrides = BoundOverrides::bind(&self.overrides, &lookup)?;
        let secrets = secrets(&self.plan, &variables, &overrides);
        let store = self.store.unwrap_or_else(|| Arc::new(MemoryStore::default()));
        let cache = Cache::new(store, secrets.iter().map(|(_, secret)| secret.expose()));
        let scrubber = Arc::new(Scrubber::new(secrets));
        let user_agent = HeaderValue::from_str(&self.client.user_agent)
            .map_err(|_| CallError::new(Code::BadSettings, "the user agent has a control character"))?;
        let upstream: Arc<dyn Upstream> = match self.upstream {
            Some(make) => make(scrubber.clone()).map_err(from_upstream)?,
            None => Arc::new(Client::new(self.client).map_err(from_upstream)?),
        };
        let keeper = Keeper::new(KeeperDoors {
            world: World::real(),
            files: self.files,
            folder: self.folder,
            scrubber: scrubber.clone(),
            observer: self.observer.clone(),
            user_agent: user_agent.clone(),
            insecure_http: self.insecure_http,
            is_replay: self.allow_missing,
        });
        Ok(Engine {
            inner: Arc::new(Inner {
                plan: self.plan,
                variables,
                overrides,
                upstream,
                keeper,
                limits: self.limits,
                guards: Guards::default(),
                cache,
                observer: self.observer,
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
fn secrets(plan: &Plan, variables: &Variables, overrides: &BoundOverrides) -> Vec<(String, Secret)> {
    let bound = plan.variables.iter().zip(&variables.values);
    let bound = bound.filter_map(|(variable, value)| Some((variable.name.to_string(), value.clone()?)));
    let given = overrides.secrets().into_iter().map(|text| ("AUTH".to_owned(), Secret::new(text)));
    let written = plan.literal_credentials().into_iter().map(|text| ("AUTH".to_owned(), Secret::new(text)));
    bound.chain(given).chain(written).collect()
}

fn load_error(diagnostics: &[Diagnostic], sources: &SourceMap) -> CallError {
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
