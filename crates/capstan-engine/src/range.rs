//! Range requests (RFC 9110, section 14): the rest of a body of which a part is there already.
//!
//! Pure: says what to ask for, and what an answer to it holds.

use http::header::{ACCEPT_ENCODING, CONTENT_RANGE, DATE, ETAG, IF_RANGE, LAST_MODIFIED, RANGE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// The rest of a body: what lies behind the bytes that are there, if it is still the same body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    /// Bytes that are there already.
    pub offset: u64,
    /// What the answer that they came from said of its version: see [`validator`].
    pub validator: String,
}

impl Rest {
    /// The headers that ask for it; `None` where the validator cannot be a header.
    pub(crate) fn headers(&self) -> Option<[(HeaderName, HeaderValue); 2]> {
        let range = HeaderValue::from_str(&format!("bytes={}-", self.offset)).ok()?;
        let validator = HeaderValue::from_str(&self.validator).ok()?;
        Some([(RANGE, range), (IF_RANGE, validator)])
    }
}

/// Asks for the bytes as they are: lengths and ranges count those that travel.
pub(crate) fn identity() -> (HeaderName, HeaderValue) {
    (ACCEPT_ENCODING, HeaderValue::from_static("identity"))
}

/// What an answer says of the version of its body, where that is strong enough to put parts of it
/// together (RFC 9110, section 8.8): a strong `ETag`, else a `Last-Modified` before the second of
/// the answer.
pub fn validator(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::trim);
    if let Some(tag) = text(ETAG) {
        return (tag.starts_with('"') && tag.len() > 1 && tag.ends_with('"')).then(|| tag.to_owned());
    }
    let modified = text(LAST_MODIFIED)?;
    // Dates have seconds: a body that changed twice in one has the same date both times.
    text(DATE).filter(|date| *date != modified).map(|_| modified.to_owned())
}

/// Where the bytes of an answer belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placed {
    /// It is the whole body, from its beginning.
    Whole,
    /// It is what was asked for, of a body of this size.
    Rest {
        /// The size of the whole body, where the answer tells it.
        total: Option<u64>,
    },
    /// Nothing is left: what is there is the whole body.
    Complete,
    /// The body is no longer the one that the part is of.
    Changed,
}

/// Where the bytes of an answer belong, or why they belong nowhere.
pub(crate) fn place(status: StatusCode, headers: &HeaderMap, asked: Option<&Rest>) -> Result<Placed, String> {
    match (status, asked) {
        (StatusCode::PARTIAL_CONTENT, None) => Err("a part of the body came, but the whole was asked for".to_owned()),
        (StatusCode::PARTIAL_CONTENT, Some(rest)) => partial(headers, rest),
        (StatusCode::RANGE_NOT_SATISFIABLE, Some(rest)) => {
            let total = content_range(headers).and_then(|range| range.strip_prefix("*/")?.trim().parse().ok());
            let is_whole = total == Some(rest.offset) && is_same(headers, rest);
            Ok(if is_whole { Placed::Complete } else { Placed::Changed })
        }
        _ => Ok(Placed::Whole),
    }
}

fn partial(headers: &HeaderMap, rest: &Rest) -> Result<Placed, String> {
    let text = content_range(headers).ok_or("a part of the body came without saying which (`Content-Range`)")?;
    let wrong = || format!("bytes from {} on were asked for, but `{text}` came", rest.offset);
    let (range, total) = text.split_once('/').ok_or_else(wrong)?;
    let (first, last) = range.trim().split_once('-').ok_or_else(wrong)?;
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let total = number(total);
    let is_last = |last: u64| total.is_none_or(|total| last.checked_add(1) == Some(total));
    if number(first) != Some(rest.offset) || !number(last).is_some_and(is_last) {
        return Err(wrong());
    }
    // A server that does not know `If-Range` sends the rest of whatever is there now.
    Ok(if is_same(headers, rest) { Placed::Rest { total } } else { Placed::Changed })
}

/// What stands behind `bytes` in `Content-Range`.
fn content_range(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(CONTENT_RANGE)?.to_str().ok()?.trim();
    let (unit, range) = text.split_once(' ')?;
    unit.eq_ignore_ascii_case("bytes").then_some(range.trim())
}

/// Whether an answer is of the version that a part is of, as far as it tells.
fn is_same(headers: &HeaderMap, rest: &Rest) -> bool {
    let name = if rest.validator.starts_with('"') { ETAG } else { LAST_MODIFIED };
    headers.get(name).is_none_or(|value| value.as_bytes() == rest.validator.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect()
    }

    fn rest() -> Rest {
        Rest { offset: 4, validator: "\"a\"".to_owned() }
    }

    fn placed(status: u16, pairs: &[(&'static str, &'static str)]) -> Option<Placed> {
        let status = StatusCode::from_u16(status).expect("a status");
        place(status, &headers(pairs), Some(&rest())).ok()
    }

    #[test]
    fn only_strong_validators_put_parts_together() {
        assert_eq!(validator(&headers(&[("etag", "\"a\"")])).as_deref(), Some("\"a\""));
        assert_eq!(validator(&headers(&[("etag", "W/\"a\"")])), None);
        assert_eq!(validator(&headers(&[("etag", "a")])), None);
        let (old, new) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:38 GMT");
        assert_eq!(validator(&headers(&[("last-modified", old), ("date", new)])).as_deref(), Some(old));
        assert_eq!(validator(&headers(&[("last-modified", old), ("date", old)])), None);
        assert_eq!(validator(&headers(&[("last-modified", old)])), None);
        assert_eq!(validator(&headers(&[])), None);
    }

    #[test]
    fn a_part_must_be_the_one_that_was_asked_for() {
        assert_eq!(placed(206, &[("content-range", "bytes 4-9/10")]), Some(Placed::Rest { total: Some(10) }));
        assert_eq!(placed(206, &[("content-range", "Bytes 4-9/*")]), Some(Placed::Rest { total: None }));
        for wrong in ["bytes 0-9/10", "bytes 4-8/10", "bytes 4/10", "items 4-9/10", "bytes 4-9", "bytes */10"] {
            assert_eq!(placed(206, &[("content-range", wrong)]), None, "{wrong}");
        }
        assert_eq!(placed(206, &[]), None);
        assert_eq!(place(StatusCode::PARTIAL_CONTENT, &headers(&[]), None).ok(), None);
    }

    #[test]
    fn a_body_that_changed_starts_over() {
        assert_eq!(placed(200, &[]), Some(Placed::Whole));
        assert_eq!(placed(206, &[("content-range", "bytes 4-9/10"), ("etag", "\"b\"")]), Some(Placed::Changed));
        assert_eq!(placed(416, &[("content-range", "bytes */4")]), Some(Placed::Complete));
        assert_eq!(placed(416, &[("content-range", "bytes */4"), ("etag", "\"b\"")]), Some(Placed::Changed));
        assert_eq!(placed(416, &[("content-range", "bytes */3")]), Some(Placed::Changed));
        assert_eq!(placed(416, &[]), Some(Placed::Changed));
    }
}
