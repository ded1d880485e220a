//! JSON (RFC 8259). UTF-8, whatever the media type says of a charset; a byte order mark is read over,
//! and one of UTF-16 is believed.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};
use serde_json::Value;

use super::malformed::{Malformed, Place};
use super::text::{Declared, text};

/// The bytes of a JSON text, without a mark.
pub(super) fn bytes(body: &[u8]) -> Result<Cow<'_, [u8]>, Malformed> {
    match Encoding::for_bom(body) {
        None => Ok(Cow::Borrowed(body)),
        Some((encoding, mark)) if encoding == UTF_8 => Ok(Cow::Borrowed(&body[mark..])),
        Some(_) => Ok(Cow::Owned(text(body, None, Declared::Not)?.into_owned().into_bytes())),
    }
}

/// Reads a JSON text.
pub(super) fn read(body: &[u8]) -> Result<Value, Malformed> {
    serde_json::from_slice(&bytes(body)?).map_err(|error| malformed(&error))
}

/// The parser's error, its place in front.
pub(super) fn malformed(error: &serde_json::Error) -> Malformed {
    let text = error.to_string();
    let suffix = format!(" at line {} column {}", error.line(), error.column());
    let what = text.strip_suffix(&suffix).unwrap_or(&text).to_owned();
    Malformed { place: Place::Line(error.line(), error.column()), what }
}
