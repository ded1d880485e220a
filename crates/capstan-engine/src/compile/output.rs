//! Outputs become compiled paths, and the way the answer is read for them.

use std::sync::Arc;

use capstan_spec::Text;
use capstan_spec::diagnostic::{Code, Diagnostic, Sink};
use capstan_spec::document::{ConsumedOperation, Items, NamedItem, OutputParameter, RawFormat, ValueType};

use crate::jsonpath::{JsonPath, Projection};
use crate::plan::{Decode, Output, Outputs, Shape};

/// Compiles the outputs of an operation.
pub(super) fn compile(operation: &ConsumedOperation, format: RawFormat, sink: &mut Sink) -> Outputs {
    let outputs: Vec<Output> = operation.output_parameters.iter().filter_map(|item| output(item, sink)).collect();
    if format != RawFormat::Json {
        let span = operation.output_raw_format.map_or(operation.span, |f| f.span);
        let readable = matches!(format, RawFormat::Text | RawFormat::Binary);
        if !readable {
            sink.push(
                Diagnostic::new(
                    Code::UnsupportedFormat,
                    span,
                    format!("answers in `{format}` are not taken apart yet"),
                )
                .help("the text of the answer is handed on as it is"),
            );
        }
        return Outputs { format, decode: Decode::Opaque, outputs };
    }
    Outputs { format, decode: decode(&outputs), outputs }
}

fn decode(outputs: &[Output]) -> Decode {
    let path = |output: &Output| match &output.shape {
        Shape::Path { path, max_length: None, .. } => Some(path.clone()),
        Shape::Path { .. } | Shape::Constant(_) | Shape::Object { .. } | Shape::Array { .. } => None,
    };
    let Some(paths) = outputs.iter().map(path).collect::<Option<Vec<JsonPath>>>() else { return Decode::Tree };
    if paths.iter().all(JsonPath::is_root) {
        return Decode::Whole;
    }
    if paths.iter().any(JsonPath::is_root) {
        return Decode::Tree;
    }
    Projection::new(&paths.iter().collect::<Vec<_>>()).map_or(Decode::Tree, Decode::Project)
}

fn output(item: &NamedItem<OutputParameter>, sink: &mut Sink) -> Option<Output> {
    let name: Arc<str> = item.name.as_ref().map_or_else(|| "result".into(), |n| n.value.clone());
    let span = item.name.as_ref().map_or(item.value.span, |n| n.span);
    Some(Output { name, shape: shape(&item.value, sink)?, span })
}

/// What an output is made of. A text that is no path is reported, and the output left out.
fn shape(parameter: &OutputParameter, sink: &mut Sink) -> Option<Shape> {
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
            Some((name, shape(&item.value, sink)?))
        });
        return Some(Shape::Object { path, members: members.collect() });
    }
    if let (Some(Items::One(items)), Some(ValueType::Array) | None) = (parameter.items.as_deref(), kind)
        && (items.mapping.is_some() || items.value.is_some() || !items.properties.is_empty())
    {
        let items = Box::new(shape(items, sink)?);
        return Some(Shape::Array { path: path.or_else(root)?, items });
    }
    let max_length = parameter.max_length.map(|m| usize::try_from(m.value).unwrap_or(usize::MAX));
    Some(Shape::Path { path: path.or_else(root)?, kind, max_length })
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
