//! The payload of a request.

use std::collections::HashSet;

use capstan_spec::document::ValueType;

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
    /// Whether it is declared as a file: then it has a name and a type also where it is a text.
    pub(crate) is_file: bool,
}

/// The encodings that a content type asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Json,
    Form,
    Multipart,
    Other,
}

impl Encoding {
    /// The encoding of a content type.
    pub(crate) fn of(content_type: &str) -> Self {
        match content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase().as_str() {
            "application/x-www-form-urlencoded" => Encoding::Form,
            "multipart/form-data" => Encoding::Multipart,
            t if t.ends_with("json") || t.ends_with("ndjson") => Encoding::Json,
            _ => Encoding::Other,
        }
    }
}

impl JsonNode {
    /// The input that it is.
    pub(crate) fn as_input(&self) -> Option<InputId> {
        match self {
            JsonNode::Value(source) => source.as_input(),
            JsonNode::Literal(_)
            | JsonNode::Text(_)
            | JsonNode::Array(_)
            | JsonNode::Object(_)
            | JsonNode::Extended(..) => None,
        }
    }
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
    /// Whether an input may be a file whose bytes are sent as they are: a part of a multipart form,
    /// or a whole payload of another type than JSON and forms. `content_type` is the one that is
    /// declared.
    pub(crate) fn takes_file(&self, input: InputId, kind: ValueType, content_type: Option<&str>) -> bool {
        let encoding = content_type.map(Encoding::of);
        match self {
            Body::Multipart(parts) => parts.iter().any(|part| part.value.as_input() == Some(input)),
            Body::Whole(id) => *id == input && encoding.map_or(kind == ValueType::File, |e| e == Encoding::Other),
            Body::Json(JsonNode::Object(members)) if encoding == Some(Encoding::Multipart) => {
                members.iter().any(|(_, node)| node.as_input() == Some(input))
            }
            Body::None
            | Body::Json(_)
            | Body::Form(_)
            | Body::FormText(_)
            | Body::Text(_)
            | Body::Xml(_)
            | Body::Sparql(_) => false,
        }
    }

    /// The inputs that are written into the payload; `None` when an expression may read any.
    pub(crate) fn inputs(&self) -> Option<HashSet<InputId>> {
        let mut found = Inputs::default();
        match self {
            Body::None => {}
            Body::Whole(id) => found.add(*id),
            Body::Json(node) => found.node(node),
            Body::Form(fields) => fields.iter().for_each(|field| found.source(&field.value)),
            Body::Multipart(parts) => parts.iter().for_each(|part| found.source(&part.value)),
            Body::FormText(text) | Body::Text(text) | Body::Xml(text) | Body::Sparql(text) => found.template(text),
        }
        (!found.any).then_some(found.ids)
    }
}

/// The inputs found so far.
#[derive(Default)]
struct Inputs {
    ids: HashSet<InputId>,
    any: bool,
}

impl Inputs {
    fn add(&mut self, id: InputId) {
        self.ids.insert(id);
    }

    fn template(&mut self, template: &Template) {
        self.ids.extend(template.inputs());
        self.any |= template.has_expression();
    }

    fn source(&mut self, source: &Source) {
        match source {
            Source::Input(id) => self.add(*id),
            Source::Template(template) => self.template(template),
            Source::Json(node) => self.node(node),
        }
    }

    fn node(&mut self, node: &JsonNode) {
        match node {
            JsonNode::Literal(_) => {}
            JsonNode::Value(source) => self.source(source),
            JsonNode::Text(template) => self.template(template),
            JsonNode::Array(items) => items.iter().for_each(|item| self.node(item)),
            JsonNode::Object(members) => members.iter().for_each(|(_, node)| self.node(node)),
            JsonNode::Extended(base, members) => {
                self.add(*base);
                members.iter().for_each(|(_, node)| self.node(node));
            }
        }
    }
}
