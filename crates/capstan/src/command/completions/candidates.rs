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
    plan(line).map(|plan| parameters_in(&plan, line, current)).unwrap_or_default()
}

fn parameters_in(plan: &Plan, line: &Line, current: &str) -> Vec<CompletionCandidate> {
    let Some(Ok(id)) = line.operation().map(|name| plan.find(name)) else { return Vec::new() };
    let inputs: Vec<InputView<'_>> = plan.catalogue().operation(id).inputs().collect();
    let named = |name: &str| inputs.iter().find(|input| input.name() == name);
    if let Some((name, start)) = current.split_once('=') {
        let values = named(name).map(|input| values(input, &format!("{name}="), start));
        return values.unwrap_or_default();
    }
    if let Some(input) = split_at_equals(line, current).and_then(named) {
        return values(input, "", current);
    }
    let open = inputs.iter().filter(|input| input.name().starts_with(current) && !is_given(line, current, input));
    open.map(|input| candidate(format!("{}{}", input.name(), sign(input)), Some(&help(input)))).collect()
}

/// Whether the line gives a parameter in another word than the one under the cursor.
fn is_given(line: &Line, current: &str, input: &InputView<'_>) -> bool {
    let name = |word: &String| word.split([':', '=']).next() == Some(input.name());
    line.parameters().iter().any(|word| word != current && name(word))
}

/// The name before an `=` that stands, or stood, right before the current word: Bash takes the
/// sign for the end of a word, so that what was typed before it is a word of its own.
fn split_at_equals<'l>(line: &'l Line, current: &str) -> Option<&'l str> {
    match line.parameters() {
        [.., name, equals, last] if equals == "=" && last == current => Some(name),
        // Right behind the sign, there is an empty word in its place.
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

    fn values_of(words: &[&str]) -> Vec<String> {
        let text = "ikanos: 1.0.0-beta5\ncapability:\n  consumes:\n  - {type: http, namespace: n, baseUri: 'https://example.com', resources: {r: {path: /r, operations: {op: {method: GET, inputParameters: {state: {in: query, type: string, enum: [open, closed]}, all: {in: query, type: boolean}}}}}}}\n";
        let files = capstan_engine::bindings::MapFiles::default();
        let plan = capstan_engine::load_text("a.yaml", text, &files).plan.expect("the capability is right");
        let all = ["capstan", "call", "a.yaml", "op"].iter().chain(words).map(ToString::to_string);
        let current = words.last().copied().unwrap_or_default();
        texts(&parameters_in(&plan, &Line::new(all.collect()), current))
    }

    #[test]
    fn values_complete_where_the_file_names_them() {
        assert_eq!(values_of(&["state=o"]), ["state=open"]);
        assert_eq!(values_of(&["all=true", "state="]), ["state=open", "state=closed"]);
        assert_eq!(values_of(&["all="]), ["all=true", "all=false"]);
    }

    #[test]
    fn values_complete_where_the_shell_splits_words_at_the_sign() {
        assert_eq!(values_of(&["state", ""]), ["open", "closed"]);
        assert_eq!(values_of(&["state", "=", "cl"]), ["closed"]);
    }

    #[test]
    fn an_unknown_file_or_operation_offers_nothing() {
        assert!(parameters(&line_of(&["nothing", ""]), "").is_empty());
        assert!(operations(&Line::new(["capstan", "call", "nowhere.yaml"].map(str::to_owned).to_vec()), "").is_empty());
    }
}
