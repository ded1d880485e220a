//! An answer whose body is still on its way.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, Version};

use super::{Request, Response, UpstreamError, failure};

/// An answer whose head has come. Dropping it gives the connection up.
#[derive(Debug)]
pub struct Incoming {
    /// The status, of whatever class.
    pub status: StatusCode,
    /// The version of HTTP that is spoken.
    pub version: Version,
    /// The headers, without those that described the compression.
    pub headers: HeaderMap,
    /// The URL that gave this answer, after redirects.
    pub url: String,
    /// The redirects that led to it, in order.
    pub redirects: Vec<Redirected>,
    /// The body, decompressed.
    pub body: Body,
}

/// A redirect that was followed.
#[derive(Clone, Debug)]
pub struct Redirected {
    /// The status that asked for it.
    pub status: StatusCode,
    /// The version of HTTP of the answer that asked.
    pub version: Version,
    /// Its headers.
    pub headers: HeaderMap,
    /// The URL that was left.
    pub from: String,
    /// The URL that was gone to.
    pub to: String,
    /// The request that was sent there: less of it leaves an origin.
    pub next: Box<Request>,
}

impl Incoming {
    /// Reads the body to its end.
    ///
    /// # Errors
    /// `ResponseTooLarge` when it has more than `bytes_max` bytes, of which none is read where its
    /// length says so before; `BrokenResponse` when it breaks off.
    pub async fn read(mut self, bytes_max: u64) -> Result<Response, UpstreamError> {
        let body = self.body.read(bytes_max, &self.url).await?;
        let Incoming { status, version, headers, url, redirects: _, body: _ } = self;
        Ok(Response { status, version, headers, body, url })
    }

    /// The same answer once its body has come to its end. Fails as [`Incoming::read`] does.
    pub(crate) async fn whole(mut self, bytes_max: u64) -> Result<Incoming, UpstreamError> {
        let bytes = self.body.read(bytes_max, &self.url).await?;
        Ok(Incoming { body: Body::whole(bytes), ..self })
    }
}

impl From<Response> for Incoming {
    fn from(response: Response) -> Self {
        let Response { status, version, headers, body, url } = response;
        Incoming { status, version, headers, url, redirects: Vec::new(), body: Body::whole(body) }
    }
}

/// The next piece of a body; `None` at its end.
pub type NextChunk<'a> = Pin<Box<dyn Future<Output = Result<Option<Bytes>, UpstreamError>> + Send + 'a>>;

/// A body that comes piece by piece.
pub trait Chunks: Send {
    /// The next piece, which is not empty; `None` at the end.
    fn next(&mut self) -> NextChunk<'_>;
}

/// A body: in memory already, or on its way.
pub struct Body {
    length: Option<u64>,
    source: Source,
}

enum Source {
    Whole(Bytes),
    Chunks(Box<dyn Chunks>),
}

impl Body {
    /// A body in memory.
    pub fn whole(bytes: Bytes) -> Self {
        Body { length: Some(bytes.len() as u64), source: Source::Whole(bytes) }
    }

    /// A body that comes piece by piece; `length` is what its head says of its size.
    pub fn chunks(length: Option<u64>, chunks: Box<dyn Chunks>) -> Self {
        Body { length, source: Source::Chunks(chunks) }
    }

    /// The size in bytes that the head tells, where it tells one.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// Whether it is in memory.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.source, Source::Whole(_))
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// `BrokenResponse` when the body breaks off.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, UpstreamError> {
        match &mut self.source {
            Source::Whole(bytes) => Ok(Some(std::mem::take(bytes)).filter(|bytes| !bytes.is_empty())),
            Source::Chunks(chunks) => chunks.next().await,
        }
    }

    async fn read(&mut self, bytes_max: u64, url: &str) -> Result<Bytes, UpstreamError> {
        let advertised = self.length.unwrap_or(0);
        if advertised > bytes_max {
            return Err(failure::too_large(url, bytes_max));
        }
        let within = |length: usize| match length as u64 > bytes_max {
            true => Err(failure::too_large(url, bytes_max)),
            false => Ok(()),
        };
        let Some(first) = self.chunk().await? else { return Ok(Bytes::new()) };
        within(first.len())?;
        // A body of one chunk, the usual case, is handed on without a copy.
        let Some(second) = self.chunk().await? else { return Ok(first) };
        let mut body = BytesMut::with_capacity(usize::try_from(advertised).unwrap_or(0));
        body.extend_from_slice(&first);
        let mut next = Some(second);
        while let Some(chunk) = next {
            within(body.len() + chunk.len())?;
            body.extend_from_slice(&chunk);
            next = self.chunk().await?;
        }
        Ok(body.freeze())
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("length", &self.length).finish_non_exhaustive()
    }
}
