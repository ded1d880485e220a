//! Payloads: every value is inserted by structure, never pasted.

use bytes::Bytes;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::{Misfit, PartText, Renderer, multipart};
use crate::encode;
use crate::plan::{Body, Encoding, FormField, InputId, JsonNode, Source, Template};
use crate::upstream::Payload;
use crate::value::as_text;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// Writes the payload of an operation, and sets its content type where nothing else does.
pub(super) fn write<'a>(renderer: &mut Renderer<'a>, body: &'a Body) -> Option<Payload> {
    match body {
        Body::Multipart(parts) => multipart::write(renderer, parts),
        Body::Whole(id) if !renderer.attachments(*id).is_empty() => whole_file(renderer, *id),
        Body::Json(JsonNode::Object(members)) if declared(renderer) == Some(Encoding::Multipart) => {
            multipart::from_members(renderer, members)
        }
        body => in_memory(renderer, body).map(Payload::from),
    }
}

/// A file is the whole payload.
fn whole_file(renderer: &mut Renderer<'_>, id: InputId) -> Option<Payload> {
    let [attachment] = renderer.attachments(id) else {
        renderer.misfits.push(Misfit::Parameter("the body is one file, not several".to_owned()));
        return None;
    };
    if !renderer.has_header(&CONTENT_TYPE) {
        renderer.headers.push((CONTENT_TYPE, HeaderValue::from_static(attachment.media_type())));
    }
    Some(Payload::parts(vec![attachment.content.clone()]))
}

fn in_memory<'a>(renderer: &mut Renderer<'a>, body: &'a Body) -> Option<Bytes> {
    match body {
        Body::None | Body::Multipart(_) => None,
        Body::Whole(id) => whole(renderer, *id),
        Body::Json(node) => json(renderer, node),
        Body::Form(fields) => {
            let mut out = String::new();
            fields.iter().for_each(|field| form_field(renderer, &mut out, field));
            Some(typed(renderer, out, FORM))
        }
        Body::FormText(template) => text(renderer, template, encode::form, FORM),
        Body::Text(template) => text(renderer, template, String::push_str, TEXT),
        Body::Xml(template) => {
            let body = text(renderer, template, encode::xml, HeaderValue::from_static("application/xml"))?;
            // XML 1.0, section 2.2: these have no spelling at all.
            if body.iter().any(|b| *b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r')) {
                let why = "the XML body has a control character, which XML cannot carry";
                renderer.misfits.push(Misfit::Parameter(why.to_owned()));
            }
            Some(body)
        }
        Body::Sparql(template) => {
            text(renderer, template, encode::sparql, HeaderValue::from_static("application/sparql-query"))
        }
    }
}

/// Sets the content type unless it is set, and gives the payload.
fn typed(renderer: &mut Renderer<'_>, body: String, media_type: HeaderValue) -> Bytes {
    if !renderer.has_header(&CONTENT_TYPE) {
        renderer.headers.push((CONTENT_TYPE, media_type));
    }
    body.into()
}

fn text<'a>(
    renderer: &mut Renderer<'a>,
    template: &'a Template,
    encode: fn(&mut String, &str),
    media_type: HeaderValue,
) -> Option<Bytes> {
    let mut out = String::new();
    renderer.write(&mut out, template, encode);
    Some(typed(renderer, out, media_type))
}

fn declared(renderer: &Renderer<'_>) -> Option<Encoding> {
    let (_, value) = renderer.headers.iter().find(|(name, _)| *name == CONTENT_TYPE)?;
    Some(Encoding::of(&String::from_utf8_lossy(value.as_bytes())))
}

/// An input is the whole payload.
fn whole(renderer: &mut Renderer<'_>, id: InputId) -> Option<Bytes> {
    let slots = renderer.slots;
    let value = slots[id.index()].as_ref()?;
    if let Value::String(text) = value {
        return Some(whole_text(renderer, text));
    }
    object(renderer, value)
}

/// A text that is the whole payload: as it is, but a JSON string where JSON is declared and the
/// text is none.
fn whole_text(renderer: &mut Renderer<'_>, text: &str) -> Bytes {
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    match declared(renderer) {
        Some(Encoding::Json) if !is_json => {
            let mut out = String::with_capacity(text.len() + 2);
            encode::json_string(&mut out, text);
            out.into()
        }
        Some(_) => text.to_owned().into(),
        None => typed(renderer, text.to_owned(), if is_json { JSON } else { TEXT }),
    }
}

/// A value of structure, in the encoding of the content type.
fn object(renderer: &mut Renderer<'_>, value: &Value) -> Option<Bytes> {
    match declared(renderer) {
        Some(Encoding::Form) => {
            let mut out = String::new();
            fields(renderer, value).iter().for_each(|(name, value)| form_value(&mut out, name, value));
            Some(out.into())
        }
        Some(Encoding::Multipart) => {
            let fields = fields(renderer, value);
            multipart::from_fields(renderer, &fields)?.as_bytes().cloned()
        }
        Some(Encoding::Json | Encoding::Other) | None => Some(typed(renderer, value.to_string(), JSON)),
    }
}

/// The members of an object, as fields of a form.
fn fields(renderer: &mut Renderer<'_>, value: &Value) -> Vec<(String, Value)> {
    match value {
        Value::Object(members) => members.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            renderer.misfits.push(Misfit::Parameter("the payload is a form: give an object".to_owned()));
            Vec::new()
        }
    }
}

fn json<'a>(renderer: &mut Renderer<'a>, node: &'a JsonNode) -> Option<Bytes> {
    let mut out = String::with_capacity(128);
    if !renderer.node(&mut out, node) {
        return None;
    }
    if matches!(declared(renderer), Some(Encoding::Form | Encoding::Multipart)) {
        let value: Value = serde_json::from_str(&out).ok()?;
        return object(renderer, &value);
    }
    Some(typed(renderer, out, JSON))
}

fn pair_mark(out: &mut String) {
    if !out.is_empty() {
        out.push('&');
    }
}

fn form_field<'a>(renderer: &mut Renderer<'a>, out: &mut String, field: &'a FormField) {
    match &field.value {
        Source::Input(id) => {
            let slots = renderer.slots;
            if let Some(value) = &slots[id.index()] {
                form_encoded(out, &field.name, value);
            }
        }
        Source::Template(template) => {
            let from = out.len();
            pair_mark(out);
            out.push_str(&field.name);
            out.push('=');
            if !renderer.write_encoded(out, template, encode::form) {
                out.truncate(from);
            }
        }
        Source::Json(node) => {
            let mut text = String::new();
            if renderer.node(&mut text, node) {
                form_encoded(out, &field.name, &Value::String(text));
            }
        }
    }
}

fn form_value(out: &mut String, name: &str, value: &Value) {
    let mut encoded = String::new();
    encode::form(&mut encoded, name);
    form_encoded(out, &encoded, value);
}

/// Appends a field; a list repeats the name, an object is JSON, null is left out.
fn form_encoded(out: &mut String, name: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Array(items) => {
            items.iter().for_each(|item| form_encoded(out, name, &Value::String(as_text(item).into())))
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            pair_mark(out);
            out.push_str(name);
            out.push('=');
            encode::form(out, &as_text(value));
        }
    }
}

impl<'a> Renderer<'a> {
    /// Writes a JSON value; `false` when it is absent, and then nothing is written.
    pub(super) fn node(&mut self, out: &mut String, node: &'a JsonNode) -> bool {
        let from = out.len();
        let present = match node {
            JsonNode::Literal(text) => {
                out.push_str(text);
                true
            }
            JsonNode::Value(source) => self.json_value(out, source),
            JsonNode::Text(template) => self.json_text(out, template),
            JsonNode::Array(items) => {
                out.push('[');
                for item in items {
                    self.element(out, "", item);
                }
                out.push(']');
                true
            }
            JsonNode::Object(members) => {
                out.push('{');
                self.members(out, members);
                out.push('}');
                true
            }
            JsonNode::Extended(id, members) => self.extended(out, *id, members),
        };
        if !present {
            out.truncate(from);
        }
        present
    }

    fn members(&mut self, out: &mut String, members: &'a [(Box<str>, JsonNode)]) {
        for (key, node) in members {
            self.element(out, key, node);
        }
    }

    /// Writes an element or a member, with the comma that it needs.
    fn element(&mut self, out: &mut String, key: &str, node: &'a JsonNode) {
        let from = out.len();
        if !out.ends_with(['[', '{']) {
            out.push(',');
        }
        if !key.is_empty() {
            out.push_str(key);
            out.push(':');
        }
        if !self.node(out, node) {
            out.truncate(from);
        }
    }

    fn json_value(&mut self, out: &mut String, source: &'a Source) -> bool {
        match source {
            Source::Input(id) => {
                let slots = self.slots;
                let Some(value) = &slots[id.index()] else { return false };
                match value {
                    Value::String(text) => encode::json_string(out, text),
                    other => out.push_str(&other.to_string()),
                }
                true
            }
            Source::Template(template) => self.json_text(out, template),
            Source::Json(node) => self.node(out, node),
        }
    }

    fn json_text(&mut self, out: &mut String, template: &'a Template) -> bool {
        let mut present = true;
        out.push('"');
        for part in &template.parts {
            match self.text(part) {
                PartText::Literal(text) => encode::json_text(out, text),
                PartText::Value(value) => encode::json_text(out, &value),
                PartText::Mask(mask) => encode::json_text(out, &mask),
                PartText::Absent => present = false,
            }
        }
        out.push('"');
        present
    }

    /// An object that begins with the members of an input.
    fn extended(&mut self, out: &mut String, id: InputId, members: &'a [(Box<str>, JsonNode)]) -> bool {
        let slots = self.slots;
        let mut more = String::from("{");
        self.members(&mut more, members);
        let more = more.trim_start_matches('{').to_owned();
        match &slots[id.index()] {
            Some(Value::Object(base)) => {
                let text = Value::Object(base.clone()).to_string();
                out.push_str(text.strip_suffix('}').unwrap_or(&text));
                if !base.is_empty() && !more.is_empty() {
                    out.push(',');
                }
            }
            Some(other) if more.is_empty() => {
                out.push_str(&other.to_string());
                return true;
            }
            Some(_) => {
                let name = self.context.operation.inputs[id.index()].name.clone();
                let why = format!("`{name}` is an object where other parameters of the body are given too");
                self.misfits.push(Misfit::Parameter(why));
                return false;
            }
            None if more.is_empty() => return false,
            None => out.push('{'),
        }
        out.push_str(&more);
        out.push('}');
        true
    }
}
