//! JSON text sequences (RFC 7464): each text begins with a record separator and ends with a line
//! feed.

use bytes::{Buf, Bytes};

use super::splitter::joined;

const SEPARATOR: u8 = 0x1e;

/// The text that is not yet whole, and where in it the reader is.
#[derive(Default)]
pub(super) struct Sequence {
    kept: Vec<u8>,
    depth: usize,
    in_string: bool,
    is_escaped: bool,
}

impl Sequence {
    /// The next text. A line feed ends it where its brackets are closed; a separator in any case.
    pub(super) fn next(&mut self, piece: &mut Bytes) -> Option<Bytes> {
        while let Some(end) = piece.iter().position(|byte| self.ends(*byte)) {
            let text = piece.split_to(end);
            piece.advance(1);
            (self.depth, self.in_string, self.is_escaped) = (0, false, false);
            if let Some(record) = record(joined(&mut self.kept, text)) {
                return Some(record);
            }
        }
        self.kept.extend_from_slice(piece);
        piece.clear();
        None
    }

    /// The last text, which lacks its line feed.
    pub(super) fn end(&mut self) -> Option<Bytes> {
        record(std::mem::take(&mut self.kept).into())
    }

    /// Bytes of the text that is not yet whole.
    pub(super) fn waiting(&self) -> usize {
        self.kept.len()
    }

    /// Whether a byte ends the text.
    fn ends(&mut self, byte: u8) -> bool {
        // It stands in no JSON text, strings included: what came before it was cut off.
        if byte == SEPARATOR {
            return true;
        }
        match (self.in_string, byte) {
            (true, _) if self.is_escaped => self.is_escaped = false,
            (true, b'\\') => self.is_escaped = true,
            (_, b'"') => self.in_string = !self.in_string,
            (false, b'[' | b'{') => self.depth += 1,
            (false, b']' | b'}') => self.depth = self.depth.saturating_sub(1),
            (false, b'\n') => return self.depth == 0,
            (true | false, _) => {}
        }
        false
    }
}

fn record(text: Bytes) -> Option<Bytes> {
    let trimmed = text.trim_ascii();
    (!trimmed.is_empty()).then(|| text.slice_ref(trimmed))
}
