//! `body`: the payload of a consumed operation.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::data::Data;
use crate::diagnostic::{Code, Diagnostic};
use crate::nearest::nearest;
use crate::reader::{FromYaml, Reader, Record, Text, alike, record, words};
use crate::source::Spanned;
use crate::yaml::{Key, Kind, Node};

words! {
    /// How a body is written (specification, "Request Body").
    pub enum BodyKind is "a type of body" {
        /// JSON.
        Json = "json" folk "application/json" folk "object";
        /// Plain text.
        Text = "text" folk "text/plain" folk "raw" folk "string";
        /// XML.
        Xml = "xml" folk "application/xml";
        /// A SPARQL query.
        Sparql = "sparql";
        /// `application/x-www-form-urlencoded`.
        FormUrlEncoded = "formUrlEncoded" folk "form" folk "urlencoded" folk "application/x-www-form-urlencoded" folk "x-www-form-urlencoded";
        /// `multipart/form-data`.
        MultipartForm = "multipartForm" folk "multipart" folk "formData" folk "multipart/form-data";
    }
}

words! {
    /// How a body is compressed.
    pub enum Compression is "a compression" {
        /// gzip (RFC 1952).
        Gzip = "gzip" folk "gz";
        /// Zstandard (RFC 8878).
        Zstd = "zstd" folk "zstandard";
    }
}

record! {
    /// A body with a type (specification, "Request Body").
    pub struct TypedBody is "a body" {
        /// How it is written.
        kind: Option<Spanned<BodyKind>> = "type";
        /// What it holds; placeholders stand in its texts.
        data: Option<Data> = "data" folk "content" folk "template" folk "parts" folk "fields" folk "form";
        /// The media type, where it is not the one of the type; not standard.
        content_type: Option<Text> = "contentType";
        /// How it is compressed (`Content-Encoding`); not standard.
        compression: Option<Spanned<Compression>> = "compression";
    }
}

record! {
    /// A part of a multipart body (specification, "Request Body").
    pub struct MultipartPart is "a part of a multipart body" {
        /// The name of the field.
        name: Option<Text> = "name";
        /// What it holds; placeholders stand in its texts.
        value: Option<Data> = "value";
        /// The name of the file that it is.
        filename: Option<Text> = "filename";
        /// The media type.
        content_type: Option<Text> = "contentType";
    }
}

/// The payload of an operation.
#[derive(Clone, Debug)]
pub enum RequestBody {
    /// A text sent as it is, placeholders filled in.
    Raw(Text),
    /// A body with a type.
    Typed(TypedBody),
}

impl FromYaml for RequestBody {
    fn read(node: &Node<'_>, cx: &mut Reader<'_>) -> Option<Self> {
        match &node.kind {
            Kind::Scalar { .. } => Text::read(node, cx).map(RequestBody::Raw),
            Kind::Mapping(entries) if is_typed(node) => typed(node, entries, cx).map(RequestBody::Typed),
            Kind::Mapping(_) | Kind::Sequence(_) => {
                cx.push(
                    Diagnostic::new(Code::NonStandardForm, node.span, "a body without `type` and `data`")
                        .help("it is read as JSON; the standard form is `body: { type: json, data: … }`"),
                );
                let data = Data::read(node, cx);
                let kind = Some(Spanned::new(BodyKind::Json, node.span));
                Some(RequestBody::Typed(TypedBody {
                    span: node.span,
                    kind,
                    data,
                    content_type: None,
                    compression: None,
                }))
            }
        }
    }
}

type Entry<'s> = (Key<'s>, Node<'s>);

/// Reads a body with a type; without `data`, its other keys are the data.
fn typed(node: &Node<'_>, entries: &[Entry<'_>], cx: &mut Reader<'_>) -> Option<TypedBody> {
    let is_own = |key: &str| alike(key, "type") || alike(key, "contentType");
    let (own, rest): (Vec<Entry<'_>>, Vec<_>) = entries.iter().cloned().partition(|(key, _)| is_own(&key.text));
    if !are_data(&rest) {
        return TypedBody::read(node, cx);
    }
    let mut body = TypedBody::read(&Node { span: node.span, kind: Kind::Mapping(own) }, cx)?;
    let kind = body.kind.as_ref().map_or(BodyKind::Json, |kind| kind.value);
    if matches!(kind, BodyKind::Text | BodyKind::Xml | BodyKind::Sparql) {
        // These hold one text, so that the keys cannot be what is sent.
        return TypedBody::read(node, cx);
    }
    let span = rest.first().map_or(node.span, |(key, _)| key.span);
    let first = rest.first().map_or("", |(key, _)| &key.text);
    cx.push(
        Diagnostic::new(Code::NonStandardForm, span, "a body without `data`; its other keys are read as the data")
            .help(format!("the standard form is `body: {{ type: {kind}, data: {{ {first}: … }} }}`")),
    );
    body.data = Data::read(&Node { span, kind: Kind::Mapping(rest) }, cx);
    Some(body)
}

/// Whether the keys beside `type` are the data, and none of them holds it. Another word for
/// `data` counts only alone, else it is a field: `{ type: form, title: …, content: … }`.
fn are_data(rest: &[Entry<'_>]) -> bool {
    let holds = match rest {
        [(key, value)] => TypedBody::has_key(&key.text) || is_mistyped(&key.text, value),
        _ => rest.iter().any(|(key, _)| alike(&key.text, "data")),
    };
    !holds && !rest.iter().all(|(key, _)| key.text.starts_with("x-"))
}

/// Whether a lone key is `data` with a slip; a form's field would have a text.
fn is_mistyped(key: &str, value: &Node<'_>) -> bool {
    !matches!(value.kind, Kind::Scalar { .. }) && nearest(key, ["data"]).is_some()
}

/// Whether a mapping is the record of a typed body and not the JSON itself.
fn is_typed(node: &Node<'_>) -> bool {
    let kind = node.get("type").and_then(Node::as_text);
    let known = kind.is_some_and(|k| {
        let folded = crate::reader::fold(k);
        BodyKind::WORDS.iter().any(|w| crate::reader::fold(w) == folded)
            || matches!(
                folded.as_str(),
                "form" | "multipart" | "urlencoded" | "formdata" | "xwwwformurlencoded" | "raw"
            )
            || k.contains('/')
    });
    known || (node.get("data").is_some() && kind.is_some())
}

impl JsonSchema for RequestBody {
    fn schema_name() -> Cow<'static, str> {
        "RequestBody".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        // Data may be anything; the shape of parts is there for editors to complete.
        let part = generator.subschema_for::<MultipartPart>();
        let parts = json_schema!({ "properties": { "data": { "anyOf": [{ "type": "array", "items": part }, true] } } });
        json_schema!({
            "description": "The payload of an operation (specification, \"Request Body\").",
            "anyOf": [{ "type": "string" }, { "allOf": [generator.subschema_for::<TypedBody>(), parts] }]
        })
    }
}
