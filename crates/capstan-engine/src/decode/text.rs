//! Bytes become text: by their byte order mark, the charset of the media type, what the document
//! itself declares, and else as UTF-8. Nothing is replaced: a byte that is no text is an error.

use std::borrow::Cow;

use encoding_rs::{DecoderResult, Encoding, UTF_8};

use super::malformed::Malformed;

/// Bytes in which a document must say how it is encoded; what the HTML standard looks at.
const DECLARATION_BYTES_MAX: usize = 1024;

/// How a document says its own encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Declared {
    /// It does not.
    Not,
    /// `<?xml … encoding="…"?>`.
    Xml,
    /// `<meta charset="…">`, or within a `content`.
    Html,
}

/// The text of a body, without its byte order mark.
///
/// # Errors
/// A byte that is no text in the encoding.
pub(super) fn text<'b>(
    body: &'b [u8],
    content_type: Option<&str>,
    declared: Declared,
) -> Result<Cow<'b, str>, Malformed> {
    let (encoding, mark) = encoding(body, content_type, declared);
    let body = &body[mark..];
    if encoding == UTF_8 {
        return std::str::from_utf8(body).map(Cow::Borrowed).map_err(|error| no_utf8(body, error.valid_up_to()));
    }
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let room = decoder.max_utf8_buffer_length_without_replacement(body.len());
    let mut text = String::with_capacity(room.unwrap_or(body.len()));
    let (result, _read) = decoder.decode_to_string_without_replacement(body, &mut text, true);
    match result {
        DecoderResult::InputEmpty => Ok(Cow::Owned(text)),
        DecoderResult::OutputFull | DecoderResult::Malformed(..) => {
            let what = format!("found bytes that are no text in {}", encoding.name());
            Err(Malformed::at(&text, text.len(), what))
        }
    }
}

/// The encoding, and the bytes of the mark that says it.
fn encoding(body: &[u8], content_type: Option<&str>, declared: Declared) -> (&'static Encoding, usize) {
    if let Some(marked) = Encoding::for_bom(body) {
        return marked;
    }
    let head = &body[..body.len().min(DECLARATION_BYTES_MAX)];
    let own = || match declared {
        Declared::Not => None,
        Declared::Xml => head.starts_with(b"<?xml").then(|| label(head, "encoding")).flatten(),
        Declared::Html => label(head, "charset"),
    };
    let named = content_type.and_then(|media_type| label(media_type.as_bytes(), "charset"));
    let named = named.and_then(known).or_else(|| own().and_then(known));
    // A declaration in bytes that can be read cannot be in an encoding of two bytes.
    let named = named.filter(|named| content_type_says(content_type) || named.is_ascii_compatible());
    (named.unwrap_or(UTF_8), 0)
}

fn content_type_says(content_type: Option<&str>) -> bool {
    content_type.and_then(|media_type| label(media_type.as_bytes(), "charset")).and_then(known).is_some()
}

fn known(label: &[u8]) -> Option<&'static Encoding> {
    Encoding::for_label(label)
}

/// The word behind `name=`, in quotes or not.
fn label<'t>(text: &'t [u8], name: &str) -> Option<&'t [u8]> {
    let at = text.windows(name.len()).position(|window| window.eq_ignore_ascii_case(name.as_bytes()))?;
    let rest = text[at + name.len()..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"\"';>?".contains(byte);
    Some(&rest[..rest.iter().position(is_end).unwrap_or(rest.len())])
}

fn no_utf8(body: &[u8], valid: usize) -> Malformed {
    let before = String::from_utf8_lossy(&body[..valid]);
    let what = format!("found the byte 0x{:02x}, expected text in UTF-8", body[valid]);
    Malformed::at(&before, before.len(), what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &[u8], content_type: &str, declared: Declared) -> String {
        text(body, Some(content_type), declared).map_or_else(|error| error.to_string(), Cow::into_owned)
    }

    #[test]
    fn the_mark_comes_before_the_media_type_and_that_before_the_document() {
        let latin = b"<?xml version='1.0' encoding='iso-8859-1'?><a>\xe9</a>";
        assert!(read(latin, "text/xml", Declared::Xml).ends_with("<a>é</a>"));
        assert!(read(latin, "text/xml; charset=windows-1251", Declared::Xml).ends_with("<a>й</a>"));
        assert_eq!(read(b"\xff\xfea\0", "text/plain; charset=utf-8", Declared::Not), "a");
        assert_eq!(read(b"\xef\xbb\xbfa", "text/plain; charset=latin1", Declared::Not), "a");
        assert!(read(b"<meta charset=latin1>\xe9", "text/html", Declared::Html).ends_with('é'));
    }

    #[test]
    fn what_is_no_text_is_an_error_with_its_place() {
        assert_eq!(
            read(b"a\nb\xe9", "text/csv", Declared::Not),
            "line 2, column 2: found the byte 0xe9, expected text in UTF-8"
        );
        assert_eq!(
            read(b"a\x81", "text/csv; charset=shift_jis", Declared::Not),
            "line 1, column 2: found bytes that are no text in Shift_JIS"
        );
    }
}
