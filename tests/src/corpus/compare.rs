//! Holds a request that arrived against the expected one.
//!
//! The bytes are decoded here, after a check that nothing stands raw that must be encoded: which
//! harmless characters an encoder spares is its own affair, what they mean is not.

use serde_json::Value;

use super::expect::{Body, Expected};
use crate::emulator::{Received, percent_decode};

/// All differences, or nothing.
pub(super) fn compare(expected: &Expected, request: &Received) -> Result<(), String> {
    let mut wrong = Vec::new();
    let mut same = |what: &str, expected: String, found: String| {
        if expected != found {
            wrong.push(format!("{what}\n  - {expected}\n  + {found}"));
        }
    };
    let path = request.path();
    let segments: Vec<String> = path.split('/').map(|s| percent_decode(s, false)).collect();
    same("method", expected.method.clone(), request.method.clone());
    same("path", format!("{:?}", expected.segments), format!("{segments:?}"));
    same("query", format!("{:?}", expected.query), format!("{:?}", request.query()));
    for (name, value) in &expected.headers {
        same(name, value.clone(), request.header(name).unwrap_or("(absent)".into()));
    }
    if let Err(problem) = compare_body(&expected.body, request) {
        wrong.push(problem);
    }
    let raw = |c: char| !c.is_ascii_graphic() || "\"<>\\^`{|}#".contains(c);
    if let Some(c) = request.target.chars().find(|c| raw(*c)) {
        wrong.push(format!("{c:?} stands raw in {}", request.target));
    }
    wrong.is_empty().then_some(()).ok_or_else(|| wrong.join("\n"))
}

fn compare_body(expected: &Body, request: &Received) -> Result<(), String> {
    let found = String::from_utf8_lossy(&request.body);
    let same = match expected {
        Body::None => found.is_empty(),
        Body::Text(text) => *text == found,
        Body::Json(value) => {
            let parsed = serde_json::from_str::<Value>(&found).ok();
            parsed.as_ref() == Some(value) || value.as_str() == Some(&*found)
        }
        Body::Form(pairs) => form(&found) == *pairs,
        Body::Multipart(pairs) => {
            pairs.iter().all(|(name, value)| found.contains(&format!("name=\"{name}\"")) && found.contains(value))
        }
    };
    same.then_some(()).ok_or_else(|| format!("body\n  - {}\n  + {found}", shown(expected)))
}

fn form(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (percent_decode(name, true), percent_decode(value, true))).collect()
}

fn shown(body: &Body) -> String {
    match body {
        Body::None => "(none)".to_owned(),
        Body::Text(text) => text.clone(),
        Body::Json(value) => value.to_string(),
        Body::Form(pairs) | Body::Multipart(pairs) => format!("{pairs:?}"),
    }
}
