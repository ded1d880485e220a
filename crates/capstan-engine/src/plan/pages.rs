//! How the pages of a list are followed.

use super::template::InputId;
use crate::jsonpath::JsonPath;

/// The pagination of an operation.
#[derive(Debug)]
pub(crate) struct Pagination {
    pub(crate) advance: Advance,
    /// The list in the answer; absent, the only one.
    pub(crate) items: Option<JsonPath>,
    /// Whether nobody declared it: the names of parameters and outputs gave it away.
    pub(crate) is_recognised: bool,
}

/// How the next page is asked for.
#[derive(Debug)]
pub(crate) enum Advance {
    /// By a token: the first of these paths that finds one.
    Cursor { parameter: InputId, next: Vec<JsonPath>, more: Option<JsonPath> },
    /// By the number of items to leave out.
    Offset { parameter: InputId, start: u64, total: Option<JsonPath>, more: Option<JsonPath> },
    /// By the number of the page.
    Page { parameter: InputId, start: u64, pages: Option<JsonPath>, total: Option<JsonPath>, more: Option<JsonPath> },
    /// By the `Link` header (RFC 8288).
    Link,
    /// By a link in the body.
    NextLink { next: JsonPath },
    /// By a value of the last item.
    Keyset { parameter: InputId, key: JsonPath, more: Option<JsonPath> },
}

impl Advance {
    /// The word of the specification's extension.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Advance::Cursor { .. } => "cursor",
            Advance::Offset { .. } => "offset",
            Advance::Page { .. } => "page",
            Advance::Link => "link",
            Advance::NextLink { .. } => "nextLink",
            Advance::Keyset { .. } => "keyset",
        }
    }

    /// The keys beside `type` and `parameter`, as a document has them.
    pub(crate) fn keys(&self) -> Vec<(&'static str, String)> {
        let path = |key, path: &Option<JsonPath>| Some((key, path.as_ref()?.to_string()));
        match self {
            Advance::Cursor { next, more, .. } => {
                let next = next.first().map(|next| ("next", next.to_string()));
                next.into_iter().chain(path("more", more)).collect()
            }
            Advance::Offset { start, total, more, .. } => {
                let start = (*start != 0).then(|| ("start", start.to_string()));
                start.into_iter().chain(path("total", total)).chain(path("more", more)).collect()
            }
            Advance::Page { start, pages, total, more, .. } => {
                let start = (*start != 1).then(|| ("start", start.to_string()));
                let paths = path("pages", pages).into_iter().chain(path("total", total)).chain(path("more", more));
                start.into_iter().chain(paths).collect()
            }
            Advance::Link => Vec::new(),
            Advance::NextLink { next } => vec![("next", next.to_string())],
            Advance::Keyset { key, more, .. } => {
                [("key", key.to_string())].into_iter().chain(path("more", more)).collect()
            }
        }
    }

    /// Whether pages are asked for by a number that we count.
    pub(crate) fn counts(&self) -> bool {
        matches!(self, Advance::Offset { .. } | Advance::Page { .. })
    }

    /// The parameter that asks for a page.
    pub(crate) fn parameter(&self) -> Option<InputId> {
        match self {
            Advance::Cursor { parameter, .. }
            | Advance::Offset { parameter, .. }
            | Advance::Page { parameter, .. }
            | Advance::Keyset { parameter, .. } => Some(*parameter),
            Advance::Link | Advance::NextLink { .. } => None,
        }
    }
}

/// A name without its case and its punctuation, to compare it with names that many APIs use.
pub(crate) fn folded(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
