//! Arguments and settings become an engine that is ready for the call.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use capstan_engine::bindings::{
    Environment, Files, LayeredEnvironment, MapEnvironment, ProcessEnvironment, RealFiles, Values,
};
use capstan_engine::limits::{BINDING_FILE_BYTES_MAX, KEY_BYTES_MAX, RECORDING_BYTES_MAX};
use capstan_engine::upstream::{Client, ClientSettings, Coding, Recorder, Replay, Upstream, UpstreamError};
use capstan_engine::{AuthOverride, CallError, CallLimits, Engine, OperationId, Overrides, Plan, TlsOverride};
use capstan_spec::diagnostic::Code;
use capstan_spec::placeholder::{self, Piece};
use capstan_spec::quantity;

use super::recording::Target;
use super::watch::Narrator;
use crate::args::call::{CallArgs, OverrideArgs};
use crate::args::upload::Compress;
use crate::exit::Exit;
use crate::kept::Folder;
use crate::report;
use crate::settings::{self, Entry};
use crate::terminal::Terminal;

/// A call whose engine is ready.
pub(super) struct Prepared<'a> {
    pub(super) args: &'a CallArgs,
    pub(super) terminal: &'a Terminal,
    pub(super) engine: Engine,
    pub(super) operation: OperationId,
    /// What flags and settings change of the file.
    pub(super) overrides: Overrides,
    /// What the network is allowed, by flags and settings.
    pub(super) limits: CallLimits,
    recorder: Recording,
    /// The names that masks in the request can have.
    pub(super) masks: Vec<String>,
}

/// The recorder, once the engine has made it.
type Recording = Arc<Mutex<Option<Arc<Recorder>>>>;

impl<'a> Prepared<'a> {
    /// Settles arguments and settings, and makes the engine. What a project's settings change of
    /// where credentials go is said first: it may be what an error is about.
    pub(super) fn new(args: &'a CallArgs, plan: Arc<Plan>, terminal: &'a Terminal) -> Result<Self, CallError> {
        let operation = plan.find(&args.operation)?;
        let view = plan.catalogue().operation(operation);
        let found = settings::for_operation(&args.file, view.namespace())?;
        let insecure_http = found.insecure_http(args.limits.insecure_http)?;
        if let (Some(note), None) = (found.note(&args.overrides), &args.replay) {
            report::note(&note, terminal);
        }
        let settings = found.entry;
        let overrides = overrides(args, &settings)?;
        let masks = masks(&view.variables(), &overrides);
        let client = ClientSettings::default();
        let limits = call_limits(args, &settings)?;
        let recorder = Recording::default();
        let builder = Engine::builder(plan)
            .environment(environment(args, &settings)?)
            .overrides(overrides.clone())
            .limits(limits.clone())
            .insecure_http(insecure_http)
            .inferred_auth(!args.overrides.no_inferred_auth && settings.inferred_auth.unwrap_or(true));
        let builder = if args.verbose { builder.observer(Arc::new(Narrator::new(*terminal))) } else { builder };
        let builder = match (&args.replay, &args.record) {
            (Some(path), _) => {
                let har = read_recording(path)?;
                let name = path.display().to_string();
                let in_order = args.replay_in_order;
                builder.allow_missing(true).upstream_with(move |scrubber| {
                    let replay = Replay::from_har(&har, scrubber)
                        .map_err(|error| UpstreamError::new(error.code(), format!("`{name}`: {error}")))?;
                    Ok(Arc::new(if in_order { replay.in_order() } else { replay }))
                })
            }
            (None, Some(_)) => {
                let kept = recorder.clone();
                builder.upstream_with(move |scrubber| {
                    let recorder = Arc::new(Recorder::new(Arc::new(Client::new(client)?), scrubber));
                    *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(recorder.clone());
                    Ok(recorder as Arc<dyn Upstream>)
                })
            }
            (None, None) => builder.client(client),
        };
        let builder = match Folder::of_user().filter(|_| args.replay.is_none()) {
            Some(folder) => builder.store(Arc::new(folder)),
            None => builder,
        };
        Ok(Prepared { args, terminal, engine: builder.build()?, operation, overrides, limits, recorder, masks })
    }

    /// Writes the recording, if there is to be one, however the call ended. It is the last that a
    /// call does: its outcome is not lost where it could not be recorded.
    pub(super) fn record(&self, target: Option<Target<'_>>, exit: Exit) -> Exit {
        let recorder = self.recorder.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some((target, recorder)) = target.zip(recorder) else { return exit };
        match target.write(&recorder).map_err(|error| self.fail(&error)) {
            Ok(true) => exit,
            Ok(false) => {
                report::note("nothing is recorded, for no answer came", self.terminal);
                exit
            }
            Err(failed) if exit == Exit::Done => failed,
            Err(_) => exit,
        }
    }

    /// Says what a person should know before the operation is called.
    pub(super) fn say_notices(&self) {
        if self.args.replay.is_none() {
            self.engine.notices(self.operation).iter().for_each(|notice| report::note(notice, self.terminal));
        }
    }

    /// Reports an error without the secrets that it may repeat.
    pub(super) fn fail(&self, error: &CallError) -> Exit {
        report::error(error, Some(&self.engine.scrubber()), self.terminal)
    }
}

/// The names that masks can have: variables of the operation, those that overrides name, and the
/// credential of a flag.
fn masks(variables: &[&str], overrides: &Overrides) -> Vec<String> {
    let auth: &[&String] = match &overrides.auth {
        None | Some(AuthOverride::None) => &[],
        Some(AuthOverride::Bearer(text) | AuthOverride::Header(_, text) | AuthOverride::Query(_, text)) => &[text],
        Some(AuthOverride::Basic(user, password)) => &[user, password],
    };
    let pairs = overrides.headers.iter().chain(&overrides.queries).map(|(_, value)| value);
    let texts = overrides.base_uri.iter().chain(auth.iter().copied()).chain(pairs);
    let mut names: Vec<String> = variables.iter().map(|name| (*name).to_owned()).collect();
    // What a proof is shown as before it is made.
    names.extend(["AUTH", "OAUTH2_TOKEN", "DIGEST_RESPONSE", "OAUTH1_SIGNATURE", "AWS_SIGNATURE"].map(str::to_owned));
    for piece in texts.flat_map(|text| placeholder::pieces(text)) {
        if let Piece::Placeholder(placeholder) = piece {
            names.extend([placeholder.body.to_owned(), placeholder.local().to_owned()]);
        }
    }
    names
}

/// The environment, and behind it the files of variables, of which later flags win.
fn environment(args: &CallArgs, settings: &Entry) -> Result<Arc<dyn Environment>, CallError> {
    let mut layers: Vec<Arc<dyn Environment>> = vec![Arc::new(ProcessEnvironment)];
    for path in args.overrides.env_files.iter().rev().chain(&settings.env_files) {
        layers.push(Arc::new(MapEnvironment(variables(path)?)));
    }
    Ok(Arc::new(LayeredEnvironment(layers)))
}

fn variables(path: &Path) -> Result<indexmap::IndexMap<String, String>, CallError> {
    let bytes = RealFiles
        .read(path, BINDING_FILE_BYTES_MAX)
        .map_err(|error| CallError::new(Code::BindingFile, format!("`{}` cannot be read: {error}", path.display())))?;
    // Whatever its name, a file of variables is in dotenv form.
    let values = Values::parse(Path::new(".env"), &bytes).map_err(|mut error| {
        error.message = error.message.replace(".env", &path.display().to_string());
        CallError::from(error)
    })?;
    Ok(values.into_map())
}

fn overrides(args: &CallArgs, settings: &Entry) -> Result<Overrides, CallError> {
    let given = &args.overrides;
    let auth = given.auth.as_ref().or(settings.auth.as_ref());
    let auth = auth.map(|text| AuthOverride::parse(text)).transpose();
    let auth = auth.map_err(|why| bad(format!("`--auth` cannot be used: {why}")))?;
    let headers = given.headers.iter().map(|text| pair(text, ':', "--header", "Name: value"));
    let mut headers = headers.collect::<Result<Vec<_>, CallError>>()?;
    let queries = given.queries.iter().map(|text| pair(text, '=', "--query", "name=value"));
    let mut queries = queries.collect::<Result<Vec<_>, CallError>>()?;
    let is_set = |set: &[(String, String)], name: &str| set.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
    for (name, value) in &settings.headers {
        if !is_set(&headers, name) {
            headers.push((name.clone(), value.clone()));
        }
    }
    for (name, value) in &settings.query {
        if !is_set(&queries, name) {
            queries.push((name.clone(), value.clone()));
        }
    }
    let base_uri = given.base_uri.clone().or_else(|| settings.base_uri.clone());
    let compression = args.upload.compress.map(|coding| match coding {
        Compress::Gzip => Coding::Gzip,
        Compress::Zstd => Coding::Zstd,
    });
    Ok(Overrides { base_uri, auth, headers, queries, tls: tls(given)?, compression })
}

/// The texts of the files that say who the client is, and whom it trusts.
fn tls(given: &OverrideArgs) -> Result<Option<TlsOverride>, CallError> {
    let read = |path: &Option<PathBuf>| path.as_deref().map(pem).transpose();
    let (certificate, key, authority) = (read(&given.cert)?, read(&given.key)?, read(&given.cacert)?);
    let is_given = certificate.is_some() || authority.is_some();
    Ok(is_given.then_some(TlsOverride { certificate, key, authority }))
}

fn pem(path: &Path) -> Result<String, CallError> {
    let bad = |why: String| CallError::new(Code::UnusableKey, format!("`{}` {why}", path.display()));
    let bytes = RealFiles.read(path, KEY_BYTES_MAX).map_err(|error| bad(format!("cannot be read: {error}")))?;
    String::from_utf8(bytes).map_err(|_| {
        bad("is not PEM".to_owned())
            .with_help("turn it into PEM: `openssl x509 -inform der -in FILE`, or `openssl pkcs12 -nodes -in FILE`")
    })
}

fn pair(text: &str, mark: char, flag: &str, form: &str) -> Result<(String, String), CallError> {
    let found = text.split_once(mark).filter(|(name, _)| !name.trim().is_empty());
    let (name, value) = found.ok_or_else(|| bad(format!("`{flag}` is written `{flag} '{form}'`")))?;
    let value = if mark == ':' { value.trim() } else { value };
    Ok((name.trim().to_owned(), value.to_owned()))
}

fn bad(message: String) -> CallError {
    CallError::new(Code::BadSettings, message)
}

fn call_limits(args: &CallArgs, settings: &Entry) -> Result<CallLimits, CallError> {
    let set = settings.max_response.as_deref().map(quantity::size).transpose().map_err(bad)?;
    let standard = CallLimits::default();
    Ok(CallLimits {
        timeout: time(args.limits.timeout, &settings.timeout)?,
        connect_timeout: time(args.limits.connect_timeout, &settings.connect_timeout)?,
        attempts: args.limits.attempts(),
        rate: args.limits.rate,
        stream_bytes_max: args.limits.max_response.or(set),
        response_bytes_max: args.limits.max_response.or(set).unwrap_or(standard.response_bytes_max),
        // A recording has every exchange in it, and a replay is not the API.
        cache: if args.record.is_some() || args.replay.is_some() { Some(false) } else { args.cache.wanted() },
    })
}

fn time(given: Option<Duration>, set: &Option<String>) -> Result<Option<Duration>, CallError> {
    match (given, set.as_deref()) {
        (Some(given), _) => Ok(Some(given)),
        (None, Some(text)) => quantity::time(text).map(Some).map_err(bad),
        (None, None) => Ok(None),
    }
}

fn read_recording(path: &Path) -> Result<Vec<u8>, CallError> {
    RealFiles.read(path, RECORDING_BYTES_MAX).map_err(|error| {
        CallError::new(Code::BadRecording, format!("`{}` cannot be read: {error}", path.display()))
            .with_help("write one with `--record FILE`")
    })
}
