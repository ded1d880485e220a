//! An answer becomes outputs. The reader is chosen from the plan: what is passed through whole is
//! checked and not taken apart, what is picked is picked in one pass, anything else is a tree.

use bytes::Bytes;
use capstan_spec::diagnostic::Code;
use capstan_spec::document::{RawFormat, ValueType};
use capstan_spec::source::Span;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::CallError;
use crate::jsonpath::Selected;
use crate::limits::PREVIEW_BYTES_MAX;
use crate::outcome::{Output, Outputs};
use crate::plan::{self, Decode, Shape};
use crate::value::{as_text, coerce};

/// What a person may want to know of the outputs, each with the output it is about.
#[derive(Default)]
pub(crate) struct Notices {
    at: Span,
    pub(crate) found: Vec<(Span, String)>,
}

impl Notices {
    fn push(&mut self, text: String) {
        self.found.push((self.at, text));
    }
}

/// Reads an answer for the outputs of an operation.
///
/// # Errors
/// The answer is not what was declared.
pub(crate) fn decode(
    plan: &plan::Outputs,
    headers: &HeaderMap,
    body: &Bytes,
    notices: &mut Notices,
) -> Result<Outputs, CallError> {
    if body.iter().all(u8::is_ascii_whitespace) && plan.format != RawFormat::Binary {
        return Ok(empty(plan));
    }
    match &plan.decode {
        Decode::Opaque => Ok(opaque(plan, body, notices)),
        Decode::Whole => {
            let raw = whole(headers, body)?;
            Ok(match plan.outputs.as_slice() {
                [] => Outputs::Body(Output::Raw(raw)),
                outputs => {
                    Outputs::Named(outputs.iter().map(|o| (o.name.to_string(), Output::Raw(raw.clone()))).collect())
                }
            })
        }
        Decode::Project(projection) => {
            let found = projection.read(strip_mark(body)).map_err(|error| unexpected(headers, body, &error))?;
            let mut found = found.into_iter();
            Ok(named(plan, notices, |output, notices| match &output.shape {
                Shape::Constant(value) => value.clone(),
                Shape::Path { path, kind, .. } => {
                    typed(found.next().flatten(), *kind, &output.name, &path.to_string(), notices)
                }
                Shape::Object { .. } | Shape::Array { .. } => Value::Null,
            }))
        }
        Decode::Tree => {
            let tree: Value = serde_json::from_slice(strip_mark(body)).map_err(|e| unexpected(headers, body, &e))?;
            Ok(named(plan, notices, |output, notices| extract(&output.shape, &tree, &output.name, notices)))
        }
    }
}

fn named(
    plan: &plan::Outputs,
    notices: &mut Notices,
    mut value: impl FnMut(&plan::Output, &mut Notices) -> Value,
) -> Outputs {
    let outputs = plan.outputs.iter().map(|output| {
        notices.at = output.span;
        (output.name.to_string(), Output::Value(value(output, notices)))
    });
    Outputs::Named(outputs.collect())
}

/// An answer without a body: every declared output is null.
fn empty(plan: &plan::Outputs) -> Outputs {
    if plan.outputs.is_empty() { Outputs::Empty } else { named(plan, &mut Notices::default(), |_, _| Value::Null) }
}

/// An answer in a format that is not taken apart: outputs of the whole get it as it is.
fn opaque(plan: &plan::Outputs, body: &Bytes, notices: &mut Notices) -> Outputs {
    if plan.outputs.is_empty() {
        return Outputs::Body(Output::Bytes(body.clone()));
    }
    let mut one = |output: &plan::Output| match &output.shape {
        Shape::Path { path, .. } if path.is_root() => Output::Bytes(body.clone()),
        Shape::Constant(value) => Output::Value(value.clone()),
        Shape::Path { .. } | Shape::Object { .. } | Shape::Array { .. } => {
            notices.push(format!("`{}` is null: answers in `{}` are not taken apart yet", output.name, plan.format));
            Output::Value(Value::Null)
        }
    };
    Outputs::Named(plan.outputs.iter().map(|output| (output.name.to_string(), one(output))).collect())
}

/// The body without a byte order mark, which RFC 8259 lets a reader ignore.
fn strip_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// Checks that a body is JSON, without building it. The surrounding white space is left behind.
fn whole(headers: &HeaderMap, body: &Bytes) -> Result<Box<RawValue>, CallError> {
    let raw = serde_json::from_slice::<&RawValue>(strip_mark(body));
    raw.map(ToOwned::to_owned).map_err(|error| unexpected(headers, body, &error))
}

fn unexpected(headers: &HeaderMap, body: &Bytes, error: &serde_json::Error) -> CallError {
    preview_error(headers, body, &error.to_string())
}

fn preview_error(headers: &HeaderMap, body: &Bytes, why: &str) -> CallError {
    let content_type = headers.get(CONTENT_TYPE).map_or("none".into(), |v| String::from_utf8_lossy(v.as_bytes()));
    let preview = String::from_utf8_lossy(&body[..body.len().min(PREVIEW_BYTES_MAX)]).into_owned();
    let more = if body.len() > PREVIEW_BYTES_MAX { "…" } else { "" };
    CallError::new(Code::UnexpectedContent, format!("the answer is not the JSON that was declared: {why}"))
        .detail(format!("content type: {content_type}"))
        .detail(format!("the answer begins: {}{more}", preview.trim()))
        .with_help("declare the format with `outputRawFormat`, or see the answer with `--format raw`")
}

/// What an output is, from the tree.
fn extract(shape: &Shape, tree: &Value, name: &str, notices: &mut Notices) -> Value {
    match shape {
        Shape::Constant(value) => value.clone(),
        Shape::Path { path, kind, max_length } => {
            let found = path.select(tree);
            let found = if found == Selected::Nothing { None } else { found.to_value() };
            let value = typed(found, *kind, name, &path.to_string(), notices);
            cut(value, *max_length)
        }
        Shape::Object { path, members } => {
            let Some(node) = within(path.as_ref(), tree, name, notices) else { return Value::Null };
            let members = members.iter().map(|(member, shape)| {
                (member.to_string(), extract(shape, &node, &format!("{name}.{member}"), notices))
            });
            Value::Object(members.collect())
        }
        Shape::Array { path, items } => {
            let Some(node) = within(Some(path), tree, name, notices) else { return Value::Null };
            match node.as_ref() {
                Value::Array(elements) => elements.iter().map(|e| extract(items, e, name, notices)).collect(),
                other => {
                    notices.push(format!("`{name}` is a list, but `{path}` found {}", described(other)));
                    Value::Null
                }
            }
        }
    }
}

/// What a path of an object or a list finds.
fn within<'t>(
    path: Option<&crate::jsonpath::JsonPath>,
    tree: &'t Value,
    name: &str,
    notices: &mut Notices,
) -> Option<std::borrow::Cow<'t, Value>> {
    let Some(path) = path else { return Some(std::borrow::Cow::Borrowed(tree)) };
    match path.select(tree) {
        Selected::Node(node) => Some(std::borrow::Cow::Borrowed(node)),
        Selected::Nothing => {
            notices.push(nothing(name, &path.to_string()));
            None
        }
        found @ (Selected::Nodes(_) | Selected::Length(_)) => found.to_value().map(std::borrow::Cow::Owned),
    }
}

fn nothing(name: &str, path: &str) -> String {
    format!("`{name}` is null: `{path}` found nothing in the answer")
}

/// A value as its declared type. What does not fit stays as it is, and is said.
fn typed(found: Option<Value>, kind: Option<ValueType>, name: &str, path: &str, notices: &mut Notices) -> Value {
    let Some(value) = found else {
        notices.push(nothing(name, path));
        return Value::Null;
    };
    let Some(kind) = kind.filter(|_| !value.is_null()) else { return value };
    let fits = match kind {
        ValueType::String | ValueType::Number | ValueType::Integer | ValueType::Boolean => {
            coerce(&value, kind, None).ok()
        }
        // A list where one is declared is not made of something else: a comma is no structure.
        ValueType::Array => value.is_array().then(|| value.clone()),
        ValueType::Object => value.is_object().then(|| value.clone()),
        ValueType::Json | ValueType::File => Some(value.clone()),
    };
    fits.unwrap_or_else(|| {
        notices.push(format!("`{name}` is declared as {kind}, but `{path}` found {}", described(&value)));
        value
    })
}

fn described(value: &Value) -> &'static str {
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
