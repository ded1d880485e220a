//! Why no usable answer came back.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use capstan_spec::diagnostic::Code;

/// Why no usable answer came back.
///
/// `Display` is one sentence without the URL's query; the causes follow through
/// [`Error::source`]. Hosts and causes are repeated as they are, so the edge scrubs the text
/// like any other before a person sees it.
#[derive(Debug)]
pub struct UpstreamError {
    code: Code,
    message: String,
    fate: Fate,
    help: Option<String>,
    wait: Option<Duration>,
    /// Whether it befell what proves a request, not the request.
    is_of_proof: bool,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// How far a request had come when it failed, which decides whether it may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing of it was sent.
    Unsent,
    /// It was sent, and may have been carried out.
    Unknown,
    /// It would fail in the same way again.
    Certain,
}

impl UpstreamError {
    /// An error without a deeper cause, for implementations of [`Upstream`](super::Upstream).
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        UpstreamError {
            code,
            message: message.into(),
            fate: Fate::Certain,
            help: None,
            wait: None,
            is_of_proof: false,
            source: None,
        }
    }

    /// The same error with the cause that led to it.
    pub fn caused_by(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        UpstreamError { source: Some(source.into()), ..self }
    }

    /// The same error of a request that had come so far.
    pub fn with_fate(self, fate: Fate) -> Self {
        UpstreamError { fate, ..self }
    }

    /// The same error with what to do.
    pub fn with_help(self, help: impl Into<String>) -> Self {
        UpstreamError { help: Some(help.into()), ..self }
    }

    /// The same error of a request that was not sent, and may be after a wait.
    pub(crate) fn with_wait(self, wait: Duration) -> Self {
        UpstreamError { wait: Some(wait), ..self }
    }

    /// The same error of what proves the request, which was not sent.
    pub(crate) fn of_proof(self) -> Self {
        UpstreamError { is_of_proof: true, ..self }
    }

    /// How long to wait before the request may be sent, where it was held back.
    pub(crate) fn wait(&self) -> Option<Duration> {
        self.wait
    }

    /// What to do, where it is known here.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Whether it is the upstream that failed, or the way to it: a key that is no key, a file that is
    /// gone, an answer that is refused say nothing of either, and a token endpoint is somebody else.
    pub(crate) fn is_of_upstream(&self) -> bool {
        !self.is_of_proof && matches!(self.code, Code::Unreachable | Code::TimedOut | Code::BrokenResponse)
    }

    /// How far the request had come; [`Fate::Certain`] unless said otherwise.
    pub fn fate(&self) -> Fate {
        self.fate
    }

    /// The stable code: one of `Unreachable`, `TimedOut`, `ResponseTooLarge`,
    /// `RefusedRedirect`, `BrokenResponse`, `NotRecorded`, `BadRecording`, `BadSettings`; or those of
    /// a proof that cannot be made: `TokenRefused`, `NoTokenEndpoint`, `UnusableKey`,
    /// `InsecureCredential`, `UnfitVariable`.
    pub fn code(&self) -> Code {
        self.code
    }
}

impl fmt::Display for UpstreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for UpstreamError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
