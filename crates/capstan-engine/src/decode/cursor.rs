//! A place in bytes of a binary format, and what such formats have in common: lengths that must
//! hold, numbers of seven bits a byte.

use super::malformed::Malformed;

/// A place in bytes. What is taken is taken from in front of the end.
pub(super) struct Cursor<'b> {
    bytes: &'b [u8],
    /// The byte that comes next.
    pub(super) at: usize,
    /// Where the bytes end, or the innermost length that was entered.
    pub(super) end: usize,
}

impl<'b> Cursor<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Cursor { bytes, at: 0, end: bytes.len() }
    }

    pub(super) fn is_done(&self) -> bool {
        self.at == self.end
    }

    /// An error at this place.
    pub(super) fn malformed(&self, what: impl Into<String>) -> Malformed {
        Malformed::byte(self.at, what)
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'b [u8], Malformed> {
        let rest = &self.bytes[self.at..self.end];
        let taken = rest
            .get(..length)
            .ok_or_else(|| self.malformed(format!("found the end after {} bytes, expected {length}", rest.len())))?;
        self.at += length;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// A number, seven bits a byte.
    pub(super) fn varint(&mut self) -> Result<u64, Malformed> {
        let start = self.at;
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed::byte(start, "found a number of more than ten bytes"))
    }

    /// The text of the bytes that were taken last.
    pub(super) fn text(&self, taken: &'b [u8]) -> Result<&'b str, Malformed> {
        let start = self.at - taken.len();
        std::str::from_utf8(taken)
            .map_err(|error| Malformed::byte(start + error.valid_up_to(), "found a byte that is no text in UTF-8"))
    }
}

/// A number whose last bit is its sign.
pub(super) fn zigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}
