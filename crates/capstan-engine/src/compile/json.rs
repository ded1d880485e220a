//! JSON with slots: from data of the document, and from JSON written as one text.

use capstan_spec::diagnostic::{Code, Diagnostic};
use capstan_spec::document::{Data, DataKind};
use capstan_spec::placeholder::{self, Form, Piece};
use capstan_spec::source::Span;
use serde_json::Value;

use super::names::{Implied, Scope};
use crate::encode;
use crate::plan::{JsonNode, Part, Source, Template};

/// Compiles data. A text that is one placeholder stands for a value of any type.
pub(super) fn from_data(data: &Data, scope: &mut Scope<'_>, implied: &Implied<'_>) -> JsonNode {
    match &data.kind {
        DataKind::Null | DataKind::Bool(..) | DataKind::Number(..) => literal(&data.to_json()),
        DataKind::String(text) => from_text(text, data.span, scope, implied),
        DataKind::Array(items) => join_array(items.iter().map(|item| from_data(item, scope, implied)).collect()),
        DataKind::Object(entries) => {
            entries.iter().for_each(|(key, _)| fixed_text(&key.value, key.span, "a key of a body", scope));
            join_object(
                entries.iter().map(|(key, value)| (key_text(&key.value), from_data(value, scope, implied))).collect(),
            )
        }
    }
}

fn from_text(text: &str, span: Span, scope: &mut Scope<'_>, implied: &Implied<'_>) -> JsonNode {
    let template = scope.template(text, span, implied);
    if let Some(literal_text) = template.as_literal() {
        return literal(&Value::from(literal_text));
    }
    match template.as_slot() {
        Some(Part::Input(id)) => JsonNode::Value(Source::Input(*id)),
        _ => JsonNode::Text(template),
    }
}

fn literal(value: &Value) -> JsonNode {
    JsonNode::Literal(value.to_string().into())
}

/// A member's name as JSON text.
fn key_text(name: &str) -> Box<str> {
    let mut out = String::with_capacity(name.len() + 2);
    encode::json_string(&mut out, name);
    out.into()
}

/// A list; one without slots is one literal.
fn join_array(items: Vec<JsonNode>) -> JsonNode {
    let texts: Option<Vec<&str>> = items.iter().map(as_literal).collect();
    match texts {
        Some(texts) => JsonNode::Literal(format!("[{}]", texts.join(",")).into()),
        None => JsonNode::Array(items),
    }
}

/// A map; one without slots is one literal.
fn join_object(members: Vec<(Box<str>, JsonNode)>) -> JsonNode {
    let texts: Option<Vec<String>> =
        members.iter().map(|(key, node)| as_literal(node).map(|text| format!("{key}:{text}"))).collect();
    match texts {
        Some(texts) => JsonNode::Literal(format!("{{{}}}", texts.join(",")).into()),
        None => JsonNode::Object(members),
    }
}

fn as_literal(node: &JsonNode) -> Option<&str> {
    match node {
        JsonNode::Literal(text) => Some(text),
        JsonNode::Value(_) | JsonNode::Text(_) | JsonNode::Array(_) | JsonNode::Object(_) | JsonNode::Extended(..) => {
            None
        }
    }
}

/// Marks the beginning of a slot while the text around it is parsed as JSON. It cannot stand in
/// JSON text itself (RFC 8259, section 7).
const MARK: char = '\u{0}';

/// Compiles JSON that is written as one text. Between quotes a slot is an escaped string,
/// outside of them a value. `None` when the text around the slots is no JSON.
pub(super) fn from_json_text(text: &str, span: Span, scope: &mut Scope<'_>, implied: &Implied<'_>) -> Option<JsonNode> {
    let mut slots = Vec::new();
    let marked = mark_slots(text, span, scope, implied, &mut slots);
    let value: Value = serde_json::from_str(&marked).ok()?;
    if has_marked_key(&value) {
        misplaced(span, "a key of a body", scope);
    }
    Some(from_marked(&value, &slots))
}

/// Whether a slot stands in a key, where no value could be told from the document's own text.
fn has_marked_key(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(key, value)| key.contains(MARK) || has_marked_key(value)),
        Value::Array(items) => items.iter().any(has_marked_key),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Reports a placeholder in a text that no value can be part of.
pub(super) fn fixed_text(text: &str, span: Span, what: &str, scope: &mut Scope<'_>) {
    if placeholder::placeholders(text).any(|p| p.form == Form::Double) {
        misplaced(span, what, scope);
    }
}

fn misplaced(span: Span, what: &str, scope: &mut Scope<'_>) {
    scope.sink.push(
        Diagnostic::new(Code::BadBody, span, format!("a placeholder cannot stand in {what}"))
            .help("placeholders stand in values; write names out, or take the whole body from one parameter"),
    );
}

/// A slot of a JSON text.
struct Slot {
    part: Part,
    /// Whether it stands between quotes, where it is a text whatever its type.
    quoted: bool,
}

/// Writes the text with each slot as a JSON string, or part of one, that names it.
fn mark_slots(text: &str, span: Span, scope: &mut Scope<'_>, implied: &Implied<'_>, slots: &mut Vec<Slot>) -> String {
    let mut marked = String::with_capacity(text.len() + 32);
    let mut quotes = Quotes::default();
    for piece in placeholder::pieces(text) {
        match piece {
            Piece::Literal(literal) => {
                quotes.read(literal);
                marked.push_str(literal);
            }
            Piece::Placeholder(placeholder) => match scope.part(&placeholder, span, implied) {
                Part::Literal(literal) => {
                    quotes.read(&literal);
                    marked.push_str(&literal);
                }
                part => {
                    let name = format!("\\u0000{}\\u0000", slots.len());
                    marked.push_str(&if quotes.open { name } else { format!("\"{name}\"") });
                    let part = if quotes.inner { Part::Nested(Box::new(part)) } else { part };
                    slots.push(Slot { part, quoted: quotes.open });
                }
            },
        }
    }
    marked
}

/// Which quotes are open in JSON text: those of a string, and escaped ones inside it, as in a
/// GraphQL query or in JSON inside of JSON.
#[derive(Default)]
struct Quotes {
    open: bool,
    inner: bool,
}

impl Quotes {
    fn read(&mut self, text: &str) {
        let mut escaped = false;
        for c in text.chars() {
            match c {
                '"' if escaped => {
                    self.inner = !self.inner;
                    escaped = false;
                }
                _ if escaped => escaped = false,
                '\\' if self.open => escaped = true,
                '"' => {
                    self.open = !self.open;
                    self.inner = false;
                }
                _ => {}
            }
        }
    }
}

fn from_marked(value: &Value, slots: &[Slot]) -> JsonNode {
    match value {
        Value::String(text) if text.contains(MARK) => from_marked_text(text, slots),
        Value::Array(items) => join_array(items.iter().map(|i| from_marked(i, slots)).collect()),
        Value::Object(members) => {
            join_object(members.iter().map(|(k, v)| (key_text(&k.replace(MARK, "")), from_marked(v, slots))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => literal(value),
    }
}

fn from_marked_text(text: &str, slots: &[Slot]) -> JsonNode {
    let mut parts = Vec::new();
    let mut quoted = true;
    for (index, piece) in text.split(MARK).enumerate() {
        if index % 2 == 0 {
            if !piece.is_empty() {
                parts.push(Part::Literal(piece.into()));
            }
        } else if let Some(slot) = piece.parse::<usize>().ok().and_then(|i| slots.get(i)) {
            quoted &= slot.quoted;
            parts.push(slot.part.clone());
        }
    }
    match parts.as_slice() {
        [Part::Input(id)] if !quoted => JsonNode::Value(Source::Input(*id)),
        _ => JsonNode::Text(Template { parts }),
    }
}
