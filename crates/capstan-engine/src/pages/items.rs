//! The list in an answer.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{Lost, page};
use crate::decode::described;
use crate::jsonpath::{JsonPath, Selected};
use crate::outcome::{Output, Outputs};

/// Finds the list of each page in the place where the first page had it.
#[derive(Debug, Default)]
pub(crate) struct Items {
    /// The member of the body that was the only list.
    member: Option<String>,
    /// The members of the pages in which the declared list was found.
    known: Option<HashSet<String>>,
}

/// A page, as far as the list in it is concerned.
pub(super) struct Shown<'s> {
    pub(super) outputs: &'s Outputs,
    pub(super) body: &'s Value,
    /// Whether the format writes a list of one as its element, and cannot write an empty one.
    pub(super) lone_is_list: bool,
    /// Whether the answer says that the list has no items at all.
    pub(super) says_none: bool,
}

impl Items {
    /// The items of a page; `None` where it is not clear which list they are.
    ///
    /// # Errors
    /// The list is declared, and is not there.
    pub(super) fn of(&mut self, declared: Option<&JsonPath>, shown: &Shown<'_>) -> Result<Option<Vec<Value>>, Lost> {
        match declared {
            Some(path) => self.declared(path, shown).map(Some),
            None => Ok(output(shown.outputs).or_else(|| self.in_body(shown.body))),
        }
    }

    fn declared(&mut self, path: &JsonPath, shown: &Shown<'_>) -> Result<Vec<Value>, Lost> {
        let body = shown.body;
        let items = match path.select(body) {
            Selected::Node(Value::Array(items)) => items.clone(),
            Selected::Node(Value::Null) => Vec::new(),
            Selected::Node(element) if shown.lone_is_list => vec![element.clone()],
            Selected::Node(other) => return Err(no_list(path, described(other))),
            Selected::Length(_) => return Err(no_list(path, "a number")),
            // `$.items[*]` says it as well.
            Selected::Nodes(nodes) if !nodes.is_empty() => nodes.into_iter().cloned().collect(),
            Selected::Nodes(_) if path.looks_into_nothing(body) => Vec::new(),
            Selected::Nothing | Selected::Nodes(_) if self.may_leave_out(path, shown) => return Ok(Vec::new()),
            Selected::Nothing | Selected::Nodes(_) => return Err(missing(path, body)),
        };
        let known = self.known.get_or_insert_default();
        known.extend(body.as_object().into_iter().flat_map(Map::keys).cloned());
        Ok(items)
    }

    /// Whether a page without the list may be a page without items. Some APIs leave out what is
    /// empty; but a page that says something that no page before it said is another answer, and so
    /// is a first one that has a list elsewhere, or an error.
    fn may_leave_out(&self, path: &JsonPath, shown: &Shown<'_>) -> bool {
        let says_nothing = match shown.body {
            Value::Null => true,
            Value::Object(members) => match &self.known {
                Some(known) => members.keys().all(|name| known.contains(name)),
                None => !members.iter().any(|(name, value)| is_error(name, value) || has_list(value)),
            },
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => false,
        };
        says_nothing || shown.says_none || (shown.lone_is_list && path.has_parent(shown.body))
    }

    /// The body itself, or its only member that is a list.
    fn in_body(&mut self, body: &Value) -> Option<Vec<Value>> {
        let members = match body {
            Value::Array(items) => return Some(items.clone()),
            Value::Object(members) => members,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
        };
        if let Some(member) = &self.member {
            // An empty page may have null, or nothing, in the place of the list.
            return match members.get(member) {
                Some(Value::Array(items)) => Some(items.clone()),
                Some(Value::Null) | None => Some(Vec::new()),
                Some(_) => None,
            };
        }
        let mut lists = members.iter().filter(|(_, value)| value.is_array());
        let (name, list) = lists.next()?;
        if lists.next().is_some() {
            return None;
        }
        self.member = Some(name.clone());
        list.as_array().cloned()
    }
}

fn is_error(name: &str, value: &Value) -> bool {
    let words = ["error", "errors", "fault", "exception"];
    words.iter().any(|word| name.eq_ignore_ascii_case(word)) && !value.is_null()
}

fn has_list(value: &Value) -> bool {
    match value {
        Value::Array(_) => true,
        Value::Object(members) => members.values().any(has_list),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn missing(path: &JsonPath, body: &Value) -> Lost {
    Lost::Unclear(format!("`items: {path}` finds nothing on this page, which is {}", page::contents(body)))
}

fn no_list(path: &JsonPath, found: &str) -> Lost {
    Lost::Unclear(format!("`items: {path}` finds {found} on this page, and no list"))
}

/// The only output that is a list.
fn output(outputs: &Outputs) -> Option<Vec<Value>> {
    let Outputs::Named(named) = outputs else { return None };
    let mut lists = named.iter().filter_map(|(_, output)| match output {
        Output::Value(Value::Array(items)) | Output::Document { value: Value::Array(items), .. } => Some(items.clone()),
        Output::Raw(raw) if raw.get().starts_with('[') => output_list(output),
        Output::Raw(_) | Output::Value(_) | Output::Document { .. } | Output::Bytes(_) => None,
    });
    let list = lists.next()?;
    if lists.next().is_some() { None } else { Some(list) }
}

fn output_list(output: &Output) -> Option<Vec<Value>> {
    match output.to_value() {
        Value::Array(items) => Some(items),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => None,
    }
}
