//! The reader of a format: compiled at load, with the schema that it needs.

use std::fmt;

use capstan_spec::document::RawFormat;
use prost_reflect::MessageDescriptor;
use scraper::Selector;
use serde_json::Value;

use super::avro::Schema;
use super::malformed::Malformed;
use super::schema::{SchemaError, SchemaFolder};
use super::text::{Declared, text};
use super::{avro, delimited, html, json, markdown, protobuf, xml, yaml};

/// Reads answers in one format into trees.
pub struct Reader {
    format: RawFormat,
    form: Form,
}

enum Form {
    Json,
    Xml,
    Yaml,
    /// Values with this byte between them.
    Delimited(u8),
    Html(Option<Selector>),
    /// With the prefix of the headings that count.
    Markdown(Option<Box<str>>),
    Avro(Option<Schema>),
    Protobuf(MessageDescriptor),
    /// The text itself.
    Text,
}

impl Reader {
    /// The reader of JSON.
    pub(crate) fn json() -> Reader {
        Reader { format: RawFormat::Json, form: Form::Json }
    }

    /// The reader of a format, with what `outputSchema` says: a file for `avro` and `protobuf`, a
    /// selector for `html`, a prefix of headings for `markdown`. Files are read here and never again.
    ///
    /// # Errors
    /// The schema cannot be read, or is none.
    pub fn compile(format: RawFormat, schema: Option<&str>, folder: &SchemaFolder<'_>) -> Result<Reader, SchemaError> {
        let schema = schema.map(str::trim).filter(|schema| !schema.is_empty());
        let form = match format {
            RawFormat::Json => Form::Json,
            RawFormat::Xml => Form::Xml,
            RawFormat::Yaml => Form::Yaml,
            RawFormat::Csv => Form::Delimited(b','),
            RawFormat::Tsv => Form::Delimited(b'\t'),
            RawFormat::Psv => Form::Delimited(b'|'),
            RawFormat::Html => Form::Html(schema.map(selector).transpose()?),
            RawFormat::Markdown => Form::Markdown(schema.map(Into::into)),
            RawFormat::Avro => Form::Avro(schema.map(|schema| avro_schema(schema, folder)).transpose()?),
            RawFormat::Protobuf => Form::Protobuf(protobuf::compile(schema.ok_or_else(no_schema)?, folder)?),
            RawFormat::Text | RawFormat::Binary => Form::Text,
        };
        Ok(Reader { format, form })
    }

    /// Reads an answer; `content_type` is its media type, for the charset that it may name.
    ///
    /// # Errors
    /// The answer is not in the format, or larger or deeper than the limits.
    pub fn read(&self, body: &[u8], content_type: Option<&str>) -> Result<Value, Malformed> {
        let text = |declared| text(body, content_type, declared);
        match &self.form {
            Form::Json => json::read(body),
            Form::Xml => xml::read(&text(Declared::Xml)?),
            Form::Yaml => yaml::read(&text(Declared::Not)?),
            Form::Delimited(separator) => delimited::read(&text(Declared::Not)?, *separator),
            Form::Html(selector) => html::read(&text(Declared::Html)?, selector.as_ref()),
            Form::Markdown(prefix) => markdown::read(&text(Declared::Not)?, prefix.as_deref()),
            Form::Avro(schema) => avro::read(body, schema.as_ref()),
            Form::Protobuf(descriptor) => protobuf::read(body, descriptor),
            Form::Text => text(Declared::Not).map(|text| Value::String(text.into_owned())),
        }
    }

    /// How the outputs look at its trees.
    pub(super) fn reading(&self) -> Reading {
        match self.form {
            Form::Json | Form::Yaml | Form::Avro(_) | Form::Protobuf(_) => Reading::default(),
            Form::Xml => Reading { lone_is_list: true, blank_is_null: true },
            Form::Delimited(_) | Form::Html(_) | Form::Markdown(_) | Form::Text => {
                Reading { lone_is_list: false, blank_is_null: true }
            }
        }
    }

    /// Whether a list of one comes as its element, and an empty list not at all.
    pub(crate) fn lone_is_list(&self) -> bool {
        self.reading().lone_is_list
    }

    pub(crate) fn is_json(&self) -> bool {
        matches!(self.form, Form::Json)
    }
}

/// What a format cannot say, and a declared type can.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    /// A list of one is written as its element.
    pub(super) lone_is_list: bool,
    /// A number that is not there is written as an empty text.
    pub(super) blank_is_null: bool,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reader({})", self.format)
    }
}

fn selector(text: &str) -> Result<Selector, SchemaError> {
    html::selector(text).map_err(|why| {
        let help = "for `html`, `outputSchema` is a CSS selector of tables, or of what is around them: `#prices table`";
        SchemaError::new(format!("`{text}` is not a CSS selector: {why}"), help)
    })
}

fn avro_schema(location: &str, folder: &SchemaFolder<'_>) -> Result<Schema, SchemaError> {
    let path = folder.locate(location)?;
    let text = folder.required(&path)?;
    Schema::parse(&text).map_err(|why| {
        let help = "for `avro`, `outputSchema` is an Avro schema in JSON, usually a file `….avsc`";
        SchemaError::new(format!("the schema `{}` is not valid: {why}", path.display()), help)
    })
}

fn no_schema() -> SchemaError {
    let help = "name the file of the message: `outputSchema: ./schemas/order.proto`";
    SchemaError::new("answers in `protobuf` cannot be read without a schema", help)
}
