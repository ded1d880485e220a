//! How the body of a request is compressed (RFC 9110, section 8.4; RFC 8878).

use std::io::{self, Write};

use bytes::Bytes;
use capstan_spec::document::Compression;
use flate2::write::GzEncoder;
use http::HeaderValue;

/// How the body of a request is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// gzip (RFC 1952).
    Gzip,
    /// Zstandard (RFC 8878).
    Zstd,
}

impl From<Compression> for Coding {
    fn from(compression: Compression) -> Self {
        match compression {
            Compression::Gzip => Coding::Gzip,
            Compression::Zstd => Coding::Zstd,
        }
    }
}

impl Coding {
    /// Its name in `Content-Encoding`.
    pub(crate) fn name(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Coding::Gzip => "gzip",
            Coding::Zstd => "zstd",
        })
    }

    /// Compresses bytes. The same bytes always become the same.
    pub(super) fn whole(self, bytes: &[u8]) -> Bytes {
        let mut encoder = Encoder::new(self);
        let mut out = encoder.push(bytes).expect("memory takes all");
        out.extend(encoder.finish().expect("memory takes all"));
        out.into()
    }
}

/// Compresses piece by piece.
pub(super) enum Encoder {
    Gzip(GzEncoder<Vec<u8>>),
    Zstd(Box<zstd::stream::write::Encoder<'static, Vec<u8>>>),
}

impl Encoder {
    pub(super) fn new(coding: Coding) -> Self {
        match coding {
            Coding::Gzip => Encoder::Gzip(GzEncoder::new(Vec::new(), flate2::Compression::default())),
            Coding::Zstd => {
                let encoder = zstd::stream::write::Encoder::new(Vec::new(), zstd::DEFAULT_COMPRESSION_LEVEL);
                Encoder::Zstd(Box::new(encoder.expect("the default level is valid")))
            }
        }
    }

    /// Takes bytes in and gives what is ready.
    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Encoder::Gzip(encoder) => {
                encoder.write_all(bytes)?;
                Ok(std::mem::take(encoder.get_mut()))
            }
            Encoder::Zstd(encoder) => {
                encoder.write_all(bytes)?;
                Ok(std::mem::take(encoder.get_mut()))
            }
        }
    }

    /// Gives the rest.
    pub(super) fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Encoder::Gzip(encoder) => encoder.finish(),
            Encoder::Zstd(encoder) => encoder.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn what_is_compressed_is_what_was_given() {
        let text = b"again and again ".repeat(1000);
        let mut back = Vec::new();
        let gzip = Coding::Gzip.whole(&text);
        flate2::read::GzDecoder::new(&*gzip).read_to_end(&mut back).expect("it is gzip");
        assert!(back == text && gzip.len() < 1000);
        let zstd = Coding::Zstd.whole(&text);
        assert!(zstd::decode_all(&*zstd).expect("it is zstd") == text && zstd.len() < 1000);
    }
}
