//! Steps, calls and mappings: how operations are combined.

use std::borrow::Cow;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::data::Data;
use crate::reader::{Field, FromYaml, Reader, Text, record, tagged, words};
use crate::source::Spanned;
use crate::yaml::{Kind, Node};

/// Values handed to a call by parameter name (specification, "With").
#[derive(Clone, Debug, Default)]
pub struct With {
    /// Parameter and value, in the order written.
    pub entries: Vec<(Text, Data)>,
}

impl Field for With {
    fn read_field(node: &Node<'_>, cx: &mut Reader<'_>) -> Self {
        let Some(entries) = node.as_mapping() else {
            if !node.is_null() {
                cx.wrong_type(node, "a mapping from parameters to values");
            }
            return With::default();
        };
        let entries = entries
            .iter()
            .filter_map(|(key, value)| {
                let name = Spanned::new(Arc::from(key.text.as_ref()), key.span);
                Data::read(value, cx).map(|value| (name, value))
            })
            .collect();
        With { entries }
    }
}

impl JsonSchema for With {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "With".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": true })
    }
}

/// `call`: the operation that is called.
#[derive(Clone, Debug)]
pub enum Call {
    /// `namespace.operation`.
    Name(Text),
    /// The operation with its own values.
    Target(CallTarget),
}

record! {
    /// The object form of `call`.
    pub struct CallTarget is "a call" {
        /// `namespace.operation`.
        operation: Option<Text> = "operation";
        /// Values for its parameters.
        with: With = "with";
        /// What it is for.
        description: Option<Text> = "description";
    }
}

impl FromYaml for Call {
    fn read(node: &Node<'_>, cx: &mut Reader<'_>) -> Option<Self> {
        match &node.kind {
            Kind::Mapping(_) => CallTarget::read(node, cx).map(Call::Target),
            Kind::Scalar { .. } | Kind::Sequence(_) => Text::read(node, cx).map(Call::Name),
        }
    }
}

impl JsonSchema for Call {
    fn schema_name() -> Cow<'static, str> {
        "Call".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The operation that is called: `namespace.operation`.",
            "anyOf": [{ "type": "string" }, generator.subschema_for::<CallTarget>()]
        })
    }
}

tagged! {
    /// A step of an orchestration (specification, "Operation Step").
    pub enum Step is "a step" by "type", absent implied_step {
        /// Calls an operation.
        Call(CallStep) = "call";
        /// Looks a value up in the output of an earlier step.
        Lookup(LookupStep) = "lookup";
        /// Runs a script.
        Script(ScriptStep) = "script";
    }
}

/// The type of a step that does not say it, from the key that only this type has.
fn implied_step(node: &Node<'_>) -> Option<&'static str> {
    let found = [("call", "call"), ("index", "lookup"), ("file", "script")];
    found.iter().find(|(key, _)| node.get(key).is_some()).map(|(_, word)| *word)
}

record! {
    /// A step that calls an operation.
    pub struct CallStep is "a call step", tag "type" = "call" {
        /// The operation.
        call: Option<Call> = "call";
        /// Values for its parameters.
        with: With = "with";
        /// What it is for.
        description: Option<Text> = "description";
    }
}

record! {
    /// A step that looks a value up in an earlier output.
    pub struct LookupStep is "a lookup step", tag "type" = "lookup" {
        /// The earlier step.
        index: Option<Text> = "index";
        /// The field that must equal the value.
        matched: Option<Text> = "match";
        /// The value, or a path to it.
        lookup_value: Option<Text> = "lookupValue";
        /// The fields that are kept.
        output_parameters: Vec<Text> = "outputParameters";
        /// What it is for.
        description: Option<Text> = "description";
    }
}

words! {
    /// The language of a script.
    pub enum Language is "a script language" {
        /// JavaScript.
        JavaScript = "javascript" folk "js";
        /// Python.
        Python = "python" folk "py";
        /// Groovy.
        Groovy = "groovy";
    }
}

record! {
    /// A step that runs a script.
    pub struct ScriptStep is "a script step", tag "type" = "script" {
        /// The language.
        language: Option<Spanned<Language>> = "language";
        /// The folder of the script, a `file:///` URI.
        location: Option<Text> = "location";
        /// The script.
        file: Option<Text> = "file";
        /// Scripts that are run before it.
        dependencies: Vec<Text> = "dependencies";
        /// Values it is given.
        with: With = "with";
        /// What it is for.
        description: Option<Text> = "description";
    }
}

record! {
    /// A value of the result (specification, "Step Output Mapping").
    pub struct Mapping is "a mapping" {
        /// The output it goes to, dots between its parts. Alpha versions wrote `targetName`.
        target: Option<Text> = "target" or "targetName";
        /// A path into the outputs of the steps.
        value: Option<Text> = "value";
    }
}
