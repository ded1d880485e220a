//! What can go wrong with a call.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::bindings::BindingError;
use bytes::Bytes;
use capstan_spec::diagnostic::Code;
use http::{HeaderMap, StatusCode, Version};

use crate::exchange::History;

/// Which road a call failed on. Adapters map it to their world with one exhaustive `match`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The caller asked for what is not there, or gave parameters that do not fit.
    Usage,
    /// The capability, its bindings or the settings cannot be used.
    Capability,
    /// The upstream answered, but with an error or with something else than was declared.
    UpstreamAnswer,
    /// The upstream could not be reached, or not in time.
    Unreachable,
    /// The call was interrupted.
    Interrupted,
}

/// The answer of an upstream that a call failed on.
#[derive(Clone, Debug)]
pub struct FailedResponse {
    /// The version of HTTP that was spoken.
    pub version: Version,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as far as it was read.
    pub body: Bytes,
}

/// Why a call failed: a stable code, one sentence, and what a person needs to mend it.
///
/// Its texts hold no secret. `Display` prints its own level; the cause is behind
/// [`Error::source`].
pub struct CallError {
    inner: Box<Inner>,
}

struct Inner {
    code: Code,
    message: String,
    details: Vec<String>,
    help: Vec<String>,
    location: Option<String>,
    request: Option<String>,
    response: Option<FailedResponse>,
    wait: Option<Duration>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl CallError {
    /// An error of this code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        CallError {
            inner: Box::new(Inner {
                code,
                message: message.into(),
                details: Vec::new(),
                help: Vec::new(),
                location: None,
                request: None,
                response: None,
                wait: None,
                source: None,
            }),
        }
    }

    /// Adds one of several facts, which are listed.
    pub fn detail(mut self, text: impl Into<String>) -> Self {
        self.inner.details.push(text.into());
        self
    }

    /// Adds what to do.
    pub fn with_help(mut self, text: impl Into<String>) -> Self {
        self.inner.help.push(text.into());
        self
    }

    pub(crate) fn at(mut self, location: Option<String>) -> Self {
        self.inner.location = self.inner.location.or(location);
        self
    }

    pub(crate) fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.inner.source = Some(source.into());
        self
    }

    /// Adds what was tried before.
    pub(crate) fn after(mut self, history: &History) -> Self {
        if !history.is_empty() {
            // An earlier attempt was sent.
            self.inner.wait = None;
        }
        if let Some(attempts) = history.to_text() {
            self = self.detail(attempts);
        }
        match &history.given_up {
            Some(why) => self.detail(format!("not tried again: {why}")),
            None => self,
        }
    }

    pub(crate) fn held_back(mut self, wait: Option<Duration>) -> Self {
        self.inner.wait = wait;
        self
    }

    pub(crate) fn for_request(mut self, line: String) -> Self {
        self.inner.request = Some(line);
        self
    }

    pub(crate) fn with_response(mut self, response: FailedResponse) -> Self {
        self.inner.response = Some(response);
        self
    }

    /// Passes what may repeat foreign text through a filter: the last guard against secrets. The
    /// help is our own words, and stays what a person can type.
    pub(crate) fn scrubbed(mut self, scrub: impl Fn(&str) -> String) -> Self {
        let inner = &mut self.inner;
        inner.message = scrub(&inner.message);
        for text in &mut inner.details {
            *text = scrub(text);
        }
        if let Some(request) = &mut inner.request {
            *request = scrub(request);
        }
        self
    }

    /// The stable code; `capstan explain` prints its page.
    pub fn code(&self) -> Code {
        self.inner.code
    }

    /// Which road the call failed on.
    pub fn kind(&self) -> ErrorKind {
        match self.inner.code {
            Code::UnknownOperation
            | Code::AmbiguousOperation
            | Code::InvalidParameters
            | Code::BadSettings
            | Code::NoPagination
            | Code::BadRow
            | Code::UnknownColumn
            | Code::OtherRun
            | Code::OutputFile
            | Code::UploadFile => ErrorKind::Usage,
            Code::TokenRefused
            | Code::NoTokenEndpoint
            | Code::UpstreamStatus
            | Code::UnexpectedContent
            | Code::ResponseTooLarge
            | Code::RefusedRedirect
            | Code::EndlessPages
            | Code::RefusedPage
            | Code::UnclearPage
            | Code::BadRange
            | Code::RecordTooLarge => ErrorKind::UpstreamAnswer,
            Code::Unreachable
            | Code::TimedOut
            | Code::BrokenResponse
            | Code::NotRecorded
            | Code::CircuitOpen
            | Code::HeldBack => ErrorKind::Unreachable,
            Code::Interrupted => ErrorKind::Interrupted,
            Code::FileUnreadable
            | Code::YamlSyntax
            | Code::FileTooLarge
            | Code::TooDeep
            | Code::DuplicateKey
            | Code::NotACapability
            | Code::SeveralDocuments
            | Code::UnknownKey
            | Code::WrongType
            | Code::MissingKey
            | Code::UnknownValue
            | Code::NonStandardForm
            | Code::UnknownVersion
            | Code::MalformedValue
            | Code::DuplicateName
            | Code::UnresolvedReference
            | Code::UnusedBinding
            | Code::UnusedCredential
            | Code::UnboundVariable
            | Code::UndeclaredParameter
            | Code::UnreachableParameter
            | Code::ImportUnresolved
            | Code::NoBaseUri
            | Code::BadBaseUri
            | Code::BadTemplate
            | Code::BadJsonPath
            | Code::BadPattern
            | Code::BadHeaderName
            | Code::BadBody
            | Code::BadPagination
            | Code::UnsupportedAuthentication
            | Code::BadOutputSchema
            | Code::UnsupportedTransport
            | Code::MissingVariable
            | Code::UnsupportedLocation
            | Code::BindingFile
            | Code::UnusableKey
            | Code::UnfitVariable
            | Code::InsecureCredential
            | Code::NotCallable
            | Code::BadRecording => ErrorKind::Capability,
        }
    }

    /// The facts in a list: each parameter that does not fit, each variable that is missing.
    pub fn details(&self) -> &[String] {
        &self.inner.details
    }

    /// What to do, a sentence each.
    pub fn help(&self) -> &[String] {
        &self.inner.help
    }

    /// Where in the capability it comes from: `file:line:column`.
    pub fn location(&self) -> Option<&str> {
        self.inner.location.as_deref()
    }

    /// The request line, secrets masked.
    pub fn request(&self) -> Option<&str> {
        self.inner.request.as_deref()
    }

    /// The answer of the upstream, where there was one.
    pub fn response(&self) -> Option<&FailedResponse> {
        self.inner.response.as_ref()
    }

    /// How long a rate limit or a circuit breaker held the call back for, so that nothing of it was
    /// sent: after that, the same call does nothing twice.
    pub fn wait(&self) -> Option<Duration> {
        self.inner.wait
    }
}

impl From<BindingError> for CallError {
    fn from(error: BindingError) -> Self {
        let call_error = CallError::new(error.code, error.message);
        error.help.into_iter().fold(call_error, CallError::with_help)
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.message)
    }
}

impl fmt::Debug for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.inner.code, self.inner.message)?;
        self.inner.details.iter().try_for_each(|detail| write!(f, "; {detail}"))
    }
}

impl Error for CallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.inner.source.as_deref().map(|s| s as &(dyn Error + 'static))
    }
}
