//! Records on their way.

use std::fmt;

use bytes::Bytes;
use capstan_spec::diagnostic::Code;
use http::{HeaderMap, StatusCode, Version};

use super::splitter::{Splitter, TooLarge};
use crate::engine::Origin;
use crate::error::CallError;
use crate::outcome::Outputs;
use crate::upstream::Body;
use crate::upstream::settings::size_text;

/// The records of an answer, as they come. Dropping it gives the connection up.
pub struct Records {
    /// The status of the answer.
    pub status: StatusCode,
    /// The version of HTTP that is spoken.
    pub version: Version,
    /// The headers of the answer.
    pub headers: HeaderMap,
    pub(crate) body: Body,
    pub(crate) splitter: Splitter,
    pub(crate) bytes_max: u64,
    pub(crate) origin: Origin,
    pub(crate) count: u64,
    pub(crate) is_over: bool,
}

/// A record.
#[derive(Debug)]
pub struct Record {
    /// Which one it is, from 1.
    pub number: u64,
    /// The outputs: those that the document declares of each record, or the record itself.
    pub outputs: Outputs,
    /// What a person may want to know of them.
    pub notices: Vec<String>,
}

impl Records {
    /// The next record, as soon as it is whole; `None` at the end.
    ///
    /// # Errors
    /// `RecordTooLarge`, `UnexpectedContent` where a record is not what was declared, and those of
    /// a body that breaks off or does not come.
    pub async fn next(&mut self) -> Result<Option<Record>, CallError> {
        loop {
            if let Some(bytes) = self.splitter.next().map_err(|TooLarge| self.too_large())? {
                return self.record(bytes).map(Some);
            }
            if self.is_over {
                return Ok(None);
            }
            match self.chunk().await? {
                Some(piece) => self.splitter.push(piece),
                None => {
                    self.is_over = true;
                    if let Some(bytes) = self.splitter.end() {
                        return self.record(bytes).map(Some);
                    }
                }
            }
        }
    }

    /// The next piece of the answer as it is, for those who want no records.
    ///
    /// # Errors
    /// Those of a body that breaks off or does not come.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, CallError> {
        self.body.chunk().await.map_err(|error| {
            let error = self.origin.error(error);
            // An id is the API's text: what a shell could read otherwise is not put into a command.
            let is_plain = |id: &&str| id.chars().all(|c| c.is_ascii_alphanumeric() || "_-=.,:/@%+".contains(c));
            match self.splitter.last_id().filter(is_plain) {
                Some(id) => error.with_help(format!("go on behind the last event: `--header 'Last-Event-ID: {id}'`")),
                None => error,
            }
        })
    }

    fn record(&mut self, bytes: Bytes) -> Result<Record, CallError> {
        self.count += 1;
        let (outputs, notices) = self.origin.outputs(&self.headers, &bytes, self.count)?;
        Ok(Record { number: self.count, outputs, notices })
    }

    fn too_large(&self) -> CallError {
        self.origin.too_large(self.count + 1, self.bytes_max)
    }
}

/// The error of a record that is larger than allowed.
pub(crate) fn too_large(number: u64, bytes_max: u64) -> CallError {
    let limit = size_text(bytes_max);
    let message = format!("record {number} of the answer is larger than the limit of {limit}");
    CallError::new(Code::RecordTooLarge, message)
        .with_help("allow more with `--max-response SIZE`, or see the answer as it is with `--format raw`")
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("status", &self.status).field("count", &self.count).finish_non_exhaustive()
    }
}
