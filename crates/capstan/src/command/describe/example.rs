//! A ready example: the command that calls an operation with plausible values.

use std::borrow::Cow;

use crate::shell::quoted;
use capstan_engine::{InputView, OperationView};
use capstan_spec::document::ValueType;
use serde_json::Value;

/// The longest name of a thing that an example repeats. Longer ones hide the command.
const STEM_CHARACTERS_MAX: usize = 24;

/// The command, quoted for a POSIX shell; only what is required is given.
pub(super) fn command(file: &str, name: &str, operation: &OperationView<'_>) -> String {
    let mut words = vec!["capstan".to_owned(), "call".to_owned(), file.to_owned(), name.to_owned()];
    let required = operation.inputs().filter(InputView::is_required);
    words.extend(required.map(|input| argument(&input, operation.resource())));
    if operation.base_uri().is_empty() {
        words.extend(["--base-uri", "https://api.example.com"].map(str::to_owned));
    }
    if !operation.is_authentication_supported() {
        words.extend(["--auth", "bearer:TOKEN"].map(str::to_owned));
    }
    let quoted: Vec<Cow<'_, str>> = words.iter().map(|word| quoted(word)).collect();
    quoted.join(" ")
}

/// `name=text`, `name:=json` or `name=@file`.
fn argument(input: &InputView<'_>, resource: &str) -> String {
    let name = input.name();
    match input.default().or(input.one_of().first()) {
        Some(Value::String(text)) => return format!("{name}={text}"),
        Some(value) => return format!("{name}:={value}"),
        None => {}
    }
    match input.kind() {
        ValueType::Integer => format!("{name}=1"),
        ValueType::Number => format!("{name}=1.5"),
        ValueType::Boolean => format!("{name}=true"),
        ValueType::Array => format!("{name}:=[\"example\"]"),
        ValueType::Object | ValueType::Json => format!("{name}:={{\"name\":\"example\"}}"),
        ValueType::File => format!("{name}=@example.bin"),
        ValueType::String => format!("{name}={}", text(input, resource)),
    }
}

/// A text as the name of a parameter suggests it; where a pattern has to match, a gap to fill.
fn text(input: &InputView<'_>, resource: &str) -> String {
    let name = input.name().to_ascii_lowercase();
    if input.pattern().is_some() {
        return input.name().to_ascii_uppercase();
    }
    let ending = |suffixes: &[&str]| suffixes.iter().any(|suffix| name.ends_with(suffix));
    if name.contains("email") {
        "ada@example.com".to_owned()
    } else if ending(&["url", "uri", "link"]) {
        "https://example.com".to_owned()
    } else if ending(&["date", "since", "until", "from", "to", "day"]) {
        "2026-01-31".to_owned()
    } else if ending(&["id", "code", "key", "slug"]) {
        identifier(&name, resource)
    } else {
        "example".to_owned()
    }
}

/// `org_1` for `org_code`; for a bare `code` the thing is named after the resource.
fn identifier(name: &str, resource: &str) -> String {
    let stem = ["id", "code", "key", "slug"].iter().find_map(|suffix| name.strip_suffix(suffix));
    let stem = stem.unwrap_or_default().trim_end_matches(['_', '-', '.']);
    let stem = if stem.is_empty() { resource.trim_end_matches('s') } else { stem };
    let stem: String = stem.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect();
    match stem.len() {
        0 => "1".to_owned(),
        1..=STEM_CHARACTERS_MAX => format!("{}_1", stem.to_ascii_lowercase()),
        _ => "id_1".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(operation: &str) -> String {
        let text = format!(
            "ikanos: 1.0.0-beta5\ncapability:\n  consumes:\n  - type: http\n    namespace: n\n    resources:\n      organizations:\n        path: /o/{{org_code}}\n        operations:\n          op: {operation}\n"
        );
        let files = capstan_engine::bindings::MapFiles::default();
        let plan = capstan_engine::load_text("a b.yaml", &text, &files).plan.expect("the capability is right");
        let operation = plan.catalogue().operations().next().expect("it has an operation");
        command(plan.file(), operation.name(), &operation)
    }

    #[test]
    fn required_parameters_get_plausible_values() {
        let inputs = "{method: POST, inputParameters: {body: {in: body, type: object, required: true}, code: {in: query, type: string, required: true}, page: {in: query, type: integer}, kind: {in: query, type: string, required: true, enum: [it's]}}}";
        let expected = r#"capstan call 'a b.yaml' op body:='{"name":"example"}' code=organization_1 'kind=it'\''s' org_code=org_1 --base-uri https://api.example.com"#;
        assert_eq!(example(inputs), expected);
    }

    #[test]
    fn identifiers_are_short() {
        assert_eq!(identifier("org_code", "organizations"), "org_1");
        assert_eq!(identifier("code", &"o".repeat(24)), format!("{}_1", "o".repeat(24)));
        assert_eq!(identifier("code", &"o".repeat(25)), "id_1");
        assert_eq!(identifier("id", "%"), "1");
    }
}
