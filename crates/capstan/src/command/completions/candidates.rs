//! What a capability file has to offer for the word under the cursor.

use std::path::Path;
use std::sync::Arc;

use capstan_engine::bindings::RealFiles;
use capstan_engine::{InputView, Plan};
use capstan_spec::document::ValueType;
use clap_complete::CompletionCandidate;

use super::Line;
use crate::command::names::named;
use crate::command::table::{cut, line};

/// Columns of the help beside a candidate.
const HELP_WIDTH: usize = 60;

/// The operations whose names begin so.
pub(super) fn operations(line: &Line, current: &str) -> Vec<CompletionCandidate> {
    let Some(plan) = plan(line) else { return Vec::new() };
    let named = named(&plan).into_iter().filter(|(name, _)| name.starts_with(current));
    named.map(|(name, operation)| candidate(name, operation.description())).collect()
}

/// The parameters of the operation that are not on the line yet; behind `=` the values allowed.
pub(super) fn parameters(line: &Line, current: &str) -> Vec<CompletionCandidate> {
    let Some(plan) = plan(line) else { return Vec::new() };
    let Some(Ok(id)) = line.operation().map(|name| plan.find(name)) else { return Vec::new() };
    let operation = plan.catalogue().operation(id);
    let inputs = || operation.inputs();
    if let Some((name, start)) = current.split_once('=') {
        let name = name.trim_end_matches(':');
        return inputs().filter(|i| i.name() == name).flat_map(|i| values(&i, &format!("{name}="), start)).collect();
    }
    // Bash takes `=` for the end of a word: what was typed before it is then a word of its own.
    if let Some(input) = split_at_equals(line, current).and_then(|name| inputs().find(|i| i.name() == name)) {
        return values(&input, "", current);
    }
    let given = |name: &str| line.parameters().iter().any(|word| word.split([':', '=']).next() == Some(name));
    let open = inputs().filter(|i| i.name().starts_with(current) && (i.name() == current || !given(i.name())));
    open.map(|input| candidate(format!("{}{}", input.name(), sign(&input)), Some(&help(&input)))).collect()
}

/// The name before an `=` that stands, or stood, right before the current word.
fn split_at_equals<'l>(line: &'l Line, current: &str) -> Option<&'l str> {
    match line.parameters() {
        [.., name, equals, last] if equals == "=" && last == current => Some(name),
        // Right behind the sign, Bash gives an empty word in its place.
        [.., name, last] if last.is_empty() && current.is_empty() && !name.contains('=') => Some(name),
        _ => None,
    }
}

fn values(input: &InputView<'_>, prefix: &str, start: &str) -> Vec<CompletionCandidate> {
    let booleans = ["true", "false"].map(str::to_owned).to_vec();
    let values: Vec<String> = match input.kind() {
        ValueType::Boolean => booleans,
        _ => input.one_of().iter().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).collect(),
    };
    let fitting = values.into_iter().filter(|value| value.starts_with(start));
    fitting.map(|value| candidate(format!("{prefix}{value}"), None)).collect()
}

/// `:=` where only JSON can be meant.
fn sign(input: &InputView<'_>) -> &'static str {
    match input.kind() {
        ValueType::Object | ValueType::Array | ValueType::Json => ":=",
        _ => "=",
    }
}

fn help(input: &InputView<'_>) -> String {
    let required = if input.is_required() { "required" } else { "optional" };
    let text = input.description().map(|text| format!(": {text}")).unwrap_or_default();
    format!("{required}, {}, {}{text}", input.place(), input.kind())
}

fn candidate(value: String, help: Option<&str>) -> CompletionCandidate {
    let help = help.map(|text| cut(&line(text), HELP_WIDTH).into_owned());
    CompletionCandidate::new(value).help(help.map(Into::into))
}

fn plan(line: &Line) -> Option<Arc<Plan>> {
    capstan_engine::load(Path::new(line.file()?), &RealFiles).plan
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../capabilities/kinde-organizations.yaml");

    fn line_of(words: &[&str]) -> Line {
        let words = ["capstan", "call", KINDE].into_iter().chain(words.iter().copied());
        Line::new(words.map(str::to_owned).collect())
    }

    fn texts(candidates: &[CompletionCandidate]) -> Vec<String> {
        candidates.iter().map(|c| c.get_value().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn operations_complete_by_their_beginning() {
        let found = operations(&line_of(&["update"]), "update");
        assert_eq!(texts(&found), ["updateOrganization", "updateOrganizationFeatureFlag"]);
        assert_eq!(
            found[0].get_help().map(ToString::to_string).as_deref(),
            Some("Update an organization's properties.")
        );
    }

    #[test]
    fn parameters_complete_until_they_are_given() {
        assert_eq!(texts(&parameters(&line_of(&["updateOrganization", ""]), "")), ["org_code=", "body:="]);
        let given = line_of(&["updateOrganization", "org_code=org_1", ""]);
        assert_eq!(texts(&parameters(&given, "")), ["body:="]);
    }

    #[test]
    fn an_unknown_file_or_operation_offers_nothing() {
        assert!(parameters(&line_of(&["nothing", ""]), "").is_empty());
        assert!(operations(&Line::new(["capstan", "call", "nowhere.yaml"].map(str::to_owned).to_vec()), "").is_empty());
    }
}
