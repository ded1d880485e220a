//! The list in an answer.

use serde_json::Value;

use crate::jsonpath::{JsonPath, Selected};
use crate::outcome::{Output, Outputs};

/// Finds the list of each page in the place where the first page had it.
#[derive(Debug, Default)]
pub(crate) struct Items {
    /// The member of the body that was the only list.
    member: Option<String>,
}

impl Items {
    /// The items of a page; `None` where it is not clear which list they are.
    pub(super) fn of(&mut self, declared: Option<&JsonPath>, outputs: &Outputs, body: &Value) -> Option<Vec<Value>> {
        match declared {
            Some(path) => found(path.select(body)),
            None => output(outputs).or_else(|| self.in_body(body)),
        }
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

fn found(selected: Selected<'_>) -> Option<Vec<Value>> {
    match selected {
        Selected::Node(Value::Array(items)) => Some(items.clone()),
        // `$.items[*]` says it as well.
        Selected::Nodes(nodes) => Some(nodes.into_iter().cloned().collect()),
        Selected::Nothing | Selected::Node(Value::Null) => Some(Vec::new()),
        Selected::Node(_) | Selected::Length(_) => None,
    }
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
