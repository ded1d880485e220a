//! The payload of an operation, from `body` and from parameters in the body.

use std::sync::Arc;

use capstan_spec::Text;
use capstan_spec::diagnostic::{Code, Diagnostic};
use capstan_spec::document::{BodyKind, ConsumedOperation, Data, DataKind, RequestBody, TypedBody, ValueType};
use capstan_spec::source::Span;
use http::header;

use super::OperationSource;
use super::inputs::{self, Parts};
use super::json;
use super::names::{Implied, Scope};
use super::sparql;
use super::xml;
use crate::encode;
use crate::plan::{Body, FormField, HeaderParameter, InputId, JsonNode, MultipartPart, Part, Place, Source, Template};
use crate::upstream::Coding;

/// Compiles the payload. Parameters that become part of it are taken out of the rest.
pub(super) fn compile(source: &OperationSource<'_>, mut parts: Parts, scope: &mut Scope<'_>) -> (Body, Parts) {
    let in_body = std::mem::take(&mut parts.body);
    let in_form = std::mem::take(&mut parts.form);
    let given: Vec<InputId> = in_body.iter().filter_map(|(_, source)| inputs::sole_input(source)).collect();
    let body = match &source.operation.value.body {
        Some(RequestBody::Raw(text)) => raw(text, &mut parts, scope),
        Some(RequestBody::Typed(typed)) => self::typed(typed, in_body, &mut parts, scope),
        None if !in_form.is_empty() => form_parameters(in_form, in_body),
        None if is_form_of_a_file(&in_body, &parts, scope) => multipart_parameters(in_body, scope),
        None => body_parameters(in_body),
    };
    if source.operation.value.body.is_some() {
        let read = body.inputs();
        let unread = |id: &InputId| read.as_ref().is_some_and(|read| !read.contains(id));
        given.into_iter().filter(unread).for_each(|id| unreachable(id, scope));
    }
    (body, parts)
}

/// How the payload is compressed.
pub(super) fn compression(operation: &ConsumedOperation) -> Option<Coding> {
    match &operation.body {
        Some(RequestBody::Typed(typed)) => typed.compression.map(|compression| compression.value.into()),
        Some(RequestBody::Raw(_)) | None => None,
    }
}

/// Reports a parameter in the body that the body of the operation has no placeholder for.
fn unreachable(id: InputId, scope: &mut Scope<'_>) {
    let input = scope.input_mut(id);
    input.required = false;
    let (name, span) = (input.name.clone(), input.span);
    let message = format!("the `body` of the operation has no placeholder for `{name}`");
    scope.sink.push(
        Diagnostic::new(Code::UnreachableParameter, span, message)
            .help(format!("write `{{{{{name}}}}}` into the body, or remove one of the two")),
    );
}

/// Sets the content type, unless a parameter declares one.
fn content_type(parts: &mut Parts, media_type: &str) {
    if !parts.headers.iter().any(|h| h.name == header::CONTENT_TYPE) {
        let value = Source::Template(Template::literal(media_type));
        parts.headers.push(HeaderParameter { name: header::CONTENT_TYPE, value });
    }
}

/// The content type that the document fixes, in lower case.
fn declared_content_type(parts: &Parts) -> Option<String> {
    let header = parts.headers.iter().find(|h| h.name == header::CONTENT_TYPE)?;
    match &header.value {
        Source::Template(template) => template.as_literal().map(str::to_ascii_lowercase),
        Source::Input(_) | Source::Json(_) => None,
    }
}

/// A payload written as one text: JSON where it is JSON, else what its content type says.
fn raw(text: &Text, parts: &mut Parts, scope: &mut Scope<'_>) -> Body {
    let declared = declared_content_type(parts);
    let is_json = declared.as_deref().is_none_or(|d| d.contains("json"));
    if is_json {
        let implied = Implied::optional(Place::Body);
        if let Some(node) = json::from_json_text(&text.value, text.span, scope, &implied) {
            content_type(parts, "application/json");
            return Body::Json(node);
        }
        if declared.is_some() || text.value.trim_start().starts_with(['{', '[']) {
            let help = "mend the JSON, or declare another `Content-Type` in a header parameter";
            bad_body(text.span, "the body is written as JSON but is none", help, scope);
            return Body::None;
        }
    }
    let template = scope.template(&text.value, text.span, &Implied::required(Place::Body));
    match declared.as_deref() {
        Some(d) if d.contains("x-www-form-urlencoded") => Body::FormText(template),
        Some(d) if d.contains("xml") => {
            xml::check(&template, text.span, scope);
            Body::Xml(template)
        }
        None if text.value.trim_start().starts_with('<') => {
            content_type(parts, "application/xml");
            xml::check(&template, text.span, scope);
            Body::Xml(template)
        }
        Some(_) => Body::Text(template),
        None => {
            content_type(parts, "text/plain; charset=utf-8");
            Body::Text(template)
        }
    }
}

fn typed(typed: &TypedBody, in_body: Vec<(Arc<str>, Source)>, parts: &mut Parts, scope: &mut Scope<'_>) -> Body {
    let kind = typed.kind.map_or(BodyKind::Json, |k| k.value);
    if let Some(declared) = &typed.content_type {
        content_type(parts, &declared.value);
    }
    let Some(data) = typed.data.as_ref().filter(|d| d.kind != DataKind::Null) else {
        return without_data(kind, in_body, parts, scope);
    };
    match kind {
        BodyKind::Json => json_body(data, parts, scope),
        BodyKind::Text => text_body(data, parts, "text/plain; charset=utf-8", Body::Text, scope),
        BodyKind::Xml => {
            let body = text_body(data, parts, "application/xml", Body::Xml, scope);
            if let Body::Xml(template) = &body {
                xml::check(template, data.span, scope);
            }
            body
        }
        BodyKind::Sparql => {
            let text = data.as_text().unwrap_or_default();
            text_body(data, parts, sparql::media_type(&text), Body::Sparql, scope)
        }
        BodyKind::FormUrlEncoded => form_body(data, scope),
        BodyKind::MultipartForm => multipart_body(data, scope),
    }
}

/// `body: { type: json }` without data: the parameters in the body fill it.
fn without_data(kind: BodyKind, in_body: Vec<(Arc<str>, Source)>, parts: &mut Parts, scope: &mut Scope<'_>) -> Body {
    match kind {
        BodyKind::FormUrlEncoded => Body::Form(in_body.into_iter().map(form_field).collect()),
        BodyKind::MultipartForm => multipart_parameters(in_body, scope),
        BodyKind::Xml => {
            content_type(parts, "application/xml");
            body_parameters(in_body)
        }
        BodyKind::Sparql => {
            content_type(parts, "application/sparql-query");
            body_parameters(in_body)
        }
        BodyKind::Text => {
            content_type(parts, "text/plain; charset=utf-8");
            body_parameters(in_body)
        }
        BodyKind::Json => {
            content_type(parts, "application/json");
            body_parameters(in_body)
        }
    }
}

fn json_body(data: &Data, parts: &mut Parts, scope: &mut Scope<'_>) -> Body {
    content_type(parts, "application/json");
    let implied = Implied::optional(Place::Body);
    if let DataKind::String(text) = &data.kind {
        if let Some(node) = json::from_json_text(text, data.span, scope, &implied) {
            return match node {
                JsonNode::Value(Source::Input(id)) => Body::Whole(id),
                node => Body::Json(node),
            };
        }
        bad_body(data.span, "the text of a JSON body is not JSON", "write the data as YAML, or mend the JSON", scope);
    }
    Body::Json(json::from_data(data, scope, &implied))
}

fn text_body(
    data: &Data,
    parts: &mut Parts,
    media_type: &str,
    make: fn(Template) -> Body,
    scope: &mut Scope<'_>,
) -> Body {
    content_type(parts, media_type);
    let Some(text) = data.as_text() else {
        bad_body(data.span, "the data of this body is not a text", "write one text, or use `type: json`", scope);
        return Body::None;
    };
    make(scope.template(&text, data.span, &Implied::required(Place::Body)))
}

fn form_body(data: &Data, scope: &mut Scope<'_>) -> Body {
    match &data.kind {
        DataKind::Object(entries) => {
            let fields = entries.iter().map(|(name, value)| {
                json::fixed_text(&name.value, name.span, "the name of a field", scope);
                form_field((name.value.clone(), source(value, scope)))
            });
            Body::Form(fields.collect())
        }
        DataKind::String(text) => Body::FormText(scope.template(text, data.span, &Implied::required(Place::Form))),
        DataKind::Null | DataKind::Bool(..) | DataKind::Number(..) | DataKind::Array(_) => {
            bad_body(data.span, "the data of a form is not a mapping", "map each field to its value", scope);
            Body::None
        }
    }
}

fn form_field((name, value): (Arc<str>, Source)) -> FormField {
    let mut encoded = String::new();
    encode::form(&mut encoded, &name);
    FormField { name: encoded.into(), value }
}

/// A field's value: one placeholder is a value of any type, anything else a text or JSON.
fn source(data: &Data, scope: &mut Scope<'_>) -> Source {
    let implied = Implied::optional(Place::Form);
    match data.as_text() {
        Some(text) => {
            let template = scope.template(&text, data.span, &implied);
            match template.as_slot() {
                Some(Part::Input(id)) => Source::Input(*id),
                _ => Source::Template(template),
            }
        }
        None => Source::Json(Box::new(json::from_data(data, scope, &implied))),
    }
}

fn multipart_body(data: &Data, scope: &mut Scope<'_>) -> Body {
    match &data.kind {
        DataKind::Object(entries) => Body::Multipart(
            entries.iter().map(|(name, value)| multipart_part(&name.value, source(value, scope))).collect(),
        ),
        DataKind::Array(items) => {
            Body::Multipart(items.iter().filter_map(|item| multipart_item(item, scope)).collect())
        }
        DataKind::Null | DataKind::Bool(..) | DataKind::Number(..) | DataKind::String(_) => {
            let help = "list the parts: `- { name: …, value: … }`";
            bad_body(data.span, "the data of a multipart form is not a list of parts", help, scope);
            Body::None
        }
    }
}

fn multipart_part(name: &str, value: Source) -> MultipartPart {
    MultipartPart { name: name.into(), value, filename: None, content_type: None, is_file: false }
}

fn multipart_item(item: &Data, scope: &mut Scope<'_>) -> Option<MultipartPart> {
    let DataKind::Object(entries) = &item.kind else {
        bad_body(item.span, "a part of a multipart form is not a mapping", "write `{ name: …, value: … }`", scope);
        return None;
    };
    let get = |key: &str| entries.iter().find(|(k, _)| &*k.value == key).map(|(_, v)| v);
    let Some(name) = get("name").and_then(Data::as_text) else {
        bad_body(item.span, "a part of a multipart form has no `name`", "add `name:`", scope);
        return None;
    };
    for part in [get("name"), get("contentType")].into_iter().flatten() {
        let text = part.as_text().unwrap_or_default();
        json::fixed_text(&text, part.span, "the name or the type of a part", scope);
    }
    let value = get("value").map_or_else(|| Source::Template(Template::literal("")), |v| source(v, scope));
    let filename = get("filename").and_then(|f| {
        let implied = Implied::optional(Place::Form);
        f.as_text().map(|text| scope.template(&text, f.span, &implied))
    });
    let content_type = get("contentType").and_then(Data::as_text).map(|t| t.into_owned().into());
    Some(MultipartPart { name: name.into_owned().into(), value, filename, content_type, is_file: false })
}

/// Whether a single parameter in the body is the one part of a multipart form, and not the whole
/// payload: the content type is declared, and the parameter is a file.
fn is_form_of_a_file(in_body: &[(Arc<str>, Source)], parts: &Parts, scope: &mut Scope<'_>) -> bool {
    let is_multipart = declared_content_type(parts).is_some_and(|declared| declared.starts_with("multipart/form-data"));
    is_multipart && matches!(in_body, [(_, source)] if is_file(source, scope))
}

fn is_file(source: &Source, scope: &mut Scope<'_>) -> bool {
    inputs::sole_input(source).is_some_and(|id| scope.input_mut(id).kind == ValueType::File)
}

/// Parameters in the body as the parts of a multipart form.
fn multipart_parameters(in_body: Vec<(Arc<str>, Source)>, scope: &mut Scope<'_>) -> Body {
    let part = |(name, value): (Arc<str>, Source)| {
        let is_file = is_file(&value, scope);
        MultipartPart { is_file, ..multipart_part(&name, value) }
    };
    Body::Multipart(in_body.into_iter().map(part).collect())
}

fn bad_body(span: Span, message: &str, help: &str, scope: &mut Scope<'_>) {
    scope.sink.push(Diagnostic::new(Code::BadBody, span, message).help(help));
}

/// Parameters in the body: one named `body`, or the only one, is the whole payload; several are
/// the members of an object.
fn body_parameters(mut in_body: Vec<(Arc<str>, Source)>) -> Body {
    let whole = in_body.iter().position(|(name, _)| &**name == "body");
    let whole = whole.or((in_body.len() == 1).then_some(0));
    match whole {
        None if in_body.is_empty() => Body::None,
        None => Body::Json(object(in_body)),
        Some(index) => {
            let (_, source) = in_body.remove(index);
            match (inputs::sole_input(&source), in_body.is_empty()) {
                (Some(id), true) => Body::Whole(id),
                (Some(id), false) => Body::Json(JsonNode::Extended(id, members(in_body))),
                (None, _) => Body::Json(node(source)),
            }
        }
    }
}

fn object(in_body: Vec<(Arc<str>, Source)>) -> JsonNode {
    JsonNode::Object(members(in_body))
}

fn members(in_body: Vec<(Arc<str>, Source)>) -> Vec<(Box<str>, JsonNode)> {
    in_body
        .into_iter()
        .map(|(name, source)| {
            let mut key = String::new();
            encode::json_string(&mut key, &name);
            (key.into(), node(source))
        })
        .collect()
}

fn node(source: Source) -> JsonNode {
    match source {
        Source::Json(node) => *node,
        Source::Template(template) => match template.as_literal() {
            Some(text) => JsonNode::Literal(serde_json::Value::from(text).to_string().into()),
            None => JsonNode::Text(template),
        },
        source @ Source::Input(_) => JsonNode::Value(source),
    }
}

/// Parameters of a form: multipart where one is a file.
fn form_parameters(in_form: Vec<(Arc<str>, Source, ValueType)>, in_body: Vec<(Arc<str>, Source)>) -> Body {
    let has_file = in_form.iter().any(|(_, _, kind)| *kind == ValueType::File);
    let fields = in_form.into_iter().map(|(name, value, kind)| (name, value, kind == ValueType::File));
    let all = fields.chain(in_body.into_iter().map(|(name, value)| (name, value, false)));
    if !has_file {
        return Body::Form(all.map(|(name, value, _)| form_field((name, value))).collect());
    }
    let parts = all.map(|(name, value, is_file)| {
        let mut part = multipart_part(&name, value);
        part.is_file = is_file;
        part
    });
    Body::Multipart(parts.collect())
}
