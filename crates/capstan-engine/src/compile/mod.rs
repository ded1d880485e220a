//! A checked capability becomes a plan.
//!
//! Everything that text can get wrong is found here: a template that names nothing, a path that
//! is no JSONPath, a pattern that is no pattern. Nothing is read from outside but the files that an
//! `outputSchema` names.

mod auth;
mod body;
mod inputs;
mod json;
mod names;
mod output;
mod pages;
mod policy;
mod sparql;
mod url;
mod xml;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use capstan_spec::diagnostic::{Code, Diagnostic, Sink};
use capstan_spec::document::{ConsumedOperation, ConsumedResource, Consumes, Method, NamedItem, RawFormat};
use capstan_spec::quantity;
use capstan_spec::source::{SourceMap, Span};
use capstan_spec::{Capability, Text};
use http::HeaderValue;

use crate::bindings::Files;
use crate::decode::SchemaFolder;
use crate::limits;
use crate::plan::{Binary, Input, Needs, Operation, OperationId, Place, Plan, Request};
use names::{Names, Scope};

/// Compiles a capability. Problems go to the sink; the plan holds what could be compiled.
pub(crate) fn compile(
    capability: &Capability,
    file: &str,
    sources: Arc<SourceMap>,
    files: &dyn Files,
    sink: &mut Sink,
) -> Plan {
    let mut names = Names::new(capability);
    let mut operations = Vec::new();
    for consumes in &capability.consumes {
        base_warnings(consumes, sink);
        if consumes.resources.iter().all(|resource| resource.value.operations.is_empty()) {
            // Nothing else would look at it.
            url::base(consumes.base_uri.as_ref(), &mut Scope::bare(&mut names, sink));
        }
        for resource in &consumes.resources {
            for operation in &resource.value.operations {
                let id = OperationId(u32::try_from(operations.len()).unwrap_or(u32::MAX));
                let source = OperationSource { capability, consumes, resource, operation };
                let folder = folder(operation.value.output_schema.as_ref(), file, &sources);
                let schemas = SchemaFolder { files, folder: &folder };
                operations.push(compile_operation(id, &source, &schemas, &mut names, sink));
            }
        }
    }
    let info = capability.info.as_ref();
    Plan {
        file: file.into(),
        title: info.and_then(|i| i.display.as_ref()).map(|t| t.value.clone()),
        description: info.and_then(|i| i.description.as_ref()).map(|t| t.value.clone()),
        variables: names.variables,
        operations,
        expressions: names.expressions,
        sources,
    }
}

/// An operation in the document, with all that stands around it.
pub(crate) struct OperationSource<'c> {
    pub(crate) capability: &'c Capability,
    pub(crate) consumes: &'c Consumes,
    pub(crate) resource: &'c NamedItem<ConsumedResource>,
    pub(crate) operation: &'c NamedItem<ConsumedOperation>,
}

impl OperationSource<'_> {
    pub(crate) fn method(&self) -> Method {
        self.operation.value.method.map_or(Method::Get, |m| m.value)
    }

    /// Where the operation is named.
    fn span(&self) -> Span {
        self.operation.name.as_ref().map_or(self.operation.value.span, |n| n.span)
    }
}

fn base_warnings(consumes: &Consumes, sink: &mut Sink) {
    let missing = consumes.base_uri.as_ref().is_none_or(|base| base.value.trim().is_empty());
    if missing {
        let span = consumes.base_uri.as_ref().map_or(consumes.span, |b| b.span);
        let name = consumes.namespace.as_ref().map_or("", |n| &n.value);
        sink.push(
            Diagnostic::new(Code::NoBaseUri, span, format!("the consumed API `{name}` has no base URI"))
                .help("write `baseUri: https://…`, or call with `--base-uri https://…`"),
        );
    }
}

/// The folder of the file that names a schema: that of the capability, or of what it imports.
fn folder(schema: Option<&Text>, file: &str, sources: &SourceMap) -> PathBuf {
    let located = schema.and_then(|schema| sources.locate(schema.span));
    let file = located.map_or(file, |(file, _)| file);
    Path::new(file).parent().unwrap_or(Path::new("")).to_owned()
}

fn compile_operation(
    id: OperationId,
    source: &OperationSource<'_>,
    schemas: &SchemaFolder<'_>,
    names: &mut Names,
    sink: &mut Sink,
) -> Operation {
    inputs::environment(source, names);
    let mut scope = Scope::new(source, names, sink);
    let path_written = url::joined_path(source);
    let base = url::base(source.consumes.base_uri.as_ref(), &mut scope);
    let base_needs = scope.take_used();
    let auth = auth::compile(source.capability.authentication(source.consumes), &mut scope);
    let inferred = inferred_bearer(source, &mut scope);
    let auth_needs = scope.take_used();
    let tls = source.capability.tls(source.consumes).map(|written| auth::tls(written, &mut scope));
    let (path, query_literal) = url::path(&path_written, source.consumes.base_uri.as_ref(), &mut scope);
    let parts = inputs::parameters(source, &path_written, &mut scope);
    scope.relax_authorization(&auth, inferred.is_some());
    let (body, mut parts) = body::compile(source, parts, &mut scope);
    let policy = policy::compile(source, &mut parts.headers, &mut scope);
    let format = source.operation.value.output_raw_format.map_or(RawFormat::Json, |f| f.value);
    let outputs = output::compile(&source.operation.value, format, schemas, scope.sink);
    let binary = binary(&source.operation.value);
    let variables = Needs { base: base_needs, auth: auth_needs, rest: scope.take_used() };
    let mut inputs = scope.finish();
    undeclared(&inputs, sink);
    let mut query = parts.query;
    let pagination = pages::compile(source, &mut inputs, &mut query, &outputs.outputs, sink);
    let text = |t: &Option<capstan_spec::Text>| t.as_ref().map(|t| t.value.clone());
    Operation {
        id,
        namespace: text(&source.consumes.namespace).unwrap_or_default(),
        resource: text(&source.resource.name).unwrap_or_default(),
        name: text(&source.operation.name).unwrap_or_default(),
        description: text(&source.operation.value.description).or_else(|| text(&source.operation.value.display)),
        base_written: text(&source.consumes.base_uri).unwrap_or_default(),
        path_written: path_written.text.into(),
        span: source.span(),
        inputs,
        fixed: parts.fixed,
        request: Request {
            method: source.method(),
            base,
            path,
            query_literal,
            query,
            headers: parts.headers,
            cookies: parts.cookies,
            body,
            compression: body::compression(&source.operation.value),
            auth,
            tls,
            accept: accept(format, binary.media_type.as_deref()),
        },
        outputs,
        binary,
        pagination,
        policy,
        variables,
        inferred_bearer: inferred,
    }
}

/// Reports placeholders of the URL that no parameter declares; they work all the same.
fn undeclared(inputs: &[Input], sink: &mut Sink) {
    for input in inputs.iter().filter(|i| !i.declared) {
        let (what, help) = match input.place {
            Place::Path => (
                "the path",
                format!("declare it: `inputParameters: [{{ name: {}, in: path, type: string }}]`", input.name),
            ),
            Place::BaseUri => ("the base URI", "bind it, so that callers need not give it: see `binds`".to_owned()),
            Place::Query | Place::Header | Place::Cookie | Place::Body | Place::Form | Place::Authentication => {
                continue;
            }
        };
        let message = format!("`{}` in {what} is no declared parameter", input.name);
        sink.push(Diagnostic::new(Code::UndeclaredParameter, input.span, message).help(help));
    }
}

/// The variable that is sent as a bearer token where the API says nothing about authentication.
fn inferred_bearer(source: &OperationSource<'_>, scope: &mut Scope<'_>) -> Option<crate::plan::VariableId> {
    if source.capability.authentication(source.consumes).is_some() {
        return None;
    }
    let variable = source.capability.inferred_bearer()?;
    Some(scope.variable(&variable.value, None, variable.span))
}

/// What the document says of a binary answer. A size that is none has been reported; that there is
/// to be a limit stands all the same.
fn binary(operation: &ConsumedOperation) -> Binary {
    let media_type = operation.output_media_type.as_ref().map(|text| text.value.clone());
    let bytes_max = operation.max_binary_size.as_ref();
    let bytes_max = bytes_max.map(|text| quantity::size(&text.value).unwrap_or(limits::BINARY_BYTES_MAX));
    Binary { media_type, bytes_max }
}

/// What the operation wants to read.
fn accept(format: RawFormat, media_type: Option<&str>) -> HeaderValue {
    let binary = media_type.filter(|_| format == RawFormat::Binary);
    if let Some(value) = binary.and_then(|text| HeaderValue::from_str(&format!("{text}, */*;q=0.5")).ok()) {
        return value;
    }
    HeaderValue::from_static(match format {
        RawFormat::Json => "application/json, */*;q=0.5",
        RawFormat::Xml => "application/xml, text/xml, */*;q=0.5",
        RawFormat::Yaml => "application/yaml, text/yaml, */*;q=0.5",
        RawFormat::Csv => "text/csv, */*;q=0.5",
        RawFormat::Tsv => "text/tab-separated-values, */*;q=0.5",
        RawFormat::Html => "text/html, */*;q=0.5",
        RawFormat::Markdown => "text/markdown, text/plain, */*;q=0.5",
        RawFormat::Text | RawFormat::Psv => "text/plain, */*;q=0.5",
        RawFormat::Avro | RawFormat::Protobuf | RawFormat::Binary => "*/*",
    })
}
