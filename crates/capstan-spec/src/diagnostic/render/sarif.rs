//! Diagnostics as a SARIF 2.1.0 log, which code hosts show beside the lines.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::position::Place;
use crate::diagnostic::{Code, Diagnostic, Fix, Label, Severity};
use crate::source::{SourceMap, Span};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// One log with one run over all `reports`, each the files and the problems of one load.
///
/// Every code is a rule of the driver, whether it was reported or not, so that a rule's index
/// never depends on the files. Columns count characters (`unicodeCodePoints`).
pub fn sarif<'a>(reports: impl IntoIterator<Item = (&'a SourceMap, &'a [Diagnostic])>) -> Value {
    let results: Vec<Value> = reports
        .into_iter()
        .flat_map(|(sources, diagnostics)| diagnostics.iter().map(move |d| result(sources, d)))
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver() },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn driver() -> Value {
    json!({
        "name": "capstan",
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": Code::ALL.iter().map(|code| rule(*code)).collect::<Vec<_>>(),
    })
}

fn rule(code: Code) -> Value {
    let page = code.page();
    json!({
        "id": code.as_str(),
        "name": format!("{code:?}"),
        "shortDescription": { "text": code.title() },
        "fullDescription": { "text": summary(&page) },
        "help": { "text": page, "markdown": page },
        "defaultConfiguration": { "level": level(code.severity()) },
    })
}

/// The first paragraph below the title, on one line.
fn summary(page: &str) -> String {
    let paragraph = page.lines().skip(1).skip_while(|l| l.is_empty()).take_while(|l| !l.is_empty());
    paragraph.collect::<Vec<_>>().join(" ")
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn result(sources: &SourceMap, diagnostic: &Diagnostic) -> Value {
    let mut entry = Map::new();
    entry.insert("ruleId".into(), diagnostic.code.as_str().into());
    entry.insert("ruleIndex".into(), index(diagnostic.code).into());
    entry.insert("level".into(), level(diagnostic.severity).into());
    entry.insert("message".into(), json!({ "text": message(diagnostic) }));
    if let Some(physical) = physical(sources, diagnostic.span) {
        entry.insert("locations".into(), json!([{ "physicalLocation": physical }]));
    }
    let related: Vec<Value> = diagnostic.labels.iter().filter_map(|l| related(sources, l)).collect();
    if !related.is_empty() {
        entry.insert("relatedLocations".into(), related.into());
    }
    if let Some(fix) = diagnostic.fix.as_ref().and_then(|f| fix(sources, f)) {
        entry.insert("fixes".into(), json!([fix]));
    }
    Value::Object(entry)
}

fn index(code: Code) -> usize {
    Code::ALL.binary_search(&code).expect("`ALL` holds every code in order")
}

/// The message with the advice below it: viewers show nothing else of a result.
fn message(diagnostic: &Diagnostic) -> String {
    let mut text = diagnostic.message.clone();
    for help in &diagnostic.help {
        text.push('\n');
        text.push_str(help);
    }
    text
}

fn related(sources: &SourceMap, label: &Label) -> Option<Value> {
    let physical = physical(sources, label.span)?;
    Some(json!({ "physicalLocation": physical, "message": { "text": label.text } }))
}

fn fix(sources: &SourceMap, fix: &Fix) -> Option<Value> {
    let place = Place::of(sources, fix.span)?;
    let replacement = json!({
        "deletedRegion": region(&place)?,
        "insertedContent": { "text": fix.replacement },
    });
    Some(json!({
        "artifactChanges": [{
            "artifactLocation": { "uri": uri(place.file.name()) },
            "replacements": [replacement],
        }],
    }))
}

fn physical(sources: &SourceMap, span: Span) -> Option<Value> {
    let place = Place::of(sources, span)?;
    let mut entry = Map::new();
    entry.insert("artifactLocation".into(), json!({ "uri": uri(place.file.name()) }));
    if let Some(region) = region(&place) {
        entry.insert("region".into(), region);
    }
    Some(Value::Object(entry))
}

fn region(place: &Place<'_>) -> Option<Value> {
    let (start, end) = place.range?;
    Some(json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    }))
}

/// A path as a URI reference (RFC 3986): a relative one stays relative, an absolute one gets
/// the scheme `file`, and every character that has a meaning in a URI is encoded.
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let drive = path.as_bytes().get(1) == Some(&b':') && path.as_bytes().get(2) == Some(&b'/');
    let mut uri = match (path.starts_with('/'), drive) {
        (true, _) => String::from("file://"),
        (false, true) => String::from("file:///"),
        (false, false) => String::new(),
    };
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            b':' if drive => uri.push(':'),
            byte => {
                let _ = write!(uri, "%{byte:02X}"); // a String takes any text
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_become_uri_references() {
        assert_eq!(uri("capabilities/a b#1.yaml"), "capabilities/a%20b%231.yaml");
        assert_eq!(uri("a:b.yaml"), "a%3Ab.yaml");
        assert_eq!(uri("/tmp/ü.yaml"), "file:///tmp/%C3%BC.yaml");
        assert_eq!(uri(r"C:\caps\a.yaml"), "file:///C:/caps/a.yaml");
        assert_eq!(uri(r"caps\a.yaml"), "caps/a.yaml");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
    }
}
