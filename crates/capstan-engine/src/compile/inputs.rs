//! Input parameters: which of them a caller gives, and where each goes.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use capstan_spec::Text;
use capstan_spec::diagnostic::{Code, Diagnostic, Sink};
use capstan_spec::document::{
    ArrayStyle, ConsumedOperation, Data, DataKind, InputParameter, Items, Method, Named, ParameterPlace, StringMap,
    ValueType,
};
use capstan_spec::placeholder;
use http::HeaderName;

use super::OperationSource;
use super::json;
use super::names::{self, Implied, Scope};
use super::url::WrittenPath;
use crate::encode;
use crate::pattern::Pattern;
use crate::plan::{Fixed, HeaderParameter, Input, InputId, JsonNode, ListStyle, Part, Place, QueryParameter, Source};

/// Where the parameters of an operation go.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) query: Vec<QueryParameter>,
    pub(super) headers: Vec<HeaderParameter>,
    pub(super) cookies: Vec<(Box<str>, Source)>,
    pub(super) body: Vec<(Arc<str>, Source)>,
    pub(super) form: Vec<(Arc<str>, Source, ValueType)>,
    pub(super) fixed: Vec<Fixed>,
}

/// A parameter as declared, with its name mended and its place settled.
struct Declared<'c> {
    name: Arc<str>,
    text: &'c Text,
    place: ParameterPlace,
    parameter: &'c InputParameter,
}

/// The parameters of an operation: its own, then those of the resource, then those of the API.
/// An inner one hides an outer one of the same name and place.
fn all<'c>(source: &OperationSource<'c>) -> Vec<Declared<'c>> {
    let mut found: Vec<Declared<'c>> = Vec::new();
    let mut seen: HashSet<(ParameterPlace, Cow<'c, str>)> = HashSet::new();
    let levels: [&'c Named<InputParameter>; 3] = [
        &source.operation.value.input_parameters,
        &source.resource.value.input_parameters,
        &source.consumes.input_parameters,
    ];
    for item in levels.into_iter().flatten() {
        let Some(text) = &item.name else { continue };
        let name = clean_name(&text.value);
        let place = item.value.place.map_or_else(|| implied_place(source, &name), |p| p.value);
        if seen.insert((place, key(place, &text.value, &name))) {
            found.push(Declared { name, text, place, parameter: &item.value });
        }
    }
    found
}

/// What tells a parameter from others of its place: header names do not mind case.
fn key<'c>(place: ParameterPlace, written: &'c Arc<str>, name: &Arc<str>) -> Cow<'c, str> {
    match place {
        ParameterPlace::Header => Cow::Owned(name.to_ascii_lowercase()),
        _ if Arc::ptr_eq(written, name) => Cow::Borrowed(written),
        _ => Cow::Owned(name.to_string()),
    }
}

/// A name without what scraped descriptions leave in it: `amount⏎ required` is `amount`.
fn clean_name(name: &Arc<str>) -> Arc<str> {
    match name.split_once(char::is_whitespace) {
        Some((first, rest)) if matches!(rest.trim(), "required" | "optional") => first.into(),
        _ => name.clone(),
    }
}

/// Where a parameter goes that does not say it.
fn implied_place(source: &OperationSource<'_>, name: &str) -> ParameterPlace {
    let own: &ConsumedOperation = &source.operation.value;
    let paths = [own.path.as_ref(), source.resource.value.path.as_ref()];
    let mut placeholders = paths.into_iter().flatten().flat_map(|p| placeholder::placeholders(&p.value));
    if placeholders.any(|p| p.local() == name || p.body == name) {
        return ParameterPlace::Path;
    }
    match source.method() {
        Method::Post | Method::Put | Method::Patch => ParameterPlace::Body,
        Method::Get | Method::Delete | Method::Head | Method::Options => ParameterPlace::Query,
    }
}

fn place(place: ParameterPlace) -> Place {
    match place {
        ParameterPlace::Query => Place::Query,
        ParameterPlace::Header => Place::Header,
        ParameterPlace::Path => Place::Path,
        ParameterPlace::Cookie => Place::Cookie,
        ParameterPlace::Body | ParameterPlace::Environment => Place::Body,
        ParameterPlace::Form => Place::Form,
    }
}

/// What fixes or templates the value of a parameter.
fn written_value(parameter: &InputParameter) -> Option<Data> {
    let template = || {
        let text = parameter.template.as_ref()?;
        Some(Data { span: text.span, kind: DataKind::String(text.value.clone()) })
    };
    parameter.value.clone().or_else(template).or_else(|| parameter.constant.clone())
}

/// The inputs that the document declares: parameters whose value it does not write itself.
pub(super) fn declared(source: &OperationSource<'_>) -> Vec<Input> {
    let mut inputs: Vec<Input> = Vec::new();
    let mut seen: HashSet<Arc<str>> = HashSet::new();
    for declared in all(source) {
        let is_given = declared.parameter.value.is_none()
            && declared.parameter.template.is_none()
            && declared.parameter.constant.is_none()
            && declared.place != ParameterPlace::Environment;
        if is_given && seen.insert(declared.name.clone()) {
            inputs.push(input(&declared));
        }
    }
    inputs
}

fn input(declared: &Declared<'_>) -> Input {
    let parameter = declared.parameter;
    let is_path = declared.place == ParameterPlace::Path;
    Input {
        name: declared.name.clone(),
        alias: None,
        kind: parameter.kind.map_or(default_kind(declared.place), |k| k.value),
        item_kind: item_kind(parameter),
        required: is_path || parameter.is_required().unwrap_or(false),
        place: place(declared.place),
        description: parameter.description.as_ref().map(|d| d.value.clone()),
        default: parameter.default.as_ref().map(Data::to_json),
        one_of: parameter.one_of.iter().map(Data::to_json).collect(),
        pattern: None,
        max_length: parameter.max_length.map(|m| m.value),
        minimum: parameter.minimum.map(|m| m.value),
        maximum: parameter.maximum.map(|m| m.value),
        declared: true,
        span: declared.text.span,
    }
}

/// The type of a parameter that does not say it: what goes into a body keeps the type it has.
fn default_kind(place: ParameterPlace) -> ValueType {
    match place {
        ParameterPlace::Body => ValueType::Json,
        ParameterPlace::Query
        | ParameterPlace::Header
        | ParameterPlace::Path
        | ParameterPlace::Cookie
        | ParameterPlace::Form
        | ParameterPlace::Environment => ValueType::String,
    }
}

fn item_kind(parameter: &InputParameter) -> Option<ValueType> {
    match parameter.items.as_deref() {
        Some(Items::One(item)) => item.kind.map(|k| k.value),
        Some(Items::Fields(_)) => Some(ValueType::Object),
        None => None,
    }
}

/// Makes the parameters `in: environment` variables, so that placeholders find them.
pub(super) fn environment(source: &OperationSource<'_>, names: &mut super::names::Names) {
    for declared in all(source).iter().filter(|d| d.place == ParameterPlace::Environment) {
        names.declare_environment(&declared.name, declared.text.span);
    }
}

/// Compiles the parameters and fixed headers of an operation into the places they go to.
pub(super) fn parameters(source: &OperationSource<'_>, path: &WrittenPath, scope: &mut Scope<'_>) -> Parts {
    let mut parts = Parts::default();
    let declared = all(source);
    let reached = Reached::new(source, path);
    for parameter in &declared {
        compile_pattern(parameter, scope);
        if parameter.place == ParameterPlace::Path {
            if !reached.check(parameter, path, scope.sink)
                && let Some(id) = scope.find(&parameter.name)
            {
                scope.input_mut(id).required = false;
            }
            continue;
        }
        if parameter.place == ParameterPlace::Environment {
            continue;
        }
        let value = value_source(parameter, &mut parts, scope);
        put(parameter, value, &mut parts, scope);
    }
    let headers = [&source.operation.value.headers, &source.resource.value.headers, &source.consumes.headers];
    headers.into_iter().for_each(|map| fixed_headers(map, &mut parts, scope));
    parts
}

fn compile_pattern(declared: &Declared<'_>, scope: &mut Scope<'_>) {
    let Some(pattern) = &declared.parameter.pattern else { return };
    match Pattern::new(pattern.value.clone()) {
        Ok(checked) => {
            if let Some(id) = scope.find(&declared.name) {
                scope.input_mut(id).pattern = Some(checked);
            }
        }
        Err(why) => scope.sink.push(
            Diagnostic::new(Code::BadPattern, pattern.span, format!("`{}` is not a pattern: {why}", pattern.value))
                .help("patterns are regular expressions without look-around and back-references"),
        ),
    }
}

/// The names that placeholders of the path and the base URI have, folded.
struct Reached {
    names: HashSet<String>,
    expressions: Vec<String>,
}

impl Reached {
    fn new(source: &OperationSource<'_>, path: &WrittenPath) -> Self {
        let base = source.consumes.base_uri.as_ref().map_or("", |b| &b.value);
        let mut reached = Reached { names: HashSet::new(), expressions: Vec::new() };
        for placeholder in placeholder::placeholders(&path.text).chain(placeholder::placeholders(base)) {
            if placeholder.is_name() {
                reached.names.extend([names::fold(placeholder.body), names::fold(placeholder.local())]);
            } else {
                reached.expressions.push(placeholder.body.to_owned());
            }
        }
        reached
    }

    /// A path parameter must have a placeholder there; says whether it has.
    fn check(&self, declared: &Declared<'_>, path: &WrittenPath, sink: &mut Sink) -> bool {
        let name: &str = &declared.name;
        let reaches = self.names.contains(&names::fold(name)) || self.expressions.iter().any(|e| e.contains(name));
        if !reaches {
            let message = format!("the path `{}` has no placeholder for `{name}`", path.text);
            sink.push(
                Diagnostic::new(Code::UnreachableParameter, declared.text.span, message)
                    .label(path.span, "the path")
                    .help(format!("write `{{{name}}}` into the path, or change `in: path`")),
            );
        }
        reaches
    }
}

/// Where the value of a parameter comes from.
fn value_source(declared: &Declared<'_>, parts: &mut Parts, scope: &mut Scope<'_>) -> Source {
    let Some(value) = written_value(declared.parameter) else {
        let id = scope.find(&declared.name).unwrap_or_else(|| scope.add(input(declared)));
        return Source::Input(id);
    };
    let implied = Implied {
        place: place(declared.place),
        required: declared.parameter.is_required().unwrap_or(false),
        kind: declared.parameter.kind.map_or(ValueType::String, |k| k.value),
        description: declared.parameter.description.as_ref().map(|d| d.value.clone()),
        alias: Some(&declared.name),
    };
    let source = match value.as_text() {
        Some(text) => {
            let template = scope.template(&text, value.span, &implied);
            match template.as_slot() {
                Some(Part::Input(id)) => Source::Input(*id),
                _ => Source::Template(template),
            }
        }
        None => {
            let loose = Implied { alias: None, kind: ValueType::Json, ..implied };
            Source::Json(Box::new(json::from_data(&value, scope, &loose)))
        }
    };
    if !reads_inputs(&source) {
        parts.fixed.push(Fixed {
            name: declared.name.clone(),
            place: place(declared.place),
            value: source.clone(),
            description: declared.parameter.description.as_ref().map(|d| d.value.clone()),
        });
    }
    source
}

fn reads_inputs(source: &Source) -> bool {
    match source {
        Source::Input(_) => true,
        Source::Template(template) => template.inputs().next().is_some() || template.has_expression(),
        Source::Json(node) => node_reads_inputs(node),
    }
}

fn node_reads_inputs(node: &JsonNode) -> bool {
    match node {
        JsonNode::Literal(_) => false,
        JsonNode::Value(source) => reads_inputs(source),
        JsonNode::Text(template) => template.inputs().next().is_some() || template.has_expression(),
        JsonNode::Array(items) => items.iter().any(node_reads_inputs),
        JsonNode::Object(members) => members.iter().any(|(_, n)| node_reads_inputs(n)),
        JsonNode::Extended(..) => true,
    }
}

/// Puts a parameter where it goes.
fn put(declared: &Declared<'_>, value: Source, parts: &mut Parts, scope: &mut Scope<'_>) {
    match declared.place {
        ParameterPlace::Query => {
            let (name, style) = query_name(&declared.name, declared.parameter);
            parts.query.push(QueryParameter { name: encode::to_component(name), value, style });
        }
        ParameterPlace::Header => match HeaderName::from_bytes(declared.name.as_bytes()) {
            Ok(name) if encode::is_framing(&name) => framing(declared, value, scope),
            Ok(name) => parts.headers.push(HeaderParameter { name, value }),
            Err(_) => bad_header(declared.text, scope.sink),
        },
        ParameterPlace::Cookie => parts.cookies.push((encode::to_component(&declared.name), value)),
        ParameterPlace::Body => parts.body.push((declared.name.clone(), value)),
        ParameterPlace::Form => {
            let kind = declared.parameter.kind.map_or(ValueType::String, |k| k.value);
            parts.form.push((declared.name.clone(), value, kind));
        }
        ParameterPlace::Path | ParameterPlace::Environment => {}
    }
}

fn framing(declared: &Declared<'_>, value: Source, scope: &mut Scope<'_>) {
    if let Some(id) = sole_input(&value) {
        scope.input_mut(id).required = false;
    }
    let message = format!("the header `{}` is never sent as a parameter", declared.name);
    scope.sink.push(
        Diagnostic::new(Code::UnreachableParameter, declared.text.span, message)
            .help("it says where the message ends or where it goes, and is written by the sender itself"),
    );
}

/// The name of a query parameter, and how it writes lists.
fn query_name<'n>(name: &'n str, parameter: &InputParameter) -> (&'n str, ListStyle) {
    let declared = parameter.style.map(|s| s.value);
    let joined = parameter.explode.is_some_and(|e| !e.value);
    let style = match declared {
        Some(ArrayStyle::Csv) => ListStyle::Joined(','),
        Some(ArrayStyle::Ssv) => ListStyle::Joined(' '),
        Some(ArrayStyle::Tsv) => ListStyle::Joined('\t'),
        Some(ArrayStyle::Pipes) => ListStyle::Joined('|'),
        Some(ArrayStyle::Brackets) if !name.ends_with("[]") => ListStyle::Brackets,
        Some(ArrayStyle::Multi | ArrayStyle::Brackets) | None if joined => ListStyle::Joined(','),
        Some(ArrayStyle::Multi | ArrayStyle::Brackets) | None => ListStyle::Repeat,
    };
    (name, style)
}

fn bad_header(name: &Text, sink: &mut Sink) {
    sink.push(
        Diagnostic::new(Code::BadHeaderName, name.span, format!("`{}` is not a header name", name.value))
            .help("a header name has letters, digits and `-`; no spaces, colons or other marks"),
    );
}

/// Fixed headers written as a map; not standard, but published.
fn fixed_headers(map: &StringMap, parts: &mut Parts, scope: &mut Scope<'_>) {
    for (name, value) in &map.entries {
        let Ok(header) = HeaderName::from_bytes(name.value.as_bytes()) else {
            bad_header(name, scope.sink);
            continue;
        };
        if parts.headers.iter().any(|h| h.name == header) {
            continue;
        }
        let template = scope.template(&value.value, value.span, &Implied::required(Place::Header));
        let value = Source::Template(template);
        parts.fixed.push(Fixed {
            name: name.value.clone(),
            place: Place::Header,
            value: value.clone(),
            description: None,
        });
        parts.headers.push(HeaderParameter { name: header, value });
    }
}

/// The input behind a source that is one input and nothing else.
pub(super) fn sole_input(source: &Source) -> Option<InputId> {
    match source {
        Source::Input(id) => Some(*id),
        Source::Template(_) | Source::Json(_) => None,
    }
}
