//! What a page holds, in words.

use serde_json::{Map, Value};

use crate::decode::described;
use crate::limits::{PAGE_MEMBER_CHARS_MAX, PAGE_MEMBERS_SHOWN_MAX};

/// What a page is, and what it has at its top.
pub(super) fn contents(body: &Value) -> String {
    match body {
        Value::Object(members) if !members.is_empty() => format!("an object with {}", named(members)),
        Value::Object(_) => "an empty object".to_owned(),
        other => described(other).to_owned(),
    }
}

fn named(members: &Map<String, Value>) -> String {
    let shown = members.iter().take(PAGE_MEMBERS_SHOWN_MAX);
    let shown = shown.map(|(name, value)| {
        let name: String = name.chars().take(PAGE_MEMBER_CHARS_MAX).collect();
        format!("`{name}` ({})", described(value))
    });
    let shown: Vec<String> = shown.collect();
    let more = if members.len() > PAGE_MEMBERS_SHOWN_MAX { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}
