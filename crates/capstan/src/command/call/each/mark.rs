//! A short mark of a text, to see whether it is still the same one. It guards against mistakes, not
//! against somebody who wants two texts to look alike.

/// A mark in the making (FNV-1a, 64 bits).
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark(u64);

impl Mark {
    /// The mark of nothing.
    pub(super) fn new() -> Self {
        Mark(0xcbf2_9ce4_8422_2325)
    }

    /// With bytes behind it.
    pub(super) fn bytes(self, bytes: &[u8]) -> Self {
        Mark(bytes.iter().fold(self.0, |mark, byte| (mark ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    /// With a number behind it.
    pub(super) fn number(self, number: u64) -> Self {
        self.bytes(&number.to_le_bytes())
    }

    /// With a text behind it that cannot run into the next.
    pub(super) fn cell(self, text: &[u8]) -> Self {
        self.number(text.len() as u64).bytes(text)
    }

    /// The mark.
    pub(super) fn value(self) -> u64 {
        self.0
    }

    /// The mark of texts that may be secret: another text is noticed, but which one it was cannot be
    /// told, for too many have the same.
    pub(super) fn to_faint(self) -> String {
        let folded = (0..4).fold(0, |folded, part| folded ^ (self.0 >> (16 * part)) as u16);
        format!("{folded:04x}")
    }

    /// The mark in eight characters, behind a text that may have been cut.
    pub(super) fn to_check(self) -> String {
        format!("{:08x}", (self.0 ^ (self.0 >> 32)) as u32)
    }
}
