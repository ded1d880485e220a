//! Output parameters: what of an answer is kept, under which name and type.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::collection::Named;
use super::data::Data;
use super::parameter::{Required, ValueType};
use crate::reader::{Field, FromYaml, Reader, Record, Text, record};
use crate::source::Spanned;
use crate::yaml::{Kind, Node};

record! {
    /// An output parameter, consumed, mapped or orchestrated (specification, "Output Parameter").
    pub struct OutputParameter is "an output parameter" {
        /// Its type.
        kind: Option<Spanned<ValueType>> = "type";
        /// On the consumed side a JSONPath into the answer; elsewhere a static value.
        value: Option<Text> = "value";
        /// A JSONPath into the answer.
        mapping: Option<Text> = "mapping" folk "path" folk "jsonPath";
        /// A fixed value.
        constant: Option<Data> = "const";
        /// What it means.
        description: Option<Text> = "description";
        /// The properties of an object.
        properties: Named<OutputParameter> = "properties";
        /// The elements of a list.
        items: Option<Box<Items<OutputParameter>>> = "items";
        /// The values of a map.
        values: Option<Box<OutputParameter>> = "values";
        /// A path into the value; of the reference engine, without effect.
        selector: Option<Text> = "selector";
        /// Which properties are always there.
        required: Option<Required> = "required";
        /// The values allowed.
        one_of: Vec<Data> = "enum";
        /// The longest text kept, in characters.
        max_length: Option<Spanned<u64>> = "maxLength";
        /// Digits in all.
        precision: Option<Spanned<u64>> = "precision";
        /// Digits behind the point.
        scale: Option<Spanned<u64>> = "scale";
        /// How a text is encoded.
        content_encoding: Option<Text> = "contentEncoding";
        /// How a text is compressed.
        content_compression: Option<Text> = "contentCompression";
        /// The media type of a text.
        content_media_type: Option<Text> = "contentMediaType";
        /// Where the value lies; only `body` exists. Written by some authors, without effect.
        place: Option<Text> = "in";
    }
}

/// The elements of a list: one type for all, or (in orchestrated outputs) their named fields.
#[derive(Clone, Debug)]
pub enum Items<T> {
    /// Every element is of this type.
    One(T),
    /// Every element is an object with these fields.
    Fields(Named<T>),
}

impl<T: Record + FromYaml> FromYaml for Items<T> {
    fn read(node: &Node<'_>, cx: &mut Reader<'_>) -> Option<Self> {
        match &node.kind {
            // One element type has `type: word`; fields are a list, or a map from names to records.
            Kind::Mapping(entries) if is_one(node) || entries.is_empty() => T::read(node, cx).map(Items::One),
            Kind::Mapping(_) | Kind::Sequence(_) => Some(Items::Fields(Named::read_field(node, cx))),
            Kind::Scalar { text, .. } => {
                cx.non_standard(node.span, text, "items: { type: … }");
                let typed = Node {
                    span: node.span,
                    kind: Kind::Mapping(vec![(
                        crate::yaml::Key { text: Cow::Borrowed("type"), span: node.span },
                        node.clone(),
                    )]),
                };
                T::read(&typed, cx).map(Items::One)
            }
        }
    }
}

fn is_one(node: &Node<'_>) -> bool {
    ["type", "mapping", "value", "$ref"].iter().any(|k| node.get(k).is_some_and(|v| v.as_text().is_some()))
        || node.get("properties").is_some()
}

impl<T: Record + JsonSchema> JsonSchema for Items<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("{}Items", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [generator.subschema_for::<T>(), generator.subschema_for::<Named<T>>()] })
    }
}
