//! What an output is, from the tree of an answer: its path, and its declared type.

use std::borrow::Cow;

use capstan_spec::document::ValueType;
use serde_json::Value;

use super::notices::Notices;
use super::reader::Reading;
use crate::jsonpath::{JsonPath, Selected};
use crate::plan::Shape;
use crate::value::{as_text, coerce};

/// How an output is taken, and who hears of what is odd.
pub(super) struct Extraction<'n> {
    pub(super) reading: Reading,
    pub(super) notices: &'n mut Notices,
}

impl Extraction<'_> {
    /// The value of an output.
    pub(super) fn extract(&mut self, shape: &Shape, tree: &Value, name: &str) -> Value {
        match shape {
            Shape::Constant(value) => value.clone(),
            Shape::Path { path, kind, max_length } => {
                let found = self.select(path, tree);
                let found = if found == Selected::Nothing { None } else { found.to_value() };
                cut(self.typed(found, *kind, name, &path.to_string()), *max_length)
            }
            Shape::Object { path, members } => {
                let Some(node) = self.within(path.as_ref(), tree, name) else { return Value::Null };
                let members = members.iter().map(|(member, shape)| {
                    (member.to_string(), self.extract(shape, &node, &format!("{name}.{member}")))
                });
                Value::Object(members.collect())
            }
            Shape::Array { path, items } => {
                let Some(node) = self.within(Some(path), tree, name) else { return Value::Null };
                match node.as_ref() {
                    Value::Array(elements) => elements.iter().map(|e| self.extract(items, e, name)).collect(),
                    Value::Null => Value::Null,
                    lone if self.reading.lone_is_list => Value::Array(vec![self.extract(items, lone, name)]),
                    other => {
                        let text = format!("`{name}` is a list, but `{path}` found {}", described(other));
                        self.notices.push(text);
                        Value::Null
                    }
                }
            }
            Shape::Map { path, values } => {
                let Some(node) = self.within(Some(path), tree, name) else { return Value::Null };
                match node.as_ref() {
                    Value::Object(entries) => {
                        let entries = entries.iter();
                        entries
                            .map(|(key, e)| (key.clone(), self.extract(values, e, &format!("{name}.{key}"))))
                            .collect()
                    }
                    Value::Null => Value::Null,
                    other => {
                        let text = format!("`{name}` is a map, but `{path}` found {}", described(other));
                        self.notices.push(text);
                        Value::Null
                    }
                }
            }
        }
    }

    fn select<'t>(&self, path: &JsonPath, tree: &'t Value) -> Selected<'t> {
        if self.reading.lone_is_list { path.select_lone(tree) } else { path.select(tree) }
    }

    /// What a path of an object, a list or a map finds.
    fn within<'t>(&mut self, path: Option<&JsonPath>, tree: &'t Value, name: &str) -> Option<Cow<'t, Value>> {
        let Some(path) = path else { return Some(Cow::Borrowed(tree)) };
        match self.select(path, tree) {
            Selected::Node(node) => Some(Cow::Borrowed(node)),
            Selected::Nothing => {
                self.notices.nothing(name, &path.to_string());
                None
            }
            found @ (Selected::Nodes(_) | Selected::Length(_)) => found.to_value().map(Cow::Owned),
        }
    }

    /// A value as its declared type. What does not fit stays as it is, and is said.
    pub(super) fn typed(&mut self, found: Option<Value>, kind: Option<ValueType>, name: &str, path: &str) -> Value {
        let Some(value) = found else {
            self.notices.nothing(name, path);
            return Value::Null;
        };
        let Some(kind) = kind.filter(|_| !value.is_null()) else { return value };
        let blank = value.as_str().is_some_and(|text| text.trim().is_empty());
        let fits = match kind {
            ValueType::Number | ValueType::Integer | ValueType::Boolean if blank && self.reading.blank_is_null => {
                return Value::Null;
            }
            ValueType::String | ValueType::Number | ValueType::Integer | ValueType::Boolean => {
                coerce(&value, kind, None).ok()
            }
            ValueType::Array if self.reading.lone_is_list && !value.is_array() => {
                return Value::Array(vec![value]);
            }
            // A list where one is declared is not made of something else: a comma is no structure.
            ValueType::Array => value.is_array().then(|| value.clone()),
            ValueType::Object => value.is_object().then(|| value.clone()),
            ValueType::Json | ValueType::File => Some(value.clone()),
        };
        fits.unwrap_or_else(|| {
            let text = format!("`{name}` is declared as {kind}, but `{path}` found {}", described(&value));
            self.notices.push(text);
            value
        })
    }
}

/// The kind of a value.
pub(crate) fn described(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Cuts a text at its declared length, in characters.
fn cut(value: Value, max_length: Option<usize>) -> Value {
    match (max_length, &value) {
        (Some(most), Value::String(_)) => as_text(&value).chars().take(most).collect::<String>().into(),
        _ => value,
    }
}
