//! Outputs become compiled paths, and the way the answer is read for them.

use std::sync::Arc;

use capstan_spec::Text;
use capstan_spec::diagnostic::{Code, Diagnostic, Sink};
use capstan_spec::document::{ConsumedOperation, Items, NamedItem, OutputParameter, RawFormat, ValueType};

use crate::decode::{Reader, SchemaFolder};
use crate::jsonpath::{JsonPath, Projection};
use crate::plan::{Decode, Output, Outputs, Shape};

/// Compiles the outputs of an operation.
pub(super) fn compile(
    operation: &ConsumedOperation,
    format: RawFormat,
    schemas: &SchemaFolder<'_>,
    sink: &mut Sink,
) -> Outputs {
    let typed_items = format != RawFormat::Json;
    let outputs = operation.output_parameters.iter().filter_map(|item| output(item, typed_items, sink));
    let outputs: Vec<Output> = outputs.collect();
    let decode = match format {
        RawFormat::Json => decode(&outputs),
        RawFormat::Binary => Decode::Opaque,
        _ => tree(operation, format, schemas, sink),
    };
    Outputs { format, decode, outputs }
}

/// The reader of a format, with the schema of the operation. One that cannot be read is reported;
/// the other operations of the file are as good as before.
fn tree(operation: &ConsumedOperation, format: RawFormat, schemas: &SchemaFolder<'_>, sink: &mut Sink) -> Decode {
    let schema = operation.output_schema.as_ref();
    match Reader::compile(format, schema.map(|schema| &*schema.value), schemas) {
        Ok(reader) => Decode::Tree(reader),
        Err(error) => {
            let span = schema.map(|s| s.span).or(operation.output_raw_format.map(|f| f.span)).unwrap_or(operation.span);
            sink.push(Diagnostic::new(Code::BadOutputSchema, span, &error.message).help(&error.help));
            Decode::Unreadable(error)
        }
    }
}

fn decode(outputs: &[Output]) -> Decode {
    let path = |output: &Output| match &output.shape {
        Shape::Path { path, max_length: None, .. } => Some(path.clone()),
        Shape::Path { .. } | Shape::Constant(_) | Shape::Object { .. } | Shape::Array { .. } | Shape::Map { .. } => {
            None
        }
    };
    let Some(paths) = outputs.iter().map(path).collect::<Option<Vec<JsonPath>>>() else { return json_tree() };
    if paths.iter().all(JsonPath::is_root) {
        return Decode::Whole;
    }
    if paths.iter().any(JsonPath::is_root) {
        return json_tree();
    }
    Projection::new(&paths.iter().collect::<Vec<_>>()).map_or_else(json_tree, Decode::Project)
}

fn json_tree() -> Decode {
    Decode::Tree(Reader::json())
}

fn output(item: &NamedItem<OutputParameter>, typed_items: bool, sink: &mut Sink) -> Option<Output> {
    let name: Arc<str> = item.name.as_ref().map_or_else(|| "result".into(), |n| n.value.clone());
    let span = item.name.as_ref().map_or(item.value.span, |n| n.span);
    Some(Output { name, shape: shape(&item.value, typed_items, sink)?, span })
}

/// What an output is made of. A text that is no path is reported, and the output left out. The
/// elements of a list that have nothing but a type are made of that type where `typed_items`: in
/// formats that know texts only. JSON has types of its own, and is passed through instead.
fn shape(parameter: &OutputParameter, typed_items: bool, sink: &mut Sink) -> Option<Shape> {
    if let Some(constant) = &parameter.constant {
        return Some(Shape::Constant(constant.to_json()));
    }
    let kind = parameter.kind.map(|k| k.value);
    let text = parameter.mapping.as_ref().or(parameter.value.as_ref());
    let path = match text {
        Some(text) => Some(path(text, sink)?),
        None => None,
    };
    let root = || JsonPath::compile("$").ok();
    if !parameter.properties.is_empty() {
        let members = parameter.properties.iter().filter_map(|item| {
            let name = item.name.as_ref().map(|n| n.value.clone())?;
            Some((name, shape(&item.value, typed_items, sink)?))
        });
        return Some(Shape::Object { path, members: members.collect() });
    }
    if let (Some(Items::One(items)), Some(ValueType::Array) | None) = (parameter.items.as_deref(), kind)
        && (is_shaped(items) || (typed_items && items.kind.is_some()))
    {
        let items = Box::new(shape(items, typed_items, sink)?);
        return Some(Shape::Array { path: path.or_else(root)?, items });
    }
    if let (Some(values), Some(path)) = (parameter.values.as_deref(), &path)
        && (is_shaped(values) || (typed_items && values.kind.is_some()))
    {
        let values = Box::new(shape(values, typed_items, sink)?);
        return Some(Shape::Map { path: path.clone(), values });
    }
    let max_length = parameter.max_length.map(|m| usize::try_from(m.value).unwrap_or(usize::MAX));
    Some(Shape::Path { path: path.or_else(root)?, kind, max_length })
}

/// Whether elements or values are made of something else than themselves.
fn is_shaped(parameter: &OutputParameter) -> bool {
    parameter.mapping.is_some() || parameter.value.is_some() || !parameter.properties.is_empty()
}

/// Compiles a path. A text that is none is reported.
pub(super) fn path(text: &Text, sink: &mut Sink) -> Option<JsonPath> {
    match JsonPath::compile(text.value.trim()) {
        Ok(path) => {
            // `$.` is what nearly everybody writes for the root; nobody needs to hear of it.
            if let Some(standard) = path.is_legacy().filter(|_| !path.is_root()) {
                let message = format!("`{}` is an older spelling of a JSONPath", text.value);
                sink.push(
                    Diagnostic::new(Code::NonStandardForm, text.span, message)
                        .help(format!("the standard form is `{standard}`")),
                );
            }
            Some(path)
        }
        Err(error) => {
            sink.push(
                Diagnostic::new(Code::BadJsonPath, text.span, format!("`{}` is not a JSONPath: {error}", text.value))
                    .help("a JSONPath begins with `$`: `$.items[0].name`"),
            );
            None
        }
    }
}
