//! Imports: a section entry that stands in another file.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::reader::{FromYaml, Reader, Text, record};
use crate::yaml::Node;

record! {
    /// An entry that is taken from another file (specification, "Import").
    pub struct Import is "an import" {
        /// The file, relative to the one that imports. Alpha versions wrote `location`.
        from: Option<Text> = "from" or "location";
        /// The namespace of the entry in that file.
        import: Option<Text> = "import";
        /// The namespace under which it is known here; absent, its own.
        alias: Option<Text> = "as";
        /// What it is for.
        description: Option<Text> = "description";
    }
}

/// An entry of a section, written here or imported.
#[derive(Clone, Debug)]
pub enum OrImport<T> {
    /// Written here.
    Inline(T),
    /// Taken from another file.
    Import(Import),
}

impl<T: FromYaml> FromYaml for OrImport<T> {
    fn read(node: &Node<'_>, cx: &mut Reader<'_>) -> Option<Self> {
        if node.get("import").is_some() || node.get("from").is_some() {
            return Import::read(node, cx).map(OrImport::Import);
        }
        T::read(node, cx).map(OrImport::Inline)
    }
}

impl<T: JsonSchema> JsonSchema for OrImport<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("{}OrImport", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [generator.subschema_for::<T>(), generator.subschema_for::<Import>()] })
    }
}
