//! The root of a file, and the document that it becomes.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::aggregate::Aggregate;
use super::binding::Binding;
use super::collection::Named;
use super::consumes::Consumes;
use super::exposes::Exposes;
use super::import::{Import, OrImport};
use super::info::Info;
use super::section::Section;
use crate::diagnostic::{Code, Diagnostic};
use crate::reader::{Field, FromYaml, Reader, Record, Text, record};
use crate::source::{Span, Spanned};
use crate::yaml::{Kind, Node};

/// Versions that have been published, oldest first.
const VERSIONS: &[&str] = &[
    "0.4",
    "0.5",
    "1.0.0-alpha1",
    "1.0.0-alpha2",
    "1.0.0-alpha3",
    "1.0.0-beta1",
    "1.0.0-beta2",
    "1.0.0-beta3",
    "1.0.0-beta4",
    "1.0.0-beta5",
];

/// The version of the specification that a file says it follows.
#[derive(Clone, Debug)]
pub struct Version {
    /// The version as written; empty where a mapping stands in its place.
    pub text: Text,
}

impl FromYaml for Version {
    fn read(node: &Node<'_>, cx: &mut Reader<'_>) -> Option<Self> {
        let text = match &node.kind {
            Kind::Mapping(_) => node.get("version").and_then(Node::as_text).unwrap_or(""),
            Kind::Scalar { .. } | Kind::Sequence(_) => {
                let Some(text) = node.as_text() else {
                    cx.wrong_type(node, "a version");
                    return None;
                };
                if !VERSIONS.contains(&text) {
                    cx.push(
                        Diagnostic::new(Code::UnknownVersion, node.span, format!("version `{text}` is not known"))
                            .help("the file is read as the newest known version, `1.0.0-beta5`"),
                    );
                }
                text
            }
        };
        Some(Version { text: Spanned::new(text.into(), node.span) })
    }
}

impl JsonSchema for Version {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Version".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "examples": VERSIONS })
    }
}

record! {
    /// A file: a capability, or sections that other files import (specification, "Root").
    pub struct Root is "a capability file" {
        /// The version of the specification. Alpha versions wrote `naftiko`.
        version: Option<Version> = "ikanos" or "naftiko";
        /// What the file is.
        info: Option<Info> = "info";
        /// Variables from outside.
        binds: Section<Binding> = "binds";
        /// The capability.
        capability: Option<CapabilitySection> = "capability";
        /// Consumed APIs, for other files to import.
        consumes: Section<Consumes> = "consumes";
        /// Exposed interfaces, for other files to import.
        exposes: Vec<OrImport<Exposes>> = "exposes";
        /// Aggregates, for other files to import.
        aggregates: Aggregates = "aggregates";
    }
}

record! {
    /// The capability itself (specification, "Capability").
    pub struct CapabilitySection is "a capability" {
        /// Variables from outside.
        binds: Section<Binding> = "binds";
        /// Consumed APIs.
        consumes: Section<Consumes> = "consumes";
        /// Exposed interfaces.
        exposes: Vec<OrImport<Exposes>> = "exposes";
        /// Aggregates.
        aggregates: Aggregates = "aggregates";
    }
}

/// Aggregates: a list, or a map from their namespaces.
#[derive(Clone, Debug, Default)]
pub struct Aggregates {
    /// The aggregates, in the order written.
    pub entries: Vec<OrImport<Aggregate>>,
}

impl Field for Aggregates {
    fn read_field(node: &Node<'_>, cx: &mut Reader<'_>) -> Self {
        let entries = match &node.kind {
            Kind::Mapping(_) if node.get("flows").is_none() && node.get("functions").is_none() => {
                let named: Named<Aggregate> = Named::read_field(node, cx);
                named.items.into_iter().map(|i| OrImport::Inline(with_namespace(i.name, i.value))).collect()
            }
            Kind::Mapping(_) | Kind::Sequence(_) | Kind::Scalar { .. } => Vec::read_field(node, cx),
        };
        Aggregates { entries }
    }
}

fn with_namespace(name: Option<Text>, mut aggregate: Aggregate) -> Aggregate {
    aggregate.namespace = name.or(aggregate.namespace);
    aggregate
}

impl JsonSchema for Aggregates {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Aggregates".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let aggregate = generator.subschema_for::<Aggregate>();
        let import = generator.subschema_for::<Import>();
        json_schema!({
            "anyOf": [
                { "type": "array", "items": { "anyOf": [aggregate, import] } },
                { "type": "object", "additionalProperties": aggregate }
            ]
        })
    }
}

/// What a file says, in one form whatever the version: sections at the root and under
/// `capability` are one, imports are still to be followed.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// The version of the specification.
    pub version: Option<Version>,
    /// What the file is.
    pub info: Option<Info>,
    /// Variables from outside.
    pub binds: Vec<OrImport<Binding>>,
    /// Consumed APIs.
    pub consumes: Vec<OrImport<Consumes>>,
    /// Exposed interfaces.
    pub exposes: Vec<OrImport<Exposes>>,
    /// Aggregates.
    pub aggregates: Vec<OrImport<Aggregate>>,
    /// Whether the file has no `capability`: it is there for others to import.
    pub is_standalone: bool,
    /// Where the whole stands.
    pub span: Span,
}

impl Document {
    /// Reads a document; `None` when the file is something else.
    pub(crate) fn read(node: &Node<'_>, cx: &mut Reader<'_>) -> Option<Self> {
        if !is_capability(node, cx) {
            return None;
        }
        let (_, root) = Root::read_record(node, false, cx)?;
        let is_standalone = root.capability.is_none();
        let inner = root.capability.unwrap_or_default();
        Some(Document {
            is_standalone,
            version: root.version,
            info: root.info,
            binds: join(root.binds.entries, inner.binds.entries),
            consumes: join(root.consumes.entries, inner.consumes.entries),
            exposes: join(root.exposes, inner.exposes),
            aggregates: join(root.aggregates.entries, inner.aggregates.entries),
            span: root.span,
        })
    }
}

fn join<T>(mut first: Vec<T>, second: Vec<T>) -> Vec<T> {
    first.extend(second);
    first
}

/// Whether a file is meant as a capability; explains what it is otherwise.
fn is_capability(node: &Node<'_>, cx: &mut Reader<'_>) -> bool {
    let sections = ["capability", "consumes", "exposes", "aggregates", "binds", "naftiko", "ikanos"];
    if sections.iter().any(|key| node.get(key).is_some()) {
        return true;
    }
    let (message, help) = match &node.kind {
        _ if node.is_null() => ("the file is empty".to_owned(), "a capability begins with `naftiko:` or `ikanos:`"),
        Kind::Mapping(_) if node.get("openapi").is_some() || node.get("swagger").is_some() => (
            "the file is an OpenAPI description, not a capability".to_owned(),
            "describe the operations you need under `capability: consumes:`",
        ),
        Kind::Mapping(_) if node.get("$schema").is_some() => {
            ("the file is a JSON Schema, not a capability".to_owned(), "name a file that has `capability:`")
        }
        Kind::Mapping(_) => (
            "the file has none of `capability`, `consumes`, `exposes`, `aggregates`, `binds`".to_owned(),
            "a capability has `naftiko:` or `ikanos:`, `info:` and `capability:` at its root",
        ),
        Kind::Scalar { .. } | Kind::Sequence(_) => {
            (format!("a capability is a mapping, this file is {}", node.describe()), "see `capstan explain CAP0006`")
        }
    };
    cx.push(Diagnostic::new(Code::NotACapability, node.span, message).help(help));
    false
}
