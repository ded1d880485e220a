//! A diagnostic as one JSON object, for scripts and editors.

use serde_json::{Map, Value, json as object};

use super::position::Place;
use crate::diagnostic::{Diagnostic, Fix, Label};
use crate::source::{SourceMap, Span};

/// One object: `code`, `severity`, `message`, the place, `labels`, `help`, `fix`.
///
/// A place is `file`, `line`, `column`, `end_line` and `end_column`: numbers from one, columns in
/// characters, the end one past the last character; `null` where the file has no text. Each of
/// `labels` is a place with a `text`, `fix` is `null` or a place with a `replacement`.
pub fn json(sources: &SourceMap, diagnostic: &Diagnostic) -> Value {
    let mut entry = Map::new();
    entry.insert("code".into(), diagnostic.code.as_str().into());
    entry.insert("severity".into(), diagnostic.severity.to_string().into());
    entry.insert("message".into(), diagnostic.message.as_str().into());
    entry.extend(place(sources, diagnostic.span));
    let labels = diagnostic.labels.iter().map(|l| label(sources, l));
    entry.insert("labels".into(), labels.collect());
    entry.insert("help".into(), diagnostic.help.clone().into());
    entry.insert("fix".into(), diagnostic.fix.as_ref().map(|f| fix(sources, f)).into());
    Value::Object(entry)
}

fn label(sources: &SourceMap, label: &Label) -> Value {
    let mut entry = place(sources, label.span);
    entry.insert("text".into(), label.text.as_str().into());
    Value::Object(entry)
}

fn fix(sources: &SourceMap, fix: &Fix) -> Value {
    let mut entry = place(sources, fix.span);
    entry.insert("replacement".into(), fix.replacement.as_str().into());
    Value::Object(entry)
}

fn place(sources: &SourceMap, span: Span) -> Map<String, Value> {
    let place = Place::of(sources, span);
    let (start, end) = place.as_ref().and_then(|p| p.range).unzip();
    let fields = object!({
        "file": place.map(|p| p.file.name()),
        "line": start.map(|p| p.line),
        "column": start.map(|p| p.column),
        "end_line": end.map(|p| p.line),
        "end_column": end.map(|p| p.column),
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
