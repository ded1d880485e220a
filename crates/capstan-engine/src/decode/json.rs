//! JSON (RFC 8259). UTF-8, whatever the media type says of a charset; a byte order mark is read over,
//! and one of UTF-16 is believed.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};
use serde_json::Value;

use super::malformed::{Malformed, Place};
use super::text::{Declared, text};
use crate::limits::TREE_DEPTH_MAX;

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

/// Whether a sound text can become a tree: a text that is passed through has passed no limit of
/// depth, and whoever takes it apart later could only call it nothing.
pub(super) fn check_depth(text: &str) -> Result<(), Malformed> {
    // Nearly all texts have no more brackets than that, however they lie; those that have are looked at.
    let brackets = text.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count();
    if brackets < TREE_DEPTH_MAX / 2 || depth(text.as_bytes()) < TREE_DEPTH_MAX / 2 {
        return Ok(());
    }
    // Rare enough to leave the exact limit to the parser that has it.
    read(text.as_bytes()).map(|_| ())
}

/// The levels of a sound text.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut is_text, mut at) = (0_usize, 0, false, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if is_text => at += 1,
            b'"' => is_text = !is_text,
            b'[' | b'{' if !is_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !is_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    deepest
}

/// The parser's error, its place in front.
pub(super) fn malformed(error: &serde_json::Error) -> Malformed {
    let text = error.to_string();
    let suffix = format!(" at line {} column {}", error.line(), error.column());
    let what = text.strip_suffix(&suffix).unwrap_or(&text).to_owned();
    Malformed { place: Place::Line(error.line(), error.column()), what }
}
