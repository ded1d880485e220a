//! Input parameters: what a caller gives, and where it goes.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::collection::Named;
use super::data::Data;
use super::output::Items;
use crate::reader::{FromYaml, Reader, Text, record, words};
use crate::source::Spanned;
use crate::yaml::{Kind, Node};

words! {
    /// Where a parameter travels (specification, "Input Parameter").
    pub enum ParameterPlace is "a place of a parameter" {
        /// In the query string.
        Query = "query" folk "queryString" folk "querystring" folk "params";
        /// In a header.
        Header = "header" folk "headers";
        /// In the path.
        Path = "path" folk "uri" folk "url";
        /// In the Cookie header.
        Cookie = "cookie";
        /// In the body.
        Body = "body" folk "json" folk "payload" folk "requestBody";
        /// In a form body; not standard, from OpenAPI 2.
        Form = "formData" or "form" folk "multipart";
        /// From the process environment.
        Environment = "environment" folk "env";
    }
}

words! {
    /// The type of a parameter or an output.
    pub enum ValueType is "a type" {
        /// A text.
        String = "string" folk "str" folk "text" folk "date" folk "datetime" folk "date-time" folk "uuid" folk "uri" folk "url" folk "email" folk "enum" folk "password" folk "byte" folk "time" folk "base64";
        /// A number.
        Number = "number" folk "float" folk "double" folk "decimal";
        /// A whole number.
        Integer = "integer" folk "int" folk "long" folk "int32" folk "int64" folk "timestamp";
        /// `true` or `false`.
        Boolean = "boolean" folk "bool";
        /// A list.
        Array = "array" folk "list" folk "string[]" folk "array[string]" folk "array<string>";
        /// A map.
        Object = "object" folk "map" folk "dict" folk "dictionary" folk "hash";
        /// Any JSON; not standard.
        Json = "json" folk "any" folk "mixed" folk "null";
        /// A file; not standard, from OpenAPI 2.
        File = "file" folk "binary" folk "blob";
    }
}

words! {
    /// How a list is written into one text; from OpenAPI, not standard here.
    pub enum ArrayStyle is "a style of arrays" {
        /// The name is repeated.
        Multi = "multi" folk "form" folk "explode" folk "repeat";
        /// Values are separated by commas.
        Csv = "csv" folk "comma" folk "simple";
        /// Values are separated by spaces.
        Ssv = "ssv" folk "space" folk "spaceDelimited";
        /// Values are separated by tabs.
        Tsv = "tsv";
        /// Values are separated by vertical bars.
        Pipes = "pipes" folk "pipe" folk "pipeDelimited";
        /// The name is repeated with `[]` behind it.
        Brackets = "brackets" folk "[]" folk "deepObject";
    }
}

/// `required`: whether the parameter is, or which of its properties are.
#[derive(Clone, Debug)]
pub enum Required {
    /// Whether the parameter is required.
    Flag(Spanned<bool>),
    /// The names of required properties.
    Properties(Vec<Text>),
}

impl FromYaml for Required {
    fn read(node: &Node<'_>, cx: &mut Reader<'_>) -> Option<Self> {
        if let Kind::Sequence(items) = &node.kind {
            return Some(Required::Properties(items.iter().filter_map(|i| Text::read(i, cx)).collect()));
        }
        Spanned::read(node, cx).map(Required::Flag)
    }
}

impl JsonSchema for Required {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Required".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "boolean" }, { "type": "array", "items": { "type": "string" } }] })
    }
}

record! {
    /// An input parameter, consumed or exposed (specification, "Input Parameter").
    pub struct InputParameter is "an input parameter" {
        /// Where it travels.
        place: Option<Spanned<ParameterPlace>> = "in";
        /// Its type; absent, a text.
        kind: Option<Spanned<ValueType>> = "type";
        /// What it means.
        description: Option<Text> = "description" folk "summary" folk "desc";
        /// Whether it must be given.
        required: Option<Required> = "required";
        /// A fixed value or a template for it.
        value: Option<Data> = "value";
        /// A template for the value.
        template: Option<Text> = "template";
        /// A fixed value.
        constant: Option<Data> = "const";
        /// The value when none is given.
        default: Option<Data> = "default";
        /// A regular expression that the value must match.
        pattern: Option<Text> = "pattern";
        /// The values allowed.
        one_of: Vec<Data> = "enum";
        /// The longest text allowed, in characters.
        max_length: Option<Spanned<u64>> = "maxLength";
        /// Digits in all.
        precision: Option<Spanned<u64>> = "precision";
        /// Digits behind the point.
        scale: Option<Spanned<u64>> = "scale";
        /// A path into the value; of the reference engine, without effect.
        selector: Option<Text> = "selector";
        /// The type of a list's elements.
        items: Option<Box<Items<InputParameter>>> = "items";
        /// The type of a map's values.
        values: Option<Box<InputParameter>> = "values";
        /// The properties of an object.
        properties: Named<InputParameter> = "properties";
        /// How a text is encoded.
        content_encoding: Option<Text> = "contentEncoding";
        /// How a text is compressed.
        content_compression: Option<Text> = "contentCompression";
        /// The media type of a text.
        content_media_type: Option<Text> = "contentMediaType" folk "contentType";
        /// How a list is written into the query; from OpenAPI, not standard.
        style: Option<Spanned<ArrayStyle>> = "style" folk "collectionFormat" folk "arrayFormat";
        /// Whether a list repeats the name; from OpenAPI, not standard.
        explode: Option<Spanned<bool>> = "explode";
        /// A path into the caller's arguments; written by some authors on exposed parameters.
        mapping: Option<Text> = "mapping";
        /// A format hint.
        format: Option<Text> = "format";
        /// Example values, for people.
        examples: Vec<Data> = "examples" folk "example";
        /// The smallest number allowed.
        minimum: Option<Spanned<f64>> = "minimum";
        /// The largest number allowed.
        maximum: Option<Spanned<f64>> = "maximum";
    }
}

impl InputParameter {
    /// Whether `required` says that it must be given; `None` when the author did not say.
    pub fn is_required(&self) -> Option<bool> {
        match &self.required {
            Some(Required::Flag(flag)) => Some(flag.value),
            Some(Required::Properties(_)) | None => None,
        }
    }
}
