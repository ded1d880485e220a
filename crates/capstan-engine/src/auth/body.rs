//! The hash of a body that a proof covers: of bytes in memory at once, of files as they are read.

use md5::{Digest as _, Md5};
use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA512_256};

use crate::upstream::{Payload, UpstreamError};

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    /// RFC 1321.
    Md5,
    /// SHA-1 of FIPS 180-4.
    Sha1,
    /// SHA-256 of FIPS 180-4.
    Sha256,
    /// SHA-512/256 of FIPS 180-4.
    Sha512_256,
}

enum Hasher {
    Md5(Md5),
    Sha(Context),
}

impl Hash {
    /// The hash of bytes.
    pub(crate) fn of(self, bytes: &[u8]) -> Vec<u8> {
        let mut hasher = self.hasher();
        hasher.update(bytes);
        hasher.finish()
    }

    /// The hash of a body as it is sent; none is empty. Files are read to their ends, a piece at a
    /// time.
    ///
    /// # Errors
    /// `UploadFile` when a file cannot be read, or has changed.
    pub(crate) async fn of_body(self, body: Option<&Payload>) -> Result<Vec<u8>, UpstreamError> {
        let mut hasher = self.hasher();
        if let Some(body) = body {
            body.read(|piece| hasher.update(piece)).await?;
        }
        Ok(hasher.finish())
    }

    fn hasher(self) -> Hasher {
        match self {
            Hash::Md5 => Hasher::Md5(Md5::new()),
            Hash::Sha1 => Hasher::Sha(Context::new(&SHA1_FOR_LEGACY_USE_ONLY)),
            Hash::Sha256 => Hasher::Sha(Context::new(&SHA256)),
            Hash::Sha512_256 => Hasher::Sha(Context::new(&SHA512_256)),
        }
    }
}

impl Hasher {
    fn update(&mut self, bytes: &[u8]) {
        match self {
            Hasher::Md5(hasher) => hasher.update(bytes),
            Hasher::Sha(hasher) => hasher.update(bytes),
        }
    }

    fn finish(self) -> Vec<u8> {
        match self {
            Hasher::Md5(hasher) => hasher.finalize().to_vec(),
            Hasher::Sha(hasher) => hasher.finish().as_ref().to_vec(),
        }
    }
}
