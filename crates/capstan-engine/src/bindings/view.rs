//! A text as a decoder sees it, with the way back to where each byte was written.
//!
//! The scrubber looks for a secret in what a text *means*, so that no spelling of an encoding
//! (upper or lower hex, needless escapes, a mixture of styles) can hide it.

use std::borrow::Cow;

/// One of the encodings in which a text may carry another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decoding {
    /// `%41`, as in URLs and forms. The `+` that forms write for a space stays as it is: the
    /// scrubber looks for that spelling too, which is cheaper than a view of its own.
    Percent,
    /// `\"`, `\n`, `\u0041`, as in JSON.
    Backslash,
    /// `&amp;`, `&#65;`, `&#x41;`, as in HTML and XML.
    Entity,
}

impl Decoding {
    pub(super) const ALL: [Decoding; 3] = [Decoding::Percent, Decoding::Backslash, Decoding::Entity];

    /// The byte without which this decoding changes nothing.
    fn marker(self) -> u8 {
        match self {
            Decoding::Percent => b'%',
            Decoding::Backslash => b'\\',
            Decoding::Entity => b'&',
        }
    }

    /// What the escape at the start of `bytes` means and how long it is.
    fn unescape(self, bytes: &[u8]) -> Option<(Escaped, usize)> {
        match self {
            Decoding::Percent => percent(bytes),
            Decoding::Backslash => backslash(bytes),
            Decoding::Entity => entity(bytes),
        }
    }
}

/// What one escape stands for.
enum Escaped {
    Byte(u8),
    Char(char),
}

/// A decoded text. Positions in it lead back to the text that it was decoded from.
pub(super) struct View<'a> {
    /// The decoded bytes.
    pub(super) bytes: Cow<'a, [u8]>,
    /// The ends of all escapes, ascending: here, and in the outermost text. Between two of
    /// them both texts advance alike, so memory grows with the escapes, not with the text.
    ends: Vec<(usize, usize)>,
}

impl<'a> View<'a> {
    /// The text itself.
    pub(super) fn plain(bytes: &'a [u8]) -> Self {
        View { bytes: Cow::Borrowed(bytes), ends: Vec::new() }
    }

    /// The view behind one more decoding; `None` when that changes nothing.
    pub(super) fn decoded(&self, decoding: Decoding) -> Option<View<'static>> {
        if !self.bytes.contains(&decoding.marker()) {
            return None;
        }
        let mut bytes = Vec::with_capacity(self.bytes.len());
        let mut ends = Vec::new();
        let mut at = 0;
        while let Some(plain) = self.bytes[at..].iter().position(|b| *b == decoding.marker()) {
            bytes.extend_from_slice(&self.bytes[at..at + plain]);
            at += plain;
            at += self.step(decoding, at, &mut bytes, &mut ends);
        }
        bytes.extend_from_slice(&self.bytes[at..]);
        (bytes.len() != self.bytes.len() || bytes != *self.bytes)
            .then_some(View { bytes: Cow::Owned(bytes), ends: self.compose(ends) })
    }

    /// Decodes the escape that may begin at `at` and says how long it was.
    fn step(&self, decoding: Decoding, at: usize, bytes: &mut Vec<u8>, ends: &mut Vec<(usize, usize)>) -> usize {
        let Some((escaped, len)) = decoding.unescape(&self.bytes[at..]) else {
            bytes.push(self.bytes[at]);
            return 1;
        };
        match escaped {
            Escaped::Byte(byte) => bytes.push(byte),
            Escaped::Char(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        ends.push((bytes.len(), at + len));
        len
    }

    /// Joins the ends of a further decoding, which lead into this view, with this view's own.
    fn compose(&self, inner: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
        if self.ends.is_empty() {
            return inner;
        }
        let mut ends = Vec::with_capacity(inner.len() + self.ends.len());
        let mut own = self.ends.iter().peekable();
        // Where the decoded text stands against this view before the next inner escape.
        let (mut decoded, mut here) = (0, 0);
        for (next_decoded, next_here) in inner {
            while let Some((end, origin)) = own.next_if(|(end, _)| *end < next_here) {
                // An own escape inside an inner one ends nowhere in the decoded text.
                if *end >= here && decoded + (end - here) < next_decoded {
                    ends.push((decoded + (end - here), *origin));
                }
            }
            ends.push((next_decoded, self.origin(next_here)));
            (decoded, here) = (next_decoded, next_here);
        }
        ends.extend(own.filter(|(end, _)| *end > here).map(|(end, origin)| (decoded + (end - here), *origin)));
        ends
    }

    /// Where in the outermost text the byte at `position` begins.
    pub(super) fn origin(&self, position: usize) -> usize {
        match self.ends.partition_point(|(end, _)| *end <= position) {
            0 => position,
            n => self.ends[n - 1].1 + (position - self.ends[n - 1].0),
        }
    }
}

fn percent(bytes: &[u8]) -> Option<(Escaped, usize)> {
    let byte = hex(bytes.get(1..3)?)?;
    Some((Escaped::Byte(u8::try_from(byte).ok()?), 3))
}

fn backslash(bytes: &[u8]) -> Option<(Escaped, usize)> {
    let byte = match bytes.get(1)? {
        byte @ (b'"' | b'\\' | b'/' | b'\'') => *byte,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' => return unicode(bytes),
        _ => return None,
    };
    Some((Escaped::Byte(byte), 2))
}

fn unicode(bytes: &[u8]) -> Option<(Escaped, usize)> {
    let first = hex(bytes.get(2..6)?)?;
    if let Some(c) = char::from_u32(first) {
        return Some((Escaped::Char(c), 6));
    }
    let low = bytes.get(6..12).filter(|low| low.starts_with(b"\\u"))?;
    let second = hex(&low[2..])?;
    let pair = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
    let c = char::decode_utf16(pair).next()?.ok()?;
    Some((Escaped::Char(c), 12))
}

fn entity(bytes: &[u8]) -> Option<(Escaped, usize)> {
    // The longest is `&#x10FFFF;` with a few needless zeros.
    let end = bytes.iter().take(14).position(|byte| *byte == b';')?;
    let c = match bytes.get(1..end)? {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(hex(digits)?)?,
        [b'#', digits @ ..] => char::from_u32(std::str::from_utf8(digits).ok()?.parse().ok()?)?,
        _ => return None,
    };
    Some((Escaped::Char(c), end + 1))
}

fn hex(digits: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok()?;
    // `from_str_radix` would take a sign.
    let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    plain.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(decoding: Decoding, text: &str, meant: &str) {
        let plain = View::plain(text.as_bytes());
        let view = plain.decoded(decoding).expect("the text holds an escape");
        assert_eq!(String::from_utf8_lossy(&view.bytes), meant);
    }

    #[test]
    fn escapes_are_understood() {
        check(Decoding::Percent, "a%2fb%2F+%zz%", "a/b/+%zz%");
        check(Decoding::Backslash, r#"\"\\\/\n\u00e9\ud83d\ude00\x\ud83d"#, "\"\\/\né😀\\x\\ud83d");
        check(Decoding::Entity, "&lt;&#65;&#x1F600;&nope;&", "<A😀&nope;&");
    }

    #[test]
    fn positions_lead_back_through_two_decodings() {
        let text = b"x%5C%22yz%5C%22&w";
        let plain = View::plain(text);
        let once = plain.decoded(Decoding::Percent).expect("percent signs");
        let twice = once.decoded(Decoding::Backslash).expect("backslashes");
        assert_eq!(&twice.bytes[..], b"x\"yz\"&w");
        let origins: Vec<usize> = (0..=7).map(|at| twice.origin(at)).collect();
        assert_eq!(origins, [0, 1, 7, 8, 9, 15, 16, 17]);
    }

    proptest! {
        #[test]
        fn positions_ascend_from_start_to_end(text in r#"[a%&;#x254C"n\\6]{0,60}|(%5C|%26|&#92;|\\u0025|6|n){0,20}"#) {
            let plain = View::plain(text.as_bytes());
            for first in Decoding::ALL {
                let Some(once) = plain.decoded(first) else { continue };
                let twice = Decoding::ALL.iter().filter_map(|second| once.decoded(*second));
                for view in twice.chain([plain.decoded(first).expect("as before")]) {
                    let len = view.bytes.len();
                    let origins: Vec<usize> = (0..=len).map(|at| view.origin(at)).collect();
                    prop_assert!(origins.is_sorted(), "{text:?} {origins:?}");
                    prop_assert_eq!((origins[0], origins[len]), (0, text.len()));
                }
            }
        }
    }
}
