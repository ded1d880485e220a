//! The door to the network: a finished [`Request`] goes out, the head of an answer comes back, its
//! body follows piece by piece.
//!
//! [`Upstream`] is the door; behind it are the network ([`Client`]), the network with a
//! [`Recorder`] in between, or a [`Replay`] of what was recorded. This is the only module that
//! knows reqwest; everything before it is pure, everything after it works on bytes in memory.

mod address;
mod client;
mod coding;
mod difference;
mod error;
pub(crate) mod failure;
mod har;
pub(crate) mod hidden;
pub(crate) mod identity;
mod incoming;
mod masked;
mod outgoing;
mod payload;
mod recorder;
mod redirect;
mod replay;
pub(crate) mod settings;
#[cfg(test)]
mod testing;
mod tls;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};

pub use client::Client;
pub use coding::Coding;
pub use error::{Fate, UpstreamError};
pub use identity::TlsIdentity;
pub use incoming::{Body, Chunks, Incoming, NextChunk, Redirected};
pub use payload::{Field, FilePart, Part, Payload};
pub use recorder::Recorder;
pub use replay::Replay;
pub use settings::ClientSettings;

/// A request ready to send; every text is encoded already.
///
/// [`HeaderValue::is_sensitive`] marks what must not be shown. Another origin gets neither it nor
/// any header beyond `Accept`, `Accept-Encoding`, `Accept-Language` and `User-Agent`.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The absolute URL, percent-encoded.
    pub url: String,
    /// The headers in the order in which they are shown; a name may stand several times.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body; `None` sends neither a body nor its length.
    pub body: Option<Payload>,
    /// How the connection is made.
    pub connection: Connection,
}

/// How a connection is made, where it differs from the client's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Connection {
    /// Time to a connection, name lookup and TLS included.
    pub timeout: Option<Duration>,
    /// The client's certificate and the authorities that it trusts; `None`: neither is special.
    pub tls: Option<Arc<TlsIdentity>>,
    /// Whether a credential is asked for: such an exchange is in no recording, and follows no
    /// redirect to another origin or to another method.
    pub is_private: bool,
}

impl fmt::Debug for Request {
    /// Leaves out what may hold secrets: the query, sensitive headers and the body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &self.url.split('?').next().unwrap_or(""))
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.as_ref().and_then(Payload::length))
            .finish()
    }
}

/// A whole response, decompressed.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status, of whatever class.
    pub status: StatusCode,
    /// The version of HTTP that was spoken.
    pub version: Version,
    /// The headers, without those that described the compression.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// The URL that gave this response, after redirects.
    pub url: String,
}

/// A request under way. Dropping it cancels the request.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<Incoming, UpstreamError>> + Send + 'a>>;

/// Whatever answers requests: the network, a recording, a test.
pub trait Upstream: Send + Sync {
    /// Sends one request and gives the answer once its head has come. An answer with an error
    /// status is an answer, not an error. Knows no deadline: a caller drops what takes too long.
    fn send(&self, request: Request) -> Sending<'_>;
}
