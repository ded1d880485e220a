//! Values of parameters: text becomes the declared type, and what does not fit is said.

use capstan_spec::document::ValueType;
use serde_json::{Map, Value};

use crate::plan::{Input, Operation, Place};

/// What a caller gave, slot by slot; an empty slot is an optional input that is absent.
pub(crate) type Slots = Vec<Option<Value>>;

/// Turns what a caller gave into slots, or lists everything that does not fit.
///
/// Inputs of the base URI are not asked for where the caller replaces it.
pub(crate) fn admit(operation: &Operation, params: &Map<String, Value>, has_base: bool) -> Result<Slots, Vec<String>> {
    let mut violations = Vec::new();
    let mut slots: Slots = Vec::with_capacity(operation.inputs.len());
    for input in &operation.inputs {
        let is_needed = input.required && !(has_base && input.place == Place::BaseUri);
        slots.push(slot(input, is_needed, params, &mut violations));
    }
    let is_known =
        |name: &str| operation.inputs.iter().any(|input| *input.name == *name || input.alias.as_deref() == Some(name));
    let unknown_names = params.keys().filter(|name| !is_known(name));
    violations.extend(unknown_names.map(|name| unknown(operation, name)));
    if violations.is_empty() { Ok(slots) } else { Err(violations) }
}

fn slot(input: &Input, is_needed: bool, params: &Map<String, Value>, violations: &mut Vec<String>) -> Option<Value> {
    let given = params.get(&*input.name).or_else(|| params.get(input.alias.as_deref()?));
    let given = given.or(input.default.as_ref()).filter(|v| !v.is_null() || input.place == Place::Body);
    let Some(given) = given else {
        if is_needed {
            violations.push(missing(input));
        }
        return None;
    };
    match coerce(given, input.kind, input.item_kind) {
        Ok(value) => {
            violations.extend(check(input, &value).into_iter().map(|why| format!("`{}` {why}", input.name)));
            Some(value)
        }
        Err(expected) => {
            violations.push(format!("`{}` is {expected}, not {}", input.name, shown(given)));
            None
        }
    }
}

fn missing(input: &Input) -> String {
    let kind = described_kind(input.kind);
    match &input.description {
        Some(description) => format!("`{}` is required ({}, {kind}): {}", input.name, input.place, brief(description)),
        None => format!("`{}` is required ({}, {kind})", input.name, input.place),
    }
}

/// The first line of a description, cut where it is long.
pub(crate) fn brief(text: &str) -> String {
    const LENGTH: usize = 100;
    let line = text.trim().lines().next().unwrap_or("").trim_end_matches('.');
    match line.char_indices().nth(LENGTH) {
        Some((at, _)) => format!("{}…", line[..at].trim_end()),
        None => line.to_owned(),
    }
}

fn unknown(operation: &Operation, name: &str) -> String {
    if let Some(fixed) = operation.fixed.iter().find(|f| *f.name == *name) {
        return format!("`{name}` has a fixed value in the capability ({}); it is not a parameter", fixed.place);
    }
    match capstan_spec::nearest(name, operation.inputs.iter().map(|i| &*i.name)) {
        Some(near) => format!("`{name}` is not a parameter; did you mean `{near}`?"),
        None if operation.inputs.is_empty() => format!("`{name}` is not a parameter; the operation takes none"),
        None => {
            let names: Vec<String> = operation.inputs.iter().map(|i| format!("`{}`", i.name)).collect();
            format!("`{name}` is not a parameter; the parameters are {}", names.join(", "))
        }
    }
}

/// A type with its article.
pub(crate) fn described_kind(kind: ValueType) -> &'static str {
    match kind {
        ValueType::String => "text",
        ValueType::Number => "number",
        ValueType::Integer => "integer",
        ValueType::Boolean => "boolean",
        ValueType::Array => "list",
        ValueType::Object => "object",
        ValueType::Json => "any JSON",
        ValueType::File => "file",
    }
}

/// A value for a message, cut where it is long.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    format!("`{}`", brief(&text))
}

/// The value as the declared type; the error says what was expected.
pub(crate) fn coerce(value: &Value, kind: ValueType, items: Option<ValueType>) -> Result<Value, &'static str> {
    match kind {
        ValueType::String | ValueType::File => match value {
            Value::String(_) => Ok(value.clone()),
            Value::Number(_) | Value::Bool(_) => Ok(Value::String(value.to_string())),
            Value::Null | Value::Array(_) | Value::Object(_) => Err("a text"),
        },
        ValueType::Integer => integer(value).ok_or("an integer"),
        ValueType::Number => number(value).ok_or("a number"),
        ValueType::Boolean => boolean(value).ok_or("`true` or `false`"),
        ValueType::Array => array(value, items),
        ValueType::Object => object(value),
        ValueType::Json => Ok(json(value)),
    }
}

/// A value of any type; text that is written as a list or an object is one.
fn json(value: &Value) -> Value {
    match value {
        Value::String(text) if text.trim_start().starts_with(['{', '[']) => {
            serde_json::from_str(text).unwrap_or_else(|_| value.clone())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            value.clone()
        }
    }
}

fn integer(value: &Value) -> Option<Value> {
    match value {
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(value.clone()),
        Value::Number(number) => {
            let float = number.as_f64()?;
            // Beyond 2^53 a float no longer says which integer was meant.
            (float.fract() == 0.0 && float.abs() < 9e15).then(|| Value::from(float as i64))
        }
        Value::String(text) => {
            let text = text.trim();
            if let Some(whole) = whole_float(text) {
                return Some(whole);
            }
            let signed = text.parse::<i64>().map(Value::from);
            signed.or_else(|_| text.parse::<u64>().map(Value::from)).ok()
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A whole number that is written with a point: `1.0`.
fn whole_float(text: &str) -> Option<Value> {
    let (whole, rest) = text.split_once('.')?;
    let zeros = !rest.is_empty() && rest.bytes().all(|b| b == b'0');
    whole.parse::<i64>().ok().filter(|_| zeros).map(Value::from)
}

fn number(value: &Value) -> Option<Value> {
    match value {
        Value::Number(_) => Some(value.clone()),
        Value::String(text) => integer(value).or_else(|| {
            let float = text.trim().parse::<f64>().ok()?;
            serde_json::Number::from_f64(float).map(Value::Number)
        }),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn boolean(value: &Value) -> Option<Value> {
    match value {
        Value::Bool(_) => Some(value.clone()),
        Value::String(text) => text.trim().to_ascii_lowercase().parse::<bool>().ok().map(Value::Bool),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn array(value: &Value, items: Option<ValueType>) -> Result<Value, &'static str> {
    let list: Vec<Value> = match value {
        Value::Array(list) => list.clone(),
        Value::String(text) if text.trim_start().starts_with('[') => match serde_json::from_str(text) {
            Ok(Value::Array(list)) => list,
            Ok(_) | Err(_) => return Err("a list"),
        },
        Value::String(text) if text.is_empty() => Vec::new(),
        Value::String(text) => text.split(',').map(|t| Value::from(t.trim())).collect(),
        Value::Number(_) | Value::Bool(_) => vec![value.clone()],
        Value::Null | Value::Object(_) => return Err("a list"),
    };
    let Some(kind) = items else { return Ok(Value::Array(list)) };
    let coerced: Result<Vec<Value>, &str> = list.iter().map(|item| coerce(item, kind, None)).collect();
    coerced.map(Value::Array).map_err(|_| "a list whose elements have the declared type")
}

fn object(value: &Value) -> Result<Value, &'static str> {
    match value {
        // A list where an object is declared is what many APIs take: the document is loose.
        Value::Object(_) | Value::Array(_) => Ok(value.clone()),
        Value::String(text) => match serde_json::from_str(text) {
            Ok(parsed @ (Value::Object(_) | Value::Array(_))) => Ok(parsed),
            Ok(_) | Err(_) => Err("an object, as JSON"),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => Err("an object, as JSON"),
    }
}

/// Everything that a value of the right type breaks.
fn check(input: &Input, value: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    if input.place == Place::Path && as_text(value).is_empty() {
        broken.push("must not be empty: it is a part of the path".to_owned());
    }
    if !input.one_of.is_empty() && !elements(value).all(|v| input.one_of.iter().any(|o| is_equal(o, v))) {
        let choices: Vec<String> = input.one_of.iter().map(shown).collect();
        broken.push(format!("is one of {}, not {}", choices.join(", "), shown(value)));
    }
    if let Some(pattern) = input.pattern.as_ref().filter(|p| !elements(value).all(|v| p.is_match(&as_text(v)))) {
        broken.push(format!("must match `{}`", pattern.as_str()));
    }
    if let (Some(most), Value::String(text)) = (input.max_length, value) {
        let length = text.chars().count();
        if length as u64 > most {
            broken.push(format!("has {length} characters; {most} are allowed"));
        }
    }
    broken.extend(range(input, value));
    broken
}

fn range(input: &Input, value: &Value) -> Option<String> {
    let number = value.as_f64()?;
    if let Some(least) = input.minimum.filter(|least| number < *least) {
        return Some(format!("is at least {least}, not {number}"));
    }
    let most = input.maximum.filter(|most| number > *most)?;
    Some(format!("is at most {most}, not {number}"))
}

/// The elements of a list, or the value itself.
fn elements(value: &Value) -> std::slice::Iter<'_, Value> {
    match value {
        Value::Array(list) => list.iter(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            std::slice::from_ref(value).iter()
        }
    }
}

fn is_equal(a: &Value, b: &Value) -> bool {
    a == b || (!a.is_object() && !a.is_array() && as_text(a) == as_text(b))
}

/// A value as text: a string as it is, anything else as JSON.
pub(crate) fn as_text(value: &Value) -> std::borrow::Cow<'_, str> {
    match value {
        Value::String(text) => text.into(),
        Value::Null => "".into(),
        Value::Bool(true) => "true".into(),
        Value::Bool(false) => "false".into(),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string().into(),
    }
}
