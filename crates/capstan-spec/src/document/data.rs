//! Free data: constants, request bodies, values of `with`.

use std::borrow::Cow;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::reader::{FromYaml, Reader, Text};
use crate::source::{Span, Spanned};
use crate::yaml::{self, Kind, Node};

/// A piece of data of any shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: DataKind,
}

/// What a piece of data is. Unquoted scalars follow the YAML 1.2 core schema.
#[derive(Clone, Debug, PartialEq)]
pub enum DataKind {
    /// Nothing.
    Null,
    /// A boolean, and its spelling: `True` is a boolean here and a text where text is wanted.
    Bool(bool, Arc<str>),
    /// A number, and its spelling: `0.10` is a number here and a text where text is wanted.
    Number(serde_json::Number, Arc<str>),
    /// A text, which may hold placeholders.
    String(Arc<str>),
    /// A list.
    Array(Vec<Data>),
    /// A map, in the order written.
    Object(Vec<(Text, Data)>),
}

impl Data {
    /// The scalar as spelled; `None` for null and for collections.
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        match &self.kind {
            DataKind::Bool(_, text) | DataKind::Number(_, text) | DataKind::String(text) => Some(Cow::Borrowed(text)),
            DataKind::Null | DataKind::Array(_) | DataKind::Object(_) => None,
        }
    }

    /// The same data as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.kind {
            DataKind::Null => serde_json::Value::Null,
            DataKind::Bool(value, _) => (*value).into(),
            DataKind::Number(number, _) => number.clone().into(),
            DataKind::String(text) => text.as_ref().into(),
            DataKind::Array(items) => items.iter().map(Data::to_json).collect(),
            DataKind::Object(entries) => {
                entries.iter().map(|(key, value)| (key.value.to_string(), value.to_json())).collect()
            }
        }
    }
}

impl FromYaml for Data {
    fn read(node: &Node<'_>, _: &mut Reader<'_>) -> Option<Self> {
        Some(data(node))
    }
}

fn data(node: &Node<'_>) -> Data {
    let kind = match &node.kind {
        Kind::Scalar { .. } if node.is_null() => DataKind::Null,
        Kind::Scalar { text, plain } => scalar(text, *plain),
        Kind::Sequence(items) => DataKind::Array(items.iter().map(data).collect()),
        Kind::Mapping(entries) => DataKind::Object(
            entries
                .iter()
                .map(|(key, value)| (Spanned::new(Arc::from(key.text.as_ref()), key.span), data(value)))
                .collect(),
        ),
    };
    Data { span: node.span, kind }
}

fn scalar(text: &str, plain: bool) -> DataKind {
    if plain {
        if let Some(value) = yaml::boolean(text) {
            return DataKind::Bool(value, text.into());
        }
        if let Some(number) = yaml::number(text) {
            return DataKind::Number(number, text.into());
        }
    }
    DataKind::String(text.into())
}

impl JsonSchema for Data {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Data".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({})
    }
}
