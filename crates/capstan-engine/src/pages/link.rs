//! The `Link` header (RFC 8288).

use http::HeaderMap;
use http::header::LINK;

/// The target of the first link of relation `next`.
pub(super) fn next(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(links).find(|link| link.is_next()).map(|link| link.target.to_owned())
}

struct Link<'v> {
    target: &'v str,
    parameters: &'v str,
}

impl Link<'_> {
    /// Whether `next` is among the relation types of the first `rel` (section 3.3).
    fn is_next(&self) -> bool {
        let mut parameters = split(self.parameters, ';').map(str::trim);
        let rel = parameters.find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("rel").then(|| value.trim().trim_matches('"'))
        });
        rel.is_some_and(|rel| rel.split_ascii_whitespace().any(|kind| kind.eq_ignore_ascii_case("next")))
    }
}

/// The links of a header; what is no link is passed over.
fn links(value: &str) -> impl Iterator<Item = Link<'_>> {
    split(value, ',').filter_map(|text| {
        let (target, parameters) = text.trim().strip_prefix('<')?.split_once('>')?;
        Some(Link { target: target.trim(), parameters })
    })
}

/// Splits at a mark that stands neither in quotes nor in angle brackets.
fn split(text: &str, mark: char) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut in_quotes, mut in_brackets, mut is_escaped) = (false, false, false);
        let at = text.find(|c: char| {
            let was_escaped = std::mem::take(&mut is_escaped);
            match c {
                _ if was_escaped => {}
                '\\' if in_quotes => is_escaped = true,
                '"' if !in_brackets => in_quotes = !in_quotes,
                '<' if !in_quotes => in_brackets = true,
                '>' if !in_quotes => in_brackets = false,
                _ => return c == mark && !in_quotes && !in_brackets,
            }
            false
        });
        match at {
            Some(at) => {
                rest = Some(&text[at + mark.len_utf8()..]);
                Some(&text[..at])
            }
            None => rest.take(),
        }
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn next_of(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        values.iter().for_each(|v| {
            headers.append(LINK, HeaderValue::from_str(v).expect("a header value"));
        });
        next(&headers)
    }

    #[test]
    fn the_next_link_is_found_among_others() {
        let github = "<https://a/r?page=1>; rel=\"prev\", <https://a/r?page=3>; rel=\"next\", <https://a/r?page=9>; rel=\"last\"";
        assert_eq!(next_of(&[github]).as_deref(), Some("https://a/r?page=3"));
        assert_eq!(next_of(&["</r?ids=1,2;3>;title=\"a, \\\" b\" ; REL=next"]).as_deref(), Some("/r?ids=1,2;3"));
        assert_eq!(next_of(&["<a>; rel=\"prev first\"", "<b>; rel=\"last next\""]).as_deref(), Some("b"));
        assert_eq!(next_of(&["<>; rel=next"]).as_deref(), Some(""));
    }

    #[test]
    fn what_is_no_next_link_is_none() {
        for value in ["", "<a>", "a; rel=next", "<a; rel=next", "<a>; rel=prev", "<a>; x=\"rel=next\"", "<a>; rel"] {
            assert_eq!(next_of(&[value]), None, "{value}");
        }
        // The first `rel` counts (section 3.3).
        assert_eq!(next_of(&["<a>; rel=prev; rel=next"]), None);
    }
}
