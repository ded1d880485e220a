//! Whether the first page was really the last one: a path with a slip in it ends a list as silently
//! as its end does.

use http::header::LINK;
use serde_json::{Map, Value};

use super::follow::{Seen, whole_number};
use super::page;
use crate::jsonpath::{JsonPath, Selected};
use crate::plan::{Advance, Input, Operation, Pagination, folded};

/// Sizes that APIs give their pages when nobody asks for one.
const PAGE_SIZES: [u64; 10] = [10, 20, 25, 30, 50, 100, 200, 250, 500, 1000];

/// Parameters that say how many items a page has, folded.
const SIZE_PARAMETERS: [&str; 11] =
    ["limit", "perpage", "pagesize", "size", "count", "first", "top", "take", "rows", "max", "maxresults"];

/// What makes one ask whether a list has ended where it seems to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// In words.
    pub text: String,
    /// Whether there is probably more: the page is as full as pages are.
    pub is_likely: bool,
}

/// The doubt that a last page leaves, were it the first as well.
pub(super) fn of(
    pagination: &Pagination,
    operation: &Operation,
    params: &Map<String, Value>,
    seen: &Seen<'_>,
    items: Option<&[Value]>,
) -> Option<Doubt> {
    let count = items?.len() as u64;
    if count == 0 {
        return pagination.items.as_ref().and_then(|path| without_list(path, seen));
    }
    let found = |what: &str, paths: &[JsonPath]| {
        let paths: Vec<String> = paths.iter().map(|path| format!("`{path}`")).collect();
        format!("`{what}` finds nothing at {}: the answer is {}", paths.join(", "), page::contents(seen.body))
    };
    let why = match &pagination.advance {
        Advance::Cursor { more: Some(more), .. }
        | Advance::Offset { more: Some(more), .. }
        | Advance::Page { more: Some(more), .. }
        | Advance::Keyset { more: Some(more), .. } => {
            is_absent(more, seen.body).then(|| found("more", std::slice::from_ref(more)))
        }
        Advance::Cursor { next, more: None, .. } => {
            next.iter().all(|path| is_absent(path, seen.body)).then(|| found("next", next))
        }
        Advance::NextLink { next } => is_absent(next, seen.body).then(|| found("next", std::slice::from_ref(next))),
        Advance::Link => (!seen.headers.contains_key(LINK)).then(|| "the answer has no header `Link`".to_owned()),
        Advance::Offset { more: None, .. } | Advance::Page { more: None, .. } | Advance::Keyset { more: None, .. } => {
            None
        }
    };
    let text = why.map(|why| format!("the list ended with its first page, for {why}"))?;
    Some(Doubt { text, is_likely: PAGE_SIZES.contains(&count) || is_asked_for(operation, params, count) })
}

/// An API that leaves out an empty list gives the same answer as one whose list is elsewhere.
fn without_list(path: &JsonPath, seen: &Seen<'_>) -> Option<Doubt> {
    let body = seen.body;
    let has_members = body.as_object().is_some_and(|members| !members.is_empty());
    // In XML an element without elements is how an empty list is written.
    let is_empty_element = seen.lone_is_list && path.has_parent(body);
    (has_members && !is_empty_element && is_absent(path, body)).then(|| {
        let contents = page::contents(body);
        let text = format!("there are no items: `items` finds nothing at `{path}`, and the answer is {contents}");
        Doubt { text, is_likely: true }
    })
}

/// Whether nothing is there at all: null and the empty text are how an API says that it is the end.
fn is_absent(path: &JsonPath, body: &Value) -> bool {
    match path.select(body) {
        Selected::Nothing => true,
        Selected::Nodes(nodes) => nodes.is_empty(),
        Selected::Node(_) | Selected::Length(_) => false,
    }
}

/// Whether a parameter asks for pages of this size.
fn is_asked_for(operation: &Operation, params: &Map<String, Value>, size: u64) -> bool {
    let is_size = |input: &&Input| SIZE_PARAMETERS.contains(&folded(&input.name).as_str());
    let given = |input: &Input| params.get(&*input.name).or(input.default.as_ref()).and_then(whole_number);
    operation.inputs.iter().filter(is_size).any(|input| given(input) == Some(size))
}
