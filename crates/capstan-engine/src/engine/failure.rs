//! Why a call failed, in words: what does not fit, what is missing, what the upstream says.

use capstan_spec::diagnostic::Code;
use serde_json::{Map, Value};

use super::Inner;
use crate::error::{CallError, FailedResponse};
use crate::limits::MESSAGE_CHARS_MAX;
use crate::plan::{Decode, Operation, VariableId};
use crate::render::Misfit;
use crate::upstream::{Response, UpstreamError};

/// An error of the upstream as one of the call, with the flag that helps.
pub(super) fn from_upstream(error: UpstreamError) -> CallError {
    let help = match (error.help(), error.code()) {
        (Some(help), _) => Some(help.to_owned()),
        (None, Code::ResponseTooLarge) => Some("allow more with `--max-response SIZE`".to_owned()),
        (None, Code::TimedOut) => Some("allow more time with `--timeout TIME`".to_owned()),
        (None, _) => None,
    };
    let wait = error.wait();
    let call_error = CallError::new(error.code(), error.to_string()).caused_by(error).held_back(wait);
    help.into_iter().fold(call_error, CallError::with_help)
}

impl From<Response> for FailedResponse {
    fn from(response: Response) -> Self {
        let Response { version, status, headers, body, url: _ } = response;
        FailedResponse { version, status, headers, body }
    }
}

impl Inner {
    pub(super) fn invalid(&self, operation: &Operation, violations: Vec<String>) -> CallError {
        let what = if violations.len() == 1 { "a parameter does" } else { "parameters do" };
        let error = CallError::new(Code::InvalidParameters, format!("{what} not fit `{}`", operation.name));
        let error = violations.into_iter().fold(error, CallError::detail);
        error
            .at(self.plan.locate(operation.span))
            .with_help(format!("see `capstan describe {} {}`", self.plan.file, operation.name))
    }

    /// The variables that an operation needs but that have no value: all of them in one error.
    pub(super) fn check_variables(&self, operation: &Operation) -> Result<(), CallError> {
        if self.has_all(operation) {
            return Ok(());
        }
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

    /// An answer that could not be read must not be asked for.
    pub(super) fn check_schema(&self, operation: &Operation) -> Result<(), CallError> {
        let Decode::Unreadable(error) = &operation.outputs.decode else { return Ok(()) };
        Err(CallError::new(Code::BadOutputSchema, error.message.clone())
            .at(self.plan.locate(operation.span))
            .with_help(error.help.clone()))
    }

    /// Whether every variable that an operation could need has a value: the usual case, seen at once.
    fn has_all(&self, operation: &Operation) -> bool {
        let needs = &operation.variables;
        let mut all = [&needs.rest, &needs.base, &needs.auth].into_iter().flatten();
        all.all(|id| self.variables.values[id.index()].is_some())
    }

    pub(super) fn missing(&self, operation: &Operation) -> Vec<VariableId> {
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
    pub(super) fn misfit(&self, operation: &Operation, misfits: Vec<Misfit>) -> CallError {
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
                Misfit::OpenHost(id) => {
                    let name = id.map_or("an expression", |id| &operation.inputs[id.index()].name);
                    let message = format!("`{name}` would choose the machine that a credential is sent to");
                    return CallError::new(Code::InsecureCredential, message).at(at).with_help(format!(
                        "bind `{name}` as a variable, or name the machine: `--base-uri https://…`"
                    ));
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

    pub(super) fn failed(&self, operation: &Operation, params: &Map<String, Value>, response: Response) -> CallError {
        let status = response.status;
        let message = match upstream_message(&response) {
            Some(said) => format!("`{}` answered {status}: {said}", operation.name),
            None => format!("`{}` answered {status}", operation.name),
        };
        let mut error = CallError::new(Code::UpstreamStatus, message).for_request(self.shown(operation, params));
        let retry_after = response.headers.get(http::header::RETRY_AFTER).and_then(|v| v.to_str().ok());
        let help = match (status.as_u16(), retry_after) {
            (401 | 403, _) => self.credential_help(operation),
            (429 | 503, Some(after)) => {
                Some(format!("the upstream asks to wait: `Retry-After: {}`", self.scrubber.scrub(after)))
            }
            (301..=399, _) => response
                .headers
                .get(http::header::LOCATION)
                .and_then(|v| v.to_str().ok())
                .map(|location| format!("the upstream points to `{}`", self.scrubber.scrub(location))),
            _ => None,
        };
        error = help.into_iter().fold(error, CallError::with_help);
        error.with_response(FailedResponse::from(response))
    }

    /// What may be wrong with the credential that was sent, or was not.
    pub(super) fn credential_help(&self, operation: &Operation) -> Option<String> {
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
