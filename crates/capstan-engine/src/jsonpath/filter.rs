//! Decides whether a filter holds for a node (RFC 9535, sections 2.3.5 and 2.4).

use std::borrow::Cow;
use std::cmp::Ordering;

use regex::{Regex, RegexBuilder};
use serde_json::{Map, Number, Value};

use super::query::{Comparison, Extent, Filter, FilterQuery, Match, Operand, Operator, Origin, Pattern};
use super::walk::{self, Place};

/// Bytes of a compiled regular expression; patterns may come from a document.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// Whether the condition holds with `place` as the current node.
pub(super) fn holds(condition: &Filter, place: Place<'_>) -> bool {
    match condition {
        Filter::Any(several) => several.iter().any(|one| holds(one, place)),
        Filter::All(several) => several.iter().all(|one| holds(one, place)),
        Filter::Not(inner) => !holds(inner, place),
        Filter::Exists(query) => first(query, place).is_some(),
        Filter::Compare(comparison) => compare(comparison, place),
        Filter::Match(matched) => matches(matched, place),
    }
}

fn first<'v>(query: &FilterQuery, place: Place<'v>) -> Option<&'v Value> {
    walk::first(&query.query, origin(query, place))
}

fn all<'v>(query: &FilterQuery, place: Place<'v>) -> Vec<&'v Value> {
    walk::all(&query.query, origin(query, place))
}

fn origin<'v>(query: &FilterQuery, place: Place<'v>) -> Place<'v> {
    match query.origin {
        Origin::Current => place,
        Origin::Root => place.to(place.root),
    }
}

fn compare(comparison: &Comparison, place: Place<'_>) -> bool {
    let left = value(&comparison.left, place);
    let right = value(&comparison.right, place);
    let (left, right) = (left.as_deref(), right.as_deref());
    match comparison.operator {
        Operator::Equal => both_equal(left, right),
        Operator::NotEqual => !both_equal(left, right),
        Operator::Less => less(left, right),
        Operator::LessOrEqual => less(left, right) || both_equal(left, right),
        Operator::Greater => less(right, left),
        Operator::GreaterOrEqual => less(right, left) || both_equal(left, right),
    }
}

/// The operand's value; `None` is the standard's "Nothing".
fn value<'v>(operand: &'v Operand, place: Place<'v>) -> Option<Cow<'v, Value>> {
    match operand {
        Operand::Literal(literal) => Some(Cow::Borrowed(literal)),
        Operand::Query(query) => first(query, place).map(Cow::Borrowed),
        Operand::Length(inner) => {
            let measured = value(inner, place)?;
            length(&measured).map(|length| Cow::Owned(Value::from(length)))
        }
        Operand::Count(query) => Some(Cow::Owned(Value::from(all(query, place).len()))),
        Operand::Value(query) => match all(query, place)[..] {
            [sole] => Some(Cow::Borrowed(sole)),
            _ => None,
        },
    }
}

/// Elements of an array, members of an object, characters of a string; nothing else has a length.
pub(super) fn length(value: &Value) -> Option<usize> {
    match value {
        Value::String(text) => Some(text.chars().count()),
        Value::Array(elements) => Some(elements.len()),
        Value::Object(members) => Some(members.len()),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Nothing equals nothing, and only that.
fn both_equal(left: Option<&Value>, right: Option<&Value>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => equal(left, right),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Equality by value: numbers by what they denote, objects whatever their order.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare_numbers(left, right) == Some(Ordering::Equal),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| equal(l, r))
        }
        (Value::Object(left), Value::Object(right)) => equal_members(left, right),
        _ => left == right,
    }
}

fn equal_members(left: &Map<String, Value>, right: &Map<String, Value>) -> bool {
    let has_equal = |(name, value)| right.get(name).is_some_and(|other| equal(value, other));
    left.len() == right.len() && left.iter().all(has_equal)
}

/// Only numbers and strings are ordered.
fn less(left: Option<&Value>, right: Option<&Value>) -> bool {
    match (left, right) {
        (Some(Value::Number(left)), Some(Value::Number(right))) => compare_numbers(left, right) == Some(Ordering::Less),
        (Some(Value::String(left)), Some(Value::String(right))) => left < right,
        _ => false,
    }
}

/// Integers exactly, anything else as doubles.
fn compare_numbers(left: &Number, right: &Number) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (left.as_i64(), right.as_i64()) {
        return Some(left.cmp(&right));
    }
    if let (Some(left), Some(right)) = (left.as_u64(), right.as_u64()) {
        return Some(left.cmp(&right));
    }
    left.as_f64()?.partial_cmp(&right.as_f64()?)
}

fn matches(matched: &Match, place: Place<'_>) -> bool {
    let text = value(&matched.text, place);
    let Some(text) = text.as_deref().and_then(Value::as_str) else {
        return false;
    };
    match &matched.pattern {
        Pattern::Fixed(pattern) => pattern.as_ref().is_some_and(|it| it.is_match(text)),
        Pattern::Computed { operand, extent } => value(operand, place)
            .as_deref()
            .and_then(Value::as_str)
            .and_then(|pattern| compile_pattern(pattern, *extent))
            .is_some_and(|pattern| pattern.is_match(text)),
    }
}

/// Compiles an I-Regexp (RFC 9485). A text that is none, or too large a one, matches nothing, as
/// RFC 9535 has it in section 2.4.6.
pub(super) fn compile_pattern(pattern: &str, extent: Extent) -> Option<Regex> {
    let translated = translate(pattern);
    let anchored = match extent {
        Extent::Whole => format!("^(?:{translated})$"),
        Extent::Part => translated,
    };
    RegexBuilder::new(&anchored).size_limit(PATTERN_BYTES_MAX).build().ok()
}

/// An I-Regexp's `.` matches neither `\n` nor `\r`; the regex crate's matches `\r`.
fn translate(pattern: &str) -> String {
    let mut translated = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    let mut in_class = false;
    while let Some(next) = chars.next() {
        match next {
            '.' if !in_class => translated.push_str(r"[^\n\r]"),
            '\\' => translated.extend([next].into_iter().chain(chars.next())),
            _ => {
                in_class = (in_class || next == '[') && next != ']';
                translated.push(next);
            }
        }
    }
    translated
}
