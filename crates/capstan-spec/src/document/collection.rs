//! Named collections, in both forms: a list of records with a name, and a map from the name.

use std::borrow::Cow;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::diagnostic::{Code, Diagnostic};
use crate::reader::{Field, FromYaml, Reader, Record, Text};
use crate::source::Spanned;
use crate::yaml::{Key, Kind, Node};

/// A record of a named collection.
#[derive(Clone, Debug)]
pub struct NamedItem<T> {
    /// The name; absent where a list form left it out.
    pub name: Option<Text>,
    /// The record.
    pub value: T,
}

/// A collection of named records, in the order written.
///
/// The specification has two forms: a list whose records carry the name (alpha), and a map
/// from the name to the record (beta). In the map form the key wins over a name inside.
#[derive(Clone, Debug)]
pub struct Named<T> {
    /// The records.
    pub items: Vec<NamedItem<T>>,
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Named { items: Vec::new() }
    }
}

impl<T> Named<T> {
    /// The records, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, NamedItem<T>> {
        self.items.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The first record of a name.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.items.iter().find(|i| i.name.as_ref().is_some_and(|n| &*n.value == name)).map(|i| &i.value)
    }
}

impl<'a, T> IntoIterator for &'a Named<T> {
    type Item = &'a NamedItem<T>;
    type IntoIter = std::slice::Iter<'a, NamedItem<T>>;
    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<T: Record> Field for Named<T> {
    fn read_field(node: &Node<'_>, cx: &mut Reader<'_>) -> Self {
        let items = match &node.kind {
            Kind::Scalar { .. } if node.is_null() => Vec::new(),
            Kind::Scalar { .. } => {
                cx.wrong_type(node, "a list of named records, or a mapping from names to records");
                Vec::new()
            }
            Kind::Sequence(nodes) => nodes.iter().filter_map(|n| list_item(n, cx)).collect(),
            Kind::Mapping(entries) => entries
                .iter()
                .filter_map(|(key, value)| {
                    let name = Spanned::new(Arc::from(key.text.as_ref()), key.span);
                    map_item(name, value, cx)
                })
                .collect(),
        };
        Named { items }
    }
}

fn list_item<T: Record>(node: &Node<'_>, cx: &mut Reader<'_>) -> Option<NamedItem<T>> {
    let (name, value) = T::read_record(node, true, cx)?;
    Some(NamedItem { name, value })
}

fn map_item<T: Record>(name: Text, node: &Node<'_>, cx: &mut Reader<'_>) -> Option<NamedItem<T>> {
    if node.is_null() {
        // `status:` with nothing behind it is a record with all its defaults.
        let empty = Node { span: node.span, kind: Kind::Mapping(Vec::new()) };
        return T::read_record(&empty, true, cx).map(|(_, value)| NamedItem { name: Some(name), value });
    }
    let (inner, value) = T::read_record(node, true, cx)?;
    agree(&name, inner.as_ref(), cx);
    Some(NamedItem { name: Some(name), value })
}

/// Reports a name inside a record that is another than the record's key.
pub(super) fn agree(name: &Text, inner: Option<&Text>, cx: &mut Reader<'_>) {
    if let Some(inner) = inner.filter(|inner| inner.value != name.value) {
        cx.push(
            Diagnostic::new(
                Code::NonStandardForm,
                inner.span,
                format!("the key says `{}`, the record inside says `{}`", name.value, inner.value),
            )
            .label(name.span, "the key counts")
            .help("remove the name inside"),
        );
    }
}

impl<T: Record + JsonSchema> JsonSchema for Named<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Named{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let record = generator.subschema_for::<T>();
        let open = named_record::<T>(generator);
        json_schema!({
            "anyOf": [
                { "type": "array", "items": open },
                { "type": "object", "additionalProperties": { "anyOf": [record, { "type": "null" }] } }
            ]
        })
    }
}

/// The record with its name inside, as the list form has it.
fn named_record<T: Record + JsonSchema>(generator: &mut SchemaGenerator) -> serde_json::Value {
    let mut record = T::json_schema(generator).to_value();
    let name = serde_json::json!({ "type": "string", "description": "The name." });
    let records = match record.get_mut("anyOf").and_then(|c| c.as_array_mut()) {
        Some(choices) => {
            for choice in choices {
                inline_with(choice, generator, T::NAME_KEY, &name);
            }
            return record;
        }
        None => &mut record,
    };
    if let Some(properties) = records.get_mut("properties").and_then(|p| p.as_object_mut()) {
        properties.insert(T::NAME_KEY.to_owned(), name);
    }
    record
}

/// Replaces a reference by the definition it leads to, with the name added.
fn inline_with(choice: &mut serde_json::Value, generator: &SchemaGenerator, key: &str, name: &serde_json::Value) {
    let target = choice.get("$ref").and_then(|r| r.as_str()).and_then(|r| r.rsplit('/').next());
    let Some(mut definition) = target.and_then(|t| generator.definitions().get(t)).cloned() else {
        return;
    };
    if let Some(properties) = definition.get_mut("properties").and_then(|p| p.as_object_mut()) {
        properties.insert(key.to_owned(), name.clone());
    }
    *choice = definition;
}

/// A map from names to texts, in the order written.
#[derive(Clone, Debug, Default)]
pub struct StringMap {
    /// The entries.
    pub entries: Vec<(Text, Text)>,
}

impl Field for StringMap {
    fn read_field(node: &Node<'_>, cx: &mut Reader<'_>) -> Self {
        let entries = match &node.kind {
            Kind::Mapping(entries) => texts(entries, cx),
            Kind::Sequence(items) => {
                let entries: Vec<_> = items.iter().flat_map(|item| pair(item, cx)).collect();
                report_list(node, &entries, cx);
                entries
            }
            Kind::Scalar { .. } => {
                if !node.is_null() {
                    cx.wrong_type(node, "a mapping from names to texts");
                }
                Vec::new()
            }
        };
        StringMap { entries }
    }
}

fn texts(entries: &[(Key<'_>, Node<'_>)], cx: &mut Reader<'_>) -> Vec<(Text, Text)> {
    let text = |(key, value): &(Key<'_>, Node<'_>)| {
        let value = Text::read(value, cx)?;
        Some((Spanned::new(Arc::from(key.text.as_ref()), key.span), value))
    };
    entries.iter().filter_map(text).collect()
}

/// An element of a list that stands for a map: `{ name: N, value: V }`, or `N: V`.
fn pair(item: &Node<'_>, cx: &mut Reader<'_>) -> Vec<(Text, Text)> {
    if let (Some(name), Some(value)) = (item.get("name"), item.get("value")) {
        return Text::read(name, cx).zip(Text::read(value, cx)).into_iter().collect();
    }
    match item.as_mapping() {
        Some(entries) => texts(entries, cx),
        None => {
            cx.wrong_type(item, "a name and its text");
            Vec::new()
        }
    }
}

fn report_list(node: &Node<'_>, entries: &[(Text, Text)], cx: &mut Reader<'_>) {
    let key = cx.key.unwrap_or("it");
    // Fixed headers are not standard in either form; the checks report them with the form that is.
    let Some((name, value)) = entries.first().filter(|_| key != "headers") else { return };
    cx.push(
        Diagnostic::new(Code::NonStandardForm, node.span, format!("`{key}` is a list; it is read as a mapping"))
            .help(format!("write `{key}: {{ {}: {:?} }}`", name.value, &*value.value)),
    );
}

impl JsonSchema for StringMap {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "StringMap".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": crate::reader::text_schema() })
    }
}
