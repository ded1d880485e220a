//! `binds`: variables whose values come from outside the file.

use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::diagnostic::{Code, Diagnostic};
use crate::reader::{Field, Reader, Text, record};
use crate::source::Spanned;
use crate::yaml::{Kind, Node};

record! {
    /// A source of variables (specification, "Binding").
    pub struct Binding is "a binding" {
        /// The namespace of its variables, for `{{namespace.VARIABLE}}`.
        namespace: Option<Text> = "namespace" folk "name";
        /// What the variables are for.
        description: Option<Text> = "description";
        /// The URI of the source; absent, the process environment.
        location: Option<Text> = "location";
        /// The variables, each with its key at the source.
        keys: BindingKeys = "keys" folk "variables";
    }
}

/// The variables of a binding: each with the key it has at the source.
#[derive(Clone, Debug, Default)]
pub struct BindingKeys {
    /// Variable and key, in the order written.
    pub entries: Vec<(Text, Text)>,
}

impl Field for BindingKeys {
    fn read_field(node: &Node<'_>, cx: &mut Reader<'_>) -> Self {
        let entries = match &node.kind {
            Kind::Mapping(entries) => entries
                .iter()
                .map(|(key, value)| {
                    let variable: Text = Spanned::new(Arc::from(key.text.as_ref()), key.span);
                    let source = value.as_text().map(|t| Spanned::new(Arc::from(t), value.span));
                    (variable.clone(), source.unwrap_or(variable))
                })
                .collect(),
            Kind::Sequence(items) => {
                cx.push(
                    Diagnostic::new(Code::NonStandardForm, node.span, "`keys` is a list of variables")
                        .help("the standard form maps each variable to its key: `TOKEN: TOKEN`"),
                );
                let texts = items.iter().filter_map(|i| i.as_text().map(|t| Spanned::new(Arc::from(t), i.span)));
                texts.map(|t: Text| (t.clone(), t)).collect()
            }
            Kind::Scalar { .. } => {
                if !node.is_null() {
                    cx.wrong_type(node, "a mapping from variables to keys");
                }
                Vec::new()
            }
        };
        BindingKeys { entries }
    }
}

impl JsonSchema for BindingKeys {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "BindingKeys".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "propertyNames": { "pattern": "^[A-Z][A-Z0-9_]*$" },
            "additionalProperties": crate::reader::text_schema()
        })
    }
}
