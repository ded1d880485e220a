//! A JSON text on each line (<https://jsonlines.org>): `application/x-ndjson` and its like.

use bytes::{Buf, Bytes};

use super::splitter::joined;

/// The line that is not yet whole.
#[derive(Default)]
pub(super) struct Lines {
    kept: Vec<u8>,
    has_begun: bool,
}

impl Lines {
    /// The next line that is not empty.
    pub(super) fn next(&mut self, piece: &mut Bytes) -> Option<Bytes> {
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            let line = piece.split_to(end);
            piece.advance(1);
            let line = joined(&mut self.kept, line);
            if let Some(record) = self.record(line) {
                return Some(record);
            }
        }
        self.kept.extend_from_slice(piece);
        piece.clear();
        None
    }

    /// The last line, which need not have an end.
    pub(super) fn end(&mut self) -> Option<Bytes> {
        let line = std::mem::take(&mut self.kept).into();
        self.record(line)
    }

    /// Bytes of the line that is not yet whole.
    pub(super) fn waiting(&self) -> usize {
        self.kept.len()
    }

    fn record(&mut self, line: Bytes) -> Option<Bytes> {
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        let text = line.strip_prefix(b"\xef\xbb\xbf").filter(|_| is_first).unwrap_or(&line).trim_ascii();
        (!text.is_empty()).then(|| line.slice_ref(text))
    }
}
