//! A body that is handed on piece by piece, as it comes.

use std::fmt;

use bytes::Bytes;
use capstan_spec::diagnostic::Code;
use http::{HeaderMap, StatusCode, Version};

use crate::engine::Origin;
use crate::error::CallError;
use crate::upstream::{Body, UpstreamError, failure};

/// A body that is handed on piece by piece. Dropping it gives the connection up.
pub struct Download {
    /// The status of the answer.
    pub status: StatusCode,
    /// The version of HTTP that is spoken.
    pub version: Version,
    /// The headers of the answer.
    pub headers: HeaderMap,
    /// What the document says that the body is.
    pub media_type: Option<String>,
    /// Where the first byte belongs: 0, or behind the part that was there.
    pub offset: u64,
    /// The size of the whole body, where it is known.
    pub total: Option<u64>,
    pub(crate) body: Body,
    pub(crate) bytes_max: u64,
    pub(crate) url: String,
    pub(crate) origin: Origin,
    /// Bytes that are there: those before the offset included.
    pub(crate) received: u64,
}

impl Download {
    /// The next piece; `None` at the end, when the whole body is there.
    ///
    /// # Errors
    /// `ResponseTooLarge` when the body is larger than allowed, of which nothing is read where its
    /// length says so before; `BrokenResponse` when it breaks off; `TimedOut` when nothing comes.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, CallError> {
        let chunk = self.next().await;
        chunk.map_err(|error| self.origin.error(error))
    }

    /// The URL that gave the answer, after redirects, secrets masked.
    pub fn to_shown_url(&self) -> String {
        self.origin.engine.scrubber().scrub(&self.url).into_owned()
    }

    async fn next(&mut self) -> Result<Option<Bytes>, UpstreamError> {
        if self.total.unwrap_or(0).max(self.received) > self.bytes_max {
            return Err(failure::too_large(&self.url, self.bytes_max));
        }
        let Some(chunk) = self.body.chunk().await? else { return self.end() };
        self.received = self.received.saturating_add(chunk.len() as u64);
        if self.received > self.bytes_max {
            return Err(failure::too_large(&self.url, self.bytes_max));
        }
        Ok(Some(chunk))
    }

    fn end(&self) -> Result<Option<Bytes>, UpstreamError> {
        match self.total.filter(|total| *total != self.received) {
            None => Ok(None),
            Some(total) => {
                let message = format!("{} bytes came of a body of {total}", self.received);
                Err(UpstreamError::new(Code::BrokenResponse, message))
            }
        }
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("status", &self.status)
            .field("offset", &self.offset)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}
