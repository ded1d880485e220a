//! Server-sent events, read as the HTML standard says ("Interpreting an event stream").
//!
//! An event becomes `{"event": …, "id": …, "data": …}`. `event` is `message` where the stream names
//! none; `id` is the last that was given, and is left out before the first. `data` is JSON where
//! the text is a JSON object or list; any other text stays a text, numbers too, so that its type
//! does not change from event to event.

use bytes::{Buf, Bytes};
use serde_json::value::RawValue;

use super::splitter::joined;
use crate::encode;

/// The event that is not yet whole.
#[derive(Default)]
pub(super) struct Events {
    /// The line that is not yet whole.
    kept: Vec<u8>,
    has_begun: bool,
    /// Whether the last line ended with a carriage return, behind which a line feed means nothing.
    is_after_return: bool,
    kind: String,
    data: String,
    has_data: bool,
    last_id: String,
}

impl Events {
    /// The next event.
    pub(super) fn next(&mut self, piece: &mut Bytes) -> Option<Bytes> {
        loop {
            if self.is_after_return && !piece.is_empty() {
                self.is_after_return = false;
                if piece[0] == b'\n' {
                    piece.advance(1);
                }
            }
            let Some(end) = piece.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else { break };
            let line = piece.split_to(end);
            self.is_after_return = piece[0] == b'\r';
            piece.advance(1);
            let line = joined(&mut self.kept, line);
            let is_first = !std::mem::replace(&mut self.has_begun, true);
            let line = line.strip_prefix(b"\xef\xbb\xbf").filter(|_| is_first).unwrap_or(&line);
            if line.is_empty() {
                if let Some(event) = self.dispatch() {
                    return Some(event);
                }
            } else {
                self.line(&String::from_utf8_lossy(line));
            }
        }
        self.kept.extend_from_slice(piece);
        piece.clear();
        None
    }

    /// Bytes of the event that is not yet whole.
    pub(super) fn waiting(&self) -> usize {
        self.kept.len() + self.data.len() + self.kind.len() + self.last_id.len()
    }

    /// The id of the last event that had one.
    pub(super) fn last_id(&self) -> Option<&str> {
        Some(&*self.last_id).filter(|id| !id.is_empty())
    }

    fn line(&mut self, line: &str) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.kind),
            "data" => {
                self.data.push_str(value);
                self.data.push('\n');
                self.has_data = true;
            }
            "id" if !value.contains('\0') => value.clone_into(&mut self.last_id),
            // A comment, the time to wait before connecting anew, or something unknown.
            _ => {}
        }
    }

    fn dispatch(&mut self) -> Option<Bytes> {
        let kind = std::mem::take(&mut self.kind);
        let mut data = std::mem::take(&mut self.data);
        if !std::mem::take(&mut self.has_data) {
            return None;
        }
        data.pop();
        let mut out = String::with_capacity(data.len() + 48);
        out.push_str("{\"event\":");
        encode::json_string(&mut out, if kind.is_empty() { "message" } else { &kind });
        if !self.last_id.is_empty() {
            out.push_str(",\"id\":");
            encode::json_string(&mut out, &self.last_id);
        }
        out.push_str(",\"data\":");
        push_data(&mut out, &data);
        out.push('}');
        Some(out.into())
    }
}

fn push_data(out: &mut String, data: &str) {
    let is_structure = data.trim_start().starts_with(['{', '[']);
    match serde_json::from_str::<&RawValue>(data).ok().filter(|_| is_structure) {
        // Line feeds between its tokens would part the record where it is printed on a line.
        Some(raw) => out.push_str(&compact(raw.get())),
        None => encode::json_string(out, data),
    }
}

fn compact(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    crate::outcome::write_compact(&mut out, text).expect("memory takes all");
    String::from_utf8(out).expect("what is left of a text is one")
}
