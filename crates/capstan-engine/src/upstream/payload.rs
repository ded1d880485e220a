//! The body of a request: what is sent, how often it must be.

use bytes::Bytes;

/// The body of a request. A cheap clone, so that it can be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    bytes: Bytes,
}

impl Payload {
    /// Its size in bytes.
    pub fn length(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// All of it, where it is in memory.
    pub fn as_bytes(&self) -> Option<&Bytes> {
        Some(&self.bytes)
    }
}

impl<T: Into<Bytes>> From<T> for Payload {
    fn from(bytes: T) -> Self {
        Payload { bytes: bytes.into() }
    }
}
