//! The payload of a request.

use super::operation::Source;
use super::template::{InputId, Template};

/// How a payload is built.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// None.
    None,
    /// An input is the whole payload. An object is written as the content type says.
    Whole(InputId),
    /// An object that is built, in the encoding of the content type.
    Json(JsonNode),
    /// `application/x-www-form-urlencoded`.
    Form(Vec<FormField>),
    /// A form written as one text; values are encoded in their places.
    FormText(Template),
    /// `multipart/form-data` (RFC 7578).
    Multipart(Vec<MultipartPart>),
    /// A text; values are inserted as they are.
    Text(Template),
    /// XML; values are escaped.
    Xml(Template),
    /// SPARQL; values are escaped as in its string literals.
    Sparql(Template),
}

/// A field of a form. The name is encoded.
#[derive(Clone, Debug)]
pub(crate) struct FormField {
    pub(crate) name: Box<str>,
    pub(crate) value: Source,
}

/// A part of a multipart form.
#[derive(Clone, Debug)]
pub(crate) struct MultipartPart {
    pub(crate) name: Box<str>,
    pub(crate) value: Source,
    pub(crate) filename: Option<Template>,
    pub(crate) content_type: Option<Box<str>>,
}

/// A JSON value with slots in it.
#[derive(Clone, Debug)]
pub(crate) enum JsonNode {
    /// JSON text that stands for itself.
    Literal(Box<str>),
    /// A slot that stands for a value of any type.
    Value(Source),
    /// A text with slots in it, which is written as a JSON string.
    Text(Template),
    /// A list; an element whose slot is empty is left out.
    Array(Vec<JsonNode>),
    /// A map; a member whose slot is empty is left out. Names are written as JSON strings.
    Object(Vec<(Box<str>, JsonNode)>),
    /// A map that begins with the members of an input and goes on with these.
    Extended(InputId, Vec<(Box<str>, JsonNode)>),
}

impl Body {
    /// Whether an input is written into the payload.
    pub(crate) fn reads(&self, id: InputId) -> bool {
        match self {
            Body::None => false,
            Body::Whole(whole) => *whole == id,
            Body::Json(node) => node.reads(id),
            Body::Form(fields) => fields.iter().any(|field| field.value.reads(id)),
            Body::Multipart(parts) => parts.iter().any(|part| part.value.reads(id)),
            Body::FormText(text) | Body::Text(text) | Body::Xml(text) | Body::Sparql(text) => text.reads(id),
        }
    }
}

impl JsonNode {
    fn reads(&self, id: InputId) -> bool {
        match self {
            JsonNode::Literal(_) => false,
            JsonNode::Value(source) => source.reads(id),
            JsonNode::Text(template) => template.reads(id),
            JsonNode::Array(items) => items.iter().any(|item| item.reads(id)),
            JsonNode::Object(members) => members.iter().any(|(_, node)| node.reads(id)),
            JsonNode::Extended(base, members) => *base == id || members.iter().any(|(_, node)| node.reads(id)),
        }
    }
}

impl Source {
    fn reads(&self, id: InputId) -> bool {
        match self {
            Source::Input(input) => *input == id,
            Source::Template(template) => template.reads(id),
            Source::Json(node) => node.reads(id),
        }
    }
}
