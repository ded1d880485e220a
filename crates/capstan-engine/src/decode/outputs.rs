//! An answer becomes outputs. The way is chosen from the plan: what is passed through whole is
//! checked and not taken apart, what is picked is picked in one pass, anything else is a tree.

use bytes::Bytes;
use capstan_spec::diagnostic::Code;
use capstan_spec::document::RawFormat;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::Value;
use serde_json::value::RawValue;

use super::extract::Extraction;
use super::json;
use super::malformed::Malformed;
use super::notices::Notices;
use super::reader::{Reader, Reading};
use crate::error::CallError;
use crate::limits::{PREVIEW_BYTES_MAX, PREVIEW_HEX_BYTES_MAX};
use crate::outcome::{Output, Outputs};
use crate::plan::{self, Decode, Shape};

/// Reads an answer for the outputs of an operation.
///
/// # Errors
/// The answer is not what was declared.
pub(crate) fn decode(
    plan: &plan::Outputs,
    headers: &HeaderMap,
    body: &Bytes,
    notices: &mut Notices,
) -> Result<Outputs, CallError> {
    if is_empty(plan, headers, body) {
        return Ok(empty(plan));
    }
    read(plan, headers, body, notices).map_err(|error| unexpected(plan.format, headers, body, &error))
}

/// Reads a page of a list: its outputs, and the whole of it as a tree, whatever the outputs are;
/// null where there is none.
///
/// # Errors
/// Those of [`decode`].
pub(crate) fn decode_page(
    plan: &plan::Outputs,
    headers: &HeaderMap,
    body: &Bytes,
    notices: &mut Notices,
) -> Result<(Outputs, Value), CallError> {
    if is_empty(plan, headers, body) {
        return Ok((empty(plan), Value::Null));
    }
    let page = match &plan.decode {
        Decode::Tree(reader) => reader.read(body, content_type(headers)).map(|tree| {
            let outputs = match plan.outputs.is_empty() {
                true => Outputs::Body(Output::Document { bytes: body.clone(), value: tree.clone() }),
                false => from_tree(plan, reader, body, &tree, notices),
            };
            (outputs, tree)
        }),
        Decode::Whole | Decode::Project(_) => {
            read(plan, headers, body, notices).and_then(|outputs| Ok((outputs, json::read(body)?)))
        }
        Decode::Opaque | Decode::Unreadable(_) => Ok((opaque(plan, body, notices), Value::Null)),
    };
    page.map_err(|error| unexpected(plan.format, headers, body, &error))
}

/// Whether there is nothing to read.
fn is_empty(plan: &plan::Outputs, headers: &HeaderMap, body: &Bytes) -> bool {
    let is_text = !matches!(plan.format, RawFormat::Binary | RawFormat::Avro | RawFormat::Protobuf);
    // A message of defaults alone has no bytes at all, but it has a type.
    let is_message = plan.format == RawFormat::Protobuf && headers.contains_key(CONTENT_TYPE);
    (body.is_empty() && !is_message) || (is_text && body.iter().all(u8::is_ascii_whitespace))
}

fn read(plan: &plan::Outputs, headers: &HeaderMap, body: &Bytes, notices: &mut Notices) -> Result<Outputs, Malformed> {
    match &plan.decode {
        Decode::Opaque | Decode::Unreadable(_) => Ok(opaque(plan, body, notices)),
        Decode::Whole => {
            let raw = whole(body)?;
            Ok(match plan.outputs.as_slice() {
                [] => Outputs::Body(Output::Raw(raw)),
                outputs => {
                    Outputs::Named(outputs.iter().map(|o| (o.name.to_string(), Output::Raw(raw.clone()))).collect())
                }
            })
        }
        Decode::Project(projection) => {
            let found = projection.read(&json::bytes(body)?).map_err(|error| json::malformed(&error))?;
            let mut found = found.into_iter();
            Ok(named(plan, notices, |output, notices| {
                let Shape::Path { path, kind, .. } = &output.shape else { return Output::Value(Value::Null) };
                let mut extraction = Extraction { reading: Reading::default(), notices };
                let value = extraction.typed(found.next().flatten(), *kind, &output.name, &path.to_string());
                Output::Value(value)
            }))
        }
        Decode::Tree(reader) => {
            let tree = reader.read(body, content_type(headers))?;
            Ok(match plan.outputs.is_empty() {
                true => Outputs::Body(Output::Document { bytes: body.clone(), value: tree }),
                false => from_tree(plan, reader, body, &tree, notices),
            })
        }
    }
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok())
}

/// The named outputs of a tree. What is the whole of an answer that is no JSON keeps its bytes.
fn from_tree(plan: &plan::Outputs, reader: &Reader, body: &Bytes, tree: &Value, notices: &mut Notices) -> Outputs {
    named(plan, notices, |output, notices| {
        let mut extraction = Extraction { reading: reader.reading(), notices };
        let value = extraction.extract(&output.shape, tree, &output.name);
        match &output.shape {
            Shape::Path { path, max_length: None, .. } if path.is_root() && !reader.is_json() => {
                Output::Document { bytes: body.clone(), value }
            }
            Shape::Path { .. }
            | Shape::Constant(_)
            | Shape::Object { .. }
            | Shape::Array { .. }
            | Shape::Map { .. } => Output::Value(value),
        }
    })
}

fn named(
    plan: &plan::Outputs,
    notices: &mut Notices,
    mut value: impl FnMut(&plan::Output, &mut Notices) -> Output,
) -> Outputs {
    let outputs = plan.outputs.iter().map(|output| {
        notices.at = output.span;
        (output.name.to_string(), value(output, notices))
    });
    Outputs::Named(outputs.collect())
}

/// An answer without a body: every declared output is null.
fn empty(plan: &plan::Outputs) -> Outputs {
    if plan.outputs.is_empty() {
        return Outputs::Empty;
    }
    named(plan, &mut Notices::default(), |_, _| Output::Value(Value::Null))
}

/// An answer that is not taken apart: outputs of the whole get it as it is.
fn opaque(plan: &plan::Outputs, body: &Bytes, notices: &mut Notices) -> Outputs {
    if plan.outputs.is_empty() {
        return Outputs::Body(Output::Bytes(body.clone()));
    }
    named(plan, notices, |output, notices| match &output.shape {
        Shape::Path { path, .. } if path.is_root() => Output::Bytes(body.clone()),
        Shape::Constant(value) => Output::Value(value.clone()),
        Shape::Path { .. } | Shape::Object { .. } | Shape::Array { .. } | Shape::Map { .. } => {
            notices.push(format!("`{}` is null: answers in `{}` are not taken apart", output.name, plan.format));
            Output::Value(Value::Null)
        }
    })
}

/// Checks that a body is JSON, without building it. The surrounding white space is left behind.
fn whole(body: &Bytes) -> Result<Box<RawValue>, Malformed> {
    let bytes = json::bytes(body)?;
    let raw = serde_json::from_slice::<&RawValue>(&bytes);
    let raw = raw.map_err(|error| json::malformed(&error))?;
    json::check_depth(raw.get())?;
    Ok(raw.to_owned())
}

fn unexpected(format: RawFormat, headers: &HeaderMap, body: &Bytes, error: &Malformed) -> CallError {
    let content_type = headers.get(CONTENT_TYPE).map(|v| String::from_utf8_lossy(v.as_bytes()));
    let what = named_format(format);
    let said = content_type.as_deref().and_then(format_of).filter(|said| *said != format);
    let help = match said {
        Some(said) => format!("the content type says `{said}`: where that is meant, declare `outputRawFormat: {said}`"),
        None => "declare the format with `outputRawFormat`, or see the answer with `--format raw`".to_owned(),
    };
    CallError::new(Code::UnexpectedContent, format!("the answer is not the {what} that was declared: {error}"))
        .detail(format!("content type: {}", content_type.as_deref().unwrap_or("none")))
        .detail(format!("the answer begins: {}", preview(body)))
        .with_help(help)
}

/// The beginning of a body: as text where it is one, else in hexadecimal digits.
fn preview(body: &Bytes) -> String {
    let is_text = !body.iter().take(PREVIEW_BYTES_MAX).any(|b| *b < b' ' && !b.is_ascii_whitespace());
    let (text, shown) = if is_text {
        let shown = body.len().min(PREVIEW_BYTES_MAX);
        (String::from_utf8_lossy(&body[..shown]).trim().to_owned(), shown)
    } else {
        let shown = body.len().min(PREVIEW_HEX_BYTES_MAX);
        (body[..shown].iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" "), shown)
    };
    if body.len() > shown { format!("{text}…") } else { text }
}

/// A format as people write it.
fn named_format(format: RawFormat) -> &'static str {
    match format {
        RawFormat::Json => "JSON",
        RawFormat::Xml => "XML",
        RawFormat::Yaml => "YAML",
        RawFormat::Csv => "CSV",
        RawFormat::Tsv => "TSV",
        RawFormat::Psv => "PSV",
        RawFormat::Html => "HTML",
        RawFormat::Markdown => "Markdown",
        RawFormat::Avro => "Avro",
        RawFormat::Protobuf => "Protocol Buffers message",
        RawFormat::Text => "text",
        RawFormat::Binary => "content",
    }
}

/// The format that a media type stands for.
fn format_of(media_type: &str) -> Option<RawFormat> {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    Some(match essence.as_str() {
        "application/json" | "text/json" => RawFormat::Json,
        "application/xml" | "text/xml" => RawFormat::Xml,
        "application/yaml" | "application/x-yaml" | "text/yaml" | "text/x-yaml" => RawFormat::Yaml,
        "text/csv" | "application/csv" => RawFormat::Csv,
        "text/tab-separated-values" => RawFormat::Tsv,
        "text/html" | "application/xhtml+xml" => RawFormat::Html,
        "text/markdown" => RawFormat::Markdown,
        "application/avro" | "avro/binary" | "application/vnd.apache.avro" => RawFormat::Avro,
        "application/protobuf" | "application/x-protobuf" | "application/vnd.google.protobuf" => RawFormat::Protobuf,
        other if other.ends_with("+json") => RawFormat::Json,
        other if other.ends_with("+xml") => RawFormat::Xml,
        other if other.ends_with("+yaml") => RawFormat::Yaml,
        _ => return None,
    })
}
