//! `capstan call`: one operation, its outputs on stdout.

mod recording;

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use capstan_engine::bindings::{
    Environment, Files, LayeredEnvironment, MapEnvironment, ProcessEnvironment, RealFiles, Values,
};
use capstan_engine::jsonpath::JsonPath;
use capstan_engine::limits::{BINDING_FILE_BYTES_MAX, RECORDING_BYTES_MAX};
use capstan_engine::upstream::{Client, ClientSettings, Recorder, Replay, Upstream, UpstreamError};
use capstan_engine::{
    AuthOverride, CallError, Engine, FailedResponse, Invocation, OperationId, Outcome, Overrides, Plan, Reveal,
};
use capstan_spec::diagnostic::Code;
use capstan_spec::placeholder::{self, Piece};
use http::{HeaderMap, StatusCode, Version};

use self::recording::Target;
use crate::args::call::{self, CallArgs, Format};
use crate::exit::Exit;
use crate::output::{self, Printing};
use crate::settings::{self, Entry};
use crate::terminal::Terminal;
use crate::{params, print, report};

/// Runs the command.
pub(crate) fn run(args: &CallArgs, terminal: &Terminal) -> Exit {
    let select = match args.select.as_deref().map(JsonPath::compile).transpose() {
        Ok(select) => select,
        Err(error) => return report::usage(&format!("`--select`: {error}"), &[], terminal),
    };
    let params = match params::read(args.params_json.as_deref(), &args.params) {
        Ok(params) => params,
        Err(bad) => return report::usage(&bad.message, &[bad.help], terminal),
    };
    let loaded = capstan_engine::load(&args.file, &RealFiles);
    let Some(plan) = loaded.plan else {
        report::diagnostics(&loaded.sources, report::errors(&loaded.diagnostics), terminal);
        return Exit::Capability;
    };
    if args.verbose && !loaded.diagnostics.is_empty() {
        let warnings = match loaded.diagnostics.len() {
            1 => "a warning".to_owned(),
            count => format!("{count} warnings"),
        };
        let file = args.file.display();
        report::note(&format!("the file has {warnings}: see `capstan validate {file}`"), terminal);
    }
    let call = match Call::prepare(args, plan, terminal) {
        Ok(call) => call,
        Err(error) => return report::error(&error, None, terminal),
    };
    let invocation = Invocation::new(&args.operation).params(params);
    call.run(invocation, select.as_ref(), terminal)
}

/// A call whose engine is ready.
struct Call<'a> {
    args: &'a CallArgs,
    engine: Engine,
    operation: OperationId,
    recorder: Recording,
    /// The names that masks in the request can have.
    masks: Vec<String>,
}

/// The recorder, once the engine has made it.
type Recording = Arc<Mutex<Option<Arc<Recorder>>>>;

impl<'a> Call<'a> {
    /// Settles arguments and settings, and makes the engine. What a project's settings change of
    /// where credentials go is said first: it may be what an error is about.
    fn prepare(args: &'a CallArgs, plan: Arc<Plan>, terminal: &Terminal) -> Result<Self, CallError> {
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
        let client = client_settings(args, &settings)?;
        let recorder = Recording::default();
        let builder = Engine::builder(plan)
            .environment(environment(args, &settings)?)
            .overrides(overrides)
            .insecure_http(insecure_http)
            .inferred_auth(!args.overrides.no_inferred_auth && settings.inferred_auth.unwrap_or(true));
        let builder = match (&args.replay, &args.record) {
            (Some(path), _) => {
                let har = read_recording(path)?;
                let name = path.display().to_string();
                builder.allow_missing(true).upstream_with(move |scrubber| {
                    let replay = Replay::from_har(&har, scrubber)
                        .map_err(|error| UpstreamError::new(error.code(), format!("`{name}`: {error}")))?;
                    Ok(Arc::new(replay))
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
        Ok(Call { args, engine: builder.build()?, operation, recorder, masks })
    }

    fn run(&self, invocation: Invocation, select: Option<&JsonPath>, terminal: &Terminal) -> Exit {
        if let Some(form) = self.args.dry_run {
            return match self.engine.render(&invocation, Reveal::Masked) {
                Ok(request) => print::text(&output::request::text(&request, form, &self.masks), Exit::Done, terminal),
                Err(error) => self.fail(&error, terminal),
            };
        }
        // What cannot be sent is said before anything that sounds as if it had been.
        if let Err(error) = self.engine.render(&invocation, Reveal::Secret) {
            return self.fail(&error, terminal);
        }
        let target = match self.args.record.as_deref().map(Target::create).transpose() {
            Ok(target) => target,
            Err(error) => return self.fail(&error, terminal),
        };
        if self.args.replay.is_none() {
            self.engine.notices(self.operation).iter().for_each(|notice| report::note(notice, terminal));
        }
        if self.args.verbose
            && let Ok(request) = self.engine.render(&invocation, Reveal::Masked)
        {
            report::note(&format!("{} {}", request.method, request.url), terminal);
        }
        let started = Instant::now();
        let result = match block_on(self.engine.call(invocation)) {
            Ok(result) => result,
            Err(error) => return self.fail(&error, terminal),
        };
        let recorded = self.record(target);
        let exit = match result {
            Ok(outcome) => {
                if self.args.verbose {
                    let elapsed = started.elapsed();
                    report::note(&format!("{} in {elapsed:.1?}", outcome.status), terminal);
                    outcome.notices.iter().for_each(|notice| report::note(notice, terminal));
                }
                let printing = Printing { format: self.args.format, select, terminal };
                print::finished(write_out(|out| self.print(out, &outcome, &printing)), Exit::Done, terminal)
            }
            Err(error) => {
                self.print_failed(&error);
                self.fail(&error, terminal)
            }
        };
        // The outcome came first: it is all that is left of a call that could not be recorded.
        match recorded.map_err(|error| self.fail(&error, terminal)) {
            Err(failed) if exit == Exit::Done => failed,
            Ok(()) | Err(_) => exit,
        }
    }

    /// Writes the recording, if there is to be one.
    fn record(&self, target: Option<Target<'_>>) -> Result<(), CallError> {
        let recorder = self.recorder.lock().unwrap_or_else(PoisonError::into_inner).clone();
        target.zip(recorder).map_or(Ok(()), |(target, recorder)| target.write(&recorder))
    }

    fn fail(&self, error: &CallError, terminal: &Terminal) -> Exit {
        report::error(error, Some(&self.engine.scrubber()), terminal)
    }

    fn print(&self, out: &mut dyn Write, outcome: &Outcome, printing: &Printing<'_>) -> io::Result<()> {
        if self.args.include {
            self.head(out, outcome.version, outcome.status, &outcome.headers)?;
        }
        output::print(out, &outcome.outputs, printing)
    }

    /// Writes the status line and the headers of an answer, without the secrets that it repeats.
    fn head(&self, out: &mut dyn Write, version: Version, status: StatusCode, headers: &HeaderMap) -> io::Result<()> {
        let scrubber = self.engine.scrubber();
        writeln!(out, "{version:?} {status}")?;
        for (name, value) in headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            writeln!(out, "{name}: {}", scrubber.scrub(&value))?;
        }
        writeln!(out)
    }

    /// The body of an answer that is an error: where the caller asked to see answers as they are.
    fn print_failed(&self, error: &CallError) {
        let Some(FailedResponse { version, status, headers, body }) = error.response() else { return };
        if !self.args.include && self.args.format != Format::Raw {
            return;
        }
        let _ = write_out(|out| {
            if self.args.include {
                self.head(out, *version, *status, headers)?;
            }
            // An error page may repeat the credential that it refuses.
            let scrubber = self.engine.scrubber();
            let body = scrubber.scrub_bytes(body);
            out.write_all(&body)?;
            if body.ends_with(b"\n") || body.is_empty() { Ok(()) } else { out.write_all(b"\n") }
        }); // the call has failed already, and says so
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
    names.push("AUTH".to_owned());
    for piece in texts.flat_map(|text| placeholder::pieces(text)) {
        if let Piece::Placeholder(placeholder) = piece {
            names.extend([placeholder.body.to_owned(), placeholder.local().to_owned()]);
        }
    }
    names
}

/// Runs a call to its end, or to the user's interruption.
fn block_on<T>(call: impl Future<Output = Result<T, CallError>>) -> Result<Result<T, CallError>, CallError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
    let runtime =
        runtime.map_err(|error| CallError::new(Code::Unreachable, format!("the network cannot be used: {error}")))?;
    runtime.block_on(async {
        tokio::select! {
            result = call => Ok(result),
            () = interrupted() => Err(CallError::new(Code::Interrupted, "interrupted")),
        }
    })
}

/// Waits for the user or the system to ask for the end. Where that cannot be heard, it never comes.
async fn interrupted() {
    let heard = async {
        #[cfg(unix)]
        {
            let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
            tokio::select! {
                asked = tokio::signal::ctrl_c() => asked,
                _ = terminate.recv() => Ok(()),
            }
        }
        #[cfg(not(unix))]
        tokio::signal::ctrl_c().await
    };
    if heard.await.is_err() {
        std::future::pending().await
    }
}

/// Writes to stdout, buffered.
fn write_out(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    write(&mut out)?;
    out.flush()
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
    Ok(Overrides { base_uri, auth, headers, queries })
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

fn client_settings(args: &CallArgs, settings: &Entry) -> Result<ClientSettings, CallError> {
    let mut client = ClientSettings::default();
    let time = |given: Option<std::time::Duration>, set: &Option<String>| match (given, set.as_deref()) {
        (Some(given), _) => Ok(Some(given)),
        (None, Some(text)) => call::duration(text).map(Some).map_err(bad),
        (None, None) => Ok(None),
    };
    if let Some(timeout) = time(args.limits.timeout, &settings.timeout)? {
        client.timeout = timeout;
    }
    if let Some(timeout) = time(args.limits.connect_timeout, &settings.connect_timeout)? {
        client.connect_timeout = timeout;
    }
    let set = settings.max_response.as_deref().map(call::size).transpose().map_err(bad)?;
    if let Some(bytes) = args.limits.max_response.or(set) {
        client.response_bytes_max = bytes;
    }
    Ok(client)
}

fn read_recording(path: &Path) -> Result<Vec<u8>, CallError> {
    RealFiles.read(path, RECORDING_BYTES_MAX).map_err(|error| {
        CallError::new(Code::BadRecording, format!("`{}` cannot be read: {error}", path.display()))
            .with_help("write one with `--record FILE`")
    })
}
