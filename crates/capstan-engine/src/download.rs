//! A body that is handed on piece by piece, as it comes.

use std::fmt;

use bytes::Bytes;
use capstan_spec::diagnostic::Code;
use http::{HeaderMap, StatusCode, Version};

use crate::engine::Origin;
use crate::error::CallError;
use crate::range::Rest;
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
    /// By which the rest can be asked for; `None` where nothing can.
    pub(crate) validator: Option<String>,
    /// How often the body broke off.
    pub(crate) breaks: u32,
}

impl Download {
    /// The next piece; `None` at the end, when the whole body is there. Of a body that breaks off
    /// the rest is asked for, where the API gives its length and a way to know it again, as often as
    /// requests are repeated.
    ///
    /// # Errors
    /// `ResponseTooLarge` when the body is larger than allowed, of which nothing is read where its
    /// length says so before; `BrokenResponse` when it breaks off; `TimedOut` when nothing comes.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, CallError> {
        loop {
            match self.next().await {
                Ok(chunk) => return Ok(chunk),
                Err(error) => self.go_on(error).await?,
            }
        }
    }

    /// Asks for what is left of a body that broke off.
    async fn go_on(&mut self, error: UpstreamError) -> Result<(), CallError> {
        // Without a length, lengths and ranges may count other bytes than those that came.
        let validator = self.validator.clone().filter(|_| self.total.is_some());
        let Some(validator) = validator else { return Err(self.origin.error(error)) };
        self.breaks += 1;
        // The connection of the broken answer and its place are free from here on.
        self.body = Body::whole(Bytes::new());
        let rest = Rest { offset: self.received, validator };
        match self.origin.rest(&rest, self.breaks, &error).await {
            Ok(Some(going)) if going.total.is_none() || going.total == self.total => {
                self.body = going.body;
                Ok(())
            }
            Ok(_) => Err(self.origin.error(error)),
            Err(later) => Err(self.origin.error(error).detail(format!("the rest did not come: {later}"))),
        }
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
