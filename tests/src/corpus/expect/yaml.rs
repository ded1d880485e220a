//! YAML values as an author means them: named collections in both forms, scalars as text.

use serde_json::Value;

/// The members of a list with `name`s or of a mapping; the name comes first.
pub(super) fn items(value: &serde_yaml::Value) -> Vec<(String, &serde_yaml::Value)> {
    match value {
        serde_yaml::Value::Sequence(list) => {
            let name = |item: &serde_yaml::Value| text(&item["name"]).or(text(&item["id"]));
            list.iter().map(|item| (name(item).unwrap_or_default(), item)).collect()
        }
        serde_yaml::Value::Mapping(members) => {
            let named = members.iter().map(|(name, item)| (text(name).unwrap_or_default(), item));
            named.collect()
        }
        _ => Vec::new(),
    }
}

/// A scalar as text.
pub(super) fn text(value: &serde_yaml::Value) -> Option<String> {
    match value {
        serde_yaml::Value::String(text) => Some(text.clone()),
        serde_yaml::Value::Number(number) => Some(number.to_string()),
        serde_yaml::Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// The same value in JSON.
pub(super) fn to_json(value: &serde_yaml::Value) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}
