//! PEM as people paste it (RFC 7468): with line breaks, with `\n` for them, or all in one line.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Padding is often lost on the way through an environment.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A block: what its label says it is, and its bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// `CERTIFICATE`, `PRIVATE KEY`, …
    pub(crate) label: String,
    /// The bytes, DER.
    pub(crate) der: Vec<u8>,
}

/// The blocks of a text; one that cannot be read ends them.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let text = text.replace("\\r", "").replace("\\n", "\n");
    let mut blocks = Vec::new();
    let mut rest = text.as_str();
    while let Some((label, body, after)) = next(rest) {
        // Headers (RFC 1421) come before the bytes; they are those of an encrypted key.
        let Some(der) = base64(body) else { break };
        blocks.push(Block { label: label.to_owned(), der });
        rest = after;
    }
    blocks
}

/// Base64 with blanks anywhere.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split_ascii_whitespace().collect();
    LENIENT.decode(text).ok().filter(|bytes| !bytes.is_empty())
}

fn next(text: &str) -> Option<(&str, &str, &str)> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, rest) = rest.split_once("-----END")?;
    let (_, rest) = rest.split_once("-----").unwrap_or((rest, ""));
    Some((label, body, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_however_they_were_pasted() {
        let block = |label: &str, der: &[u8]| Block { label: label.to_owned(), der: der.to_vec() };
        let lines = "note\n-----BEGIN A KEY-----\nYWJj\nZGU=\n-----END A KEY-----\n-----BEGIN B-----\r\nZg==\r\n-----END B-----\n";
        assert_eq!(blocks(lines), [block("A KEY", b"abcde"), block("B", b"f")]);
        assert_eq!(blocks(&lines.replace('\n', " ")), blocks(lines));
        assert_eq!(blocks(&lines.replace('\r', "").replace('\n', "\\n")), blocks(lines));
        assert_eq!(blocks("-----BEGIN A KEY-----\nYWJjZGU\n-----END"), [block("A KEY", b"abcde")]);
        assert!(blocks("-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n\nYQ==\n-----END A-----").is_empty());
        assert!(blocks("nothing").is_empty());
    }
}
