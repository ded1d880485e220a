//! What to ask for after a page. Pure: takes what came, gives what comes.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher, RandomState};

use http::HeaderMap;
use serde_json::{Map, Value};
use url::Url;

use super::items::Shown;
use super::{Doubt, Items, Resume, doubt, link};
use crate::jsonpath::{JsonPath, Selected};
use crate::outcome::Outputs;
use crate::plan::{Advance, Operation, Pagination};
use crate::value::as_text;

/// What a page was.
pub(crate) struct Seen<'s> {
    /// Its headers.
    pub(crate) headers: &'s HeaderMap,
    /// Its body, taken apart.
    pub(crate) body: &'s Value,
    /// Its outputs.
    pub(crate) outputs: &'s Outputs,
    /// The URL that gave it.
    pub(crate) url: &'s str,
    /// The URL that the operation renders, to whose origin all pages belong.
    pub(crate) home: &'s str,
    /// Whether its format writes a list of one as its element.
    pub(crate) lone_is_list: bool,
}

/// What follows from a page.
#[derive(Debug)]
pub(crate) struct Step<E> {
    /// Its items, where it is clear which they are.
    pub(crate) items: Option<Vec<Value>>,
    /// What the next page is asked with, `None` at the end; or why there is no way on from a page
    /// that is sound itself.
    pub(crate) next: Result<Option<Resume>, E>,
    /// What makes one ask whether this was the last page.
    pub(crate) doubt: Option<Doubt>,
}

/// Why a list cannot be followed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The same again, in words: it would never end.
    Circle(String),
    /// The next link leads to another origin.
    Astray(String),
    /// The answer does not tell what is needed, in words.
    Unclear(String),
    /// The page is sound and there is another, but nothing says which, in words.
    Nowhere(String),
}

/// What was seen so far.
#[derive(Debug, Default)]
pub(crate) struct Follower {
    items: Items,
    count: u64,
    hasher: RandomState,
    /// Hashes of the tokens and links so far.
    asked: HashSet<u64>,
    /// The hash of the items of the last page.
    last: Option<u64>,
}

impl Follower {
    /// Decides what comes after a page.
    ///
    /// # Errors
    /// The page itself is none: it is the one before again, or has no items that can be told.
    pub(crate) fn step(
        &mut self,
        pagination: &Pagination,
        operation: &Operation,
        params: &Map<String, Value>,
        seen: &Seen<'_>,
    ) -> Result<Step<Lost>, Lost> {
        let says_none = says_none(&pagination.advance, seen.body);
        let shown = Shown { outputs: seen.outputs, body: seen.body, lone_is_list: seen.lone_is_list, says_none };
        let items = self.items.of(pagination.items.as_ref(), &shown)?;
        let count = items.as_ref().map(|items| items.len() as u64);
        self.count += count.unwrap_or(0);
        let is_same = self.is_same(items.as_deref().unwrap_or_default());
        match self.next(&pagination.advance, operation, params, seen, items.as_deref()) {
            Err(lost @ Lost::Unclear(_)) => Err(lost),
            Err(lost @ Lost::Circle(_)) if is_same => Err(lost),
            Ok(Some(Resume::Parameter { name, .. })) if is_same && pagination.advance.counts() => {
                Err(Lost::Circle(format!("this page is the one before again: the API does not look at `{name}`")))
            }
            next => {
                let is_over = matches!(next, Ok(None));
                let doubt =
                    if is_over { doubt::of(pagination, operation, params, seen, items.as_deref()) } else { None };
                Ok(Step { items, next, doubt })
            }
        }
    }

    fn next(
        &mut self,
        advance: &Advance,
        operation: &Operation,
        params: &Map<String, Value>,
        seen: &Seen<'_>,
        items: Option<&[Value]>,
    ) -> Result<Option<Resume>, Lost> {
        let parameter = |value: Value, id: &crate::plan::InputId| {
            Some(Resume::Parameter { name: operation.inputs[id.index()].name.clone(), value })
        };
        let given = |id: &crate::plan::InputId| {
            let input = &operation.inputs[id.index()];
            params.get(&*input.name).or(input.default.as_ref()).and_then(whole_number)
        };
        Ok(match advance {
            Advance::Cursor { parameter: id, next, more } => {
                if says_no_more(more.as_ref(), seen.body) {
                    return Ok(None);
                }
                let token = next.iter().find_map(|path| scalar(path, seen.body));
                let Some(token) = token else { return no_token(next, more.as_ref()) };
                self.refuse_again(&as_text(&token), "token")?;
                parameter(token, id)
            }
            Advance::Offset { parameter: id, start, total, more } => {
                let items = needed(items)?;
                let at = given(id).unwrap_or(*start).saturating_add(items.len() as u64);
                let is_over = items.is_empty()
                    || says_no_more(more.as_ref(), seen.body)
                    || number(total.as_ref(), seen.body).is_some_and(|total| at.saturating_sub(*start) >= total);
                if is_over {
                    return Ok(None);
                }
                parameter(at.into(), id)
            }
            Advance::Page { parameter: id, start, pages, total, more } => {
                let items = needed(items)?;
                let at = given(id).unwrap_or(*start).saturating_add(1);
                let is_over = items.is_empty()
                    || says_no_more(more.as_ref(), seen.body)
                    || number(pages.as_ref(), seen.body).is_some_and(|pages| at.saturating_sub(*start) >= pages)
                    || number(total.as_ref(), seen.body).is_some_and(|total| self.count >= total);
                if is_over {
                    return Ok(None);
                }
                parameter(at.into(), id)
            }
            Advance::Link => match link::next(seen.headers) {
                Some(target) => Some(Resume::Url(self.target(&target, seen)?)),
                None => None,
            },
            Advance::NextLink { next } => match scalar(next, seen.body) {
                Some(target) => Some(Resume::Url(self.target(&as_text(&target), seen)?)),
                None => None,
            },
            Advance::Keyset { parameter: id, key, more } => {
                let items = needed(items)?;
                let Some(last) = items.last().filter(|_| !says_no_more(more.as_ref(), seen.body)) else {
                    return Ok(None);
                };
                let Some(value) = scalar(key, last) else {
                    return Err(Lost::Unclear(format!("the last item has nothing at `{key}`")));
                };
                self.refuse_again(&as_text(&value), "key")?;
                parameter(value, id)
            }
        })
    }

    /// Where a link leads, which must be the origin of the operation.
    fn target(&mut self, link: &str, seen: &Seen<'_>) -> Result<String, Lost> {
        let base = Url::parse(seen.url).map_err(|_| Lost::Unclear("the page has no URL".to_owned()))?;
        let home = Url::parse(seen.home).unwrap_or_else(|_| base.clone());
        let unclear = |_| Lost::Unclear(format!("the link to the next page, `{link}`, is no URL"));
        let target = base.join(link).map_err(unclear)?;
        let has_user = !target.username().is_empty() || target.password().is_some();
        if target.origin() != home.origin() || has_user {
            return Err(Lost::Astray(target.origin().ascii_serialization()));
        }
        self.refuse_again(target.as_str(), "link")?;
        Ok(target.into())
    }

    fn refuse_again(&mut self, text: &str, what: &str) -> Result<(), Lost> {
        if self.asked.insert(self.hasher.hash_one(text)) {
            return Ok(());
        }
        Err(Lost::Circle(format!("the {what} of this page was given before")))
    }

    /// Whether a page has the items of the one before.
    fn is_same(&mut self, items: &[Value]) -> bool {
        let mut hasher = self.hasher.build_hasher();
        items.iter().for_each(|item| hasher.write(item.to_string().as_bytes()));
        let hash = hasher.finish();
        self.last.replace(hash) == Some(hash) && !items.is_empty()
    }
}

/// The end of a list; but where the answer says that there is more, nothing leads there.
fn no_token(next: &[JsonPath], more: Option<&JsonPath>) -> Result<Option<Resume>, Lost> {
    let Some(more) = more else { return Ok(None) };
    let next: Vec<String> = next.iter().map(|path| format!("`{path}`")).collect();
    let next = next.join(", ");
    Err(Lost::Nowhere(format!("there is another page, says `{more}`, but the page has no token at {next}")))
}

/// Whether the answer says that the list is empty.
fn says_none(advance: &Advance, body: &Value) -> bool {
    let (Advance::Offset { total, .. } | Advance::Page { total, .. }) = advance else { return false };
    number(total.as_ref(), body) == Some(0)
}

fn needed(items: Option<&[Value]>) -> Result<&[Value], Lost> {
    items.ok_or_else(|| Lost::Unclear("it is not clear which list in the answer has the items".to_owned()))
}

/// A token: a text or a number. Nothing, null, false and the empty text are none.
fn scalar(path: &JsonPath, value: &Value) -> Option<Value> {
    let found = match path.select(value) {
        Selected::Node(node) => node,
        Selected::Nodes(nodes) => nodes.into_iter().next()?,
        Selected::Nothing | Selected::Length(_) => return None,
    };
    match found {
        Value::String(text) if text.is_empty() => None,
        Value::String(_) | Value::Number(_) => Some(found.clone()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Whether the answer says that this was the last page.
fn says_no_more(path: Option<&JsonPath>, body: &Value) -> bool {
    let found = path.and_then(|path| path.select(body).to_value());
    match found {
        Some(Value::Bool(more)) => !more,
        Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty() || text.eq_ignore_ascii_case("false"),
        Some(Value::Number(number)) => number.as_f64() == Some(0.0),
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(_)) => false,
        // Absent although declared: nothing says that there is more.
        None => path.is_some(),
    }
}

fn number(path: Option<&JsonPath>, body: &Value) -> Option<u64> {
    path?.select(body).to_value().as_ref().and_then(whole_number)
}

pub(super) fn whole_number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
