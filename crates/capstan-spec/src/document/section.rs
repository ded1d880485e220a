//! The sections `binds` and `consumes`: a list of entries; a map from namespaces is understood.

use std::borrow::Cow;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::binding::Binding;
use super::collection::agree;
use super::consumes::Consumes;
use super::import::{Import, OrImport};
use crate::diagnostic::{Code, Diagnostic};
use crate::reader::{Field, FromYaml, Reader, Record, Text};
use crate::source::Spanned;
use crate::yaml::{Kind, Node};

/// The entries of a section, written in the file or imported.
#[derive(Clone, Debug)]
pub struct Section<T> {
    /// The entries, in the order written.
    pub entries: Vec<OrImport<T>>,
}

impl<T> Default for Section<T> {
    fn default() -> Self {
        Section { entries: Vec::new() }
    }
}

/// A record that says its own namespace.
pub(crate) trait Namespaced: Record + FromYaml {
    /// Where the namespace is kept.
    fn namespace(&mut self) -> &mut Option<Text>;
}

impl Namespaced for Consumes {
    fn namespace(&mut self) -> &mut Option<Text> {
        &mut self.namespace
    }
}

impl Namespaced for Binding {
    fn namespace(&mut self) -> &mut Option<Text> {
        &mut self.namespace
    }
}

impl<T: Namespaced> Field for Section<T> {
    fn read_field(node: &Node<'_>, cx: &mut Reader<'_>) -> Self {
        let entries = if is_map::<T>(node) { map(node, cx) } else { Vec::read_field(node, cx) };
        Section { entries }
    }
}

/// Whether a mapping leads from namespaces to records, and is no record itself.
fn is_map<T: Namespaced>(node: &Node<'_>) -> bool {
    let entries = node.as_mapping().unwrap_or(&[]);
    let is_key = |text: &str| T::has_key(text) || Import::has_key(text);
    !entries.is_empty()
        && entries.iter().all(|(key, value)| matches!(value.kind, Kind::Mapping(_)) && !is_key(&key.text))
}

fn map<T: Namespaced>(node: &Node<'_>, cx: &mut Reader<'_>) -> Vec<OrImport<T>> {
    let entries = node.as_mapping().unwrap_or(&[]);
    let (section, first) = (cx.key.unwrap_or("it"), entries.first().map_or("", |(key, _)| &key.text));
    cx.push(
        Diagnostic::new(Code::NonStandardForm, node.span, format!("`{section}` is a mapping from namespaces"))
            .help(format!("the standard form is a list: `{section}: [{{ namespace: {first}, … }}]`")),
    );
    let names = entries.iter().map(|(key, value)| (Spanned::new(Arc::from(key.text.as_ref()), key.span), value));
    names.filter_map(|(name, value)| entry(name, value, cx)).collect()
}

/// An entry under its namespace; as in every map form, the key wins over a name inside.
fn entry<T: Namespaced>(name: Text, node: &Node<'_>, cx: &mut Reader<'_>) -> Option<OrImport<T>> {
    let mut entry: OrImport<T> = OrImport::read(node, cx)?;
    let namespace = match &mut entry {
        OrImport::Inline(record) => record.namespace(),
        OrImport::Import(import) => &mut import.alias,
    };
    agree(&name, namespace.as_ref(), cx);
    *namespace = Some(name);
    Some(entry)
}

impl<T: JsonSchema> JsonSchema for Section<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("{}Section", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Vec<OrImport<T>>>()
    }
}
