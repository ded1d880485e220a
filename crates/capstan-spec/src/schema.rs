//! The JSON Schema of the specification, generated from the document types.
//!
//! It accepts the standard forms of every published version and drives completion in editors.
//! Spellings that are only understood (with a warning) are left out.

use schemars::{Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::{Map, Value};

use crate::document::Root;

/// The JSON Schema (draft 2020-12) of a capability file in any published version.
pub fn json_schema() -> Value {
    let generator = SchemaGenerator::new(SchemaSettings::draft2020_12());
    let mut schema = generator.into_root_schema_for::<Root>();
    schema.insert("title".to_owned(), "Naftiko or Ikanos capability".into());
    schema.to_value()
}

/// A record: these properties and no others but extensions that begin with `x-`.
pub(crate) fn record(properties: Map<String, Value>, doc: &str) -> Schema {
    json_schema!({
        "type": "object",
        "description": prose(doc),
        "properties": properties,
        "patternProperties": { "^x-": true },
        "additionalProperties": false
    })
}

/// The schema of a property with its own description, also where it is a reference.
pub(crate) fn described(mut schema: Schema, doc: &str) -> Value {
    schema.insert("description".to_owned(), prose(doc).into());
    schema.to_value()
}

/// The text of a doc comment.
pub(crate) fn prose(doc: &str) -> String {
    doc.lines().map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned()
}
