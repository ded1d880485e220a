//! A description for people.

use std::borrow::Cow;

use capstan_engine::{FixedView, InputView, OutputView, PaginationView, Plan, VariableState};
use serde_json::Value;

use super::Subject;
use crate::command::list::Layout;
use crate::command::table::{line, table};

/// Columns before the rows of a section.
const INDENT: usize = 2;

/// A file: what it is about, and its operations.
pub(super) fn file(plan: &Plan, layout: &Layout) -> String {
    let catalogue = plan.catalogue();
    let mut out = layout.bold(&line(catalogue.title().unwrap_or(plan.file())));
    out.push('\n');
    if let Some(text) = catalogue.description().filter(|text| !text.trim().is_empty()) {
        out.push_str(&paragraph(text, layout));
    }
    out.push('\n');
    out + &layout.operations(plan)
}

/// An operation.
pub(super) fn operation(subject: &Subject<'_>, layout: &Layout) -> String {
    let operation = &subject.operation;
    let mut page = Page { layout, out: String::new() };
    page.out = layout.bold(&line(&subject.name)) + "\n";
    if let Some(text) = operation.description() {
        page.out.push_str(&paragraph(text, layout));
    }
    page.section("Request", &[[request(subject).into()]]);
    page.section("Parameters", &operation.inputs().map(|input| parameter(&input)).collect::<Vec<_>>());
    page.section("Fixed by the file", &operation.fixed().map(|fixed| constant(&fixed)).collect::<Vec<_>>());
    page.section("Outputs", &outputs(operation.outputs()));
    if let Some(pagination) = operation.pagination() {
        page.section("Pages", &[[pages(&pagination).into()]]);
    }
    page.section("Authentication", &[[operation.authentication().unwrap_or_else(|| "none".to_owned()).into()]]);
    page.section("Variables", &subject.variables.iter().map(variable).collect::<Vec<_>>());
    if let Some(location) = operation.location() {
        page.section("Defined at", &[[location.into()]]);
    }
    page.whole("Example", &subject.example());
    page.out
}

struct Page<'l> {
    layout: &'l Layout,
    out: String,
}

impl Page<'_> {
    /// A heading with its rows; nothing where there are none.
    fn section<const N: usize>(&mut self, title: &str, rows: &[[Cow<'_, str>; N]]) {
        if rows.is_empty() {
            return;
        }
        // A single column is something to read or copy as a whole.
        let width = self.layout.width.filter(|_| N > 1);
        let rows = table(rows, width, INDENT);
        self.heading(title);
        self.out.push_str(&rows);
    }

    /// A heading with a text that is kept as it is, but for what would act on a terminal.
    fn whole(&mut self, title: &str, text: &str) {
        self.heading(title);
        let text = capstan_spec::diagnostic::render::visible(text);
        self.out.push_str(&format!("{:INDENT$}{text}\n", ""));
    }

    fn heading(&mut self, title: &str) {
        self.out.push_str(&format!("\n{}\n", self.layout.bold(title)));
    }
}

fn request(subject: &Subject<'_>) -> String {
    let operation = &subject.operation;
    let base = match operation.base_uri() {
        "" => "(no base URI: give one with --base-uri)",
        base => base.trim_end_matches('/'),
    };
    let slash = if matches!(operation.path().chars().next(), None | Some('/' | '?')) { "" } else { "/" };
    format!("{} {base}{slash}{}", operation.method(), operation.path())
}

/// How a list is followed, and where that comes from.
fn pages(pagination: &PaginationView<'_>) -> String {
    let by = pagination.parameter().map(|name| format!(" `{name}`")).unwrap_or_default();
    match pagination.is_recognised() {
        true => {
            let line = pagination.to_yaml();
            format!(
                "--all follows them by {}{by}: recognised by its name; to be sure, declare `{line}`",
                pagination.kind()
            )
        }
        false => format!("--all follows them by {}{by}", pagination.kind()),
    }
}

fn parameter<'a>(input: &InputView<'a>) -> [Cow<'a, str>; 5] {
    [
        input.name().into(),
        input.place().to_string().into(),
        input.kind().as_str().into(),
        if input.is_required() { "required" } else { "" }.into(),
        remarks(input).into(),
    ]
}

/// What a parameter means, and what its value has to be like.
fn remarks(input: &InputView<'_>) -> String {
    let description = input.description().map(line).filter(|text| !text.is_empty());
    let implied = (!input.is_declared()).then(|| "implied by its placeholder".to_owned());
    let default = input.default().map(|value| format!("default {}", plain(value)));
    let values: Vec<String> = input.one_of().iter().map(plain).collect();
    let one_of = (!values.is_empty()).then(|| format!("one of {}", values.join(", ")));
    let pattern = input.pattern().map(|pattern| format!("matches {pattern}"));
    let length = input.max_length().map(|n| format!("at most {n} characters"));
    let facts: Vec<String> = [implied, default, one_of, pattern, length].into_iter().flatten().collect();
    match (description, facts.is_empty()) {
        (Some(description), true) => description,
        (Some(description), false) => format!("{description} ({})", facts.join("; ")),
        (None, _) => facts.join("; "),
    }
}

/// A value as it is typed.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn constant<'a>(fixed: &FixedView<'a>) -> [Cow<'a, str>; 4] {
    let description = fixed.description().unwrap_or_default();
    [fixed.name().into(), fixed.place().to_string().into(), fixed.value().into(), description.into()]
}

fn outputs<'a>(outputs: impl Iterator<Item = OutputView<'a>>) -> Vec<[Cow<'a, str>; 3]> {
    let row = |output: OutputView<'a>| {
        let kind = output.kind().map_or("", |kind| kind.as_str());
        [output.name().into(), kind.into(), output.path().unwrap_or_else(|| "(constant)".to_owned()).into()]
    };
    let rows: Vec<_> = outputs.map(row).collect();
    let body = || vec![["(the body as it is)".into(), "".into(), "".into()]];
    if rows.is_empty() { body() } else { rows }
}

fn variable(state: &VariableState) -> [Cow<'_, str>; 3] {
    let source = match &state.location {
        Some(location) => format!("`{}` in {location}", state.key),
        None if state.key == state.name => "environment".to_owned(),
        None => format!("`{}` in the environment", state.key),
    };
    // The environment has one reason only, which "not set" says already.
    let reason = state.missing.as_deref().filter(|_| state.location.is_some());
    let is_set = match (&state.missing, reason) {
        (None, _) => "set".to_owned(),
        (Some(_), None) => "not set".to_owned(),
        (Some(_), Some(reason)) => format!("not set: {reason}"),
    };
    [state.name.as_str().into(), source.into(), is_set.into()]
}

/// Text broken at blanks to the width of the terminal; as it is for a pipe.
fn paragraph(text: &str, layout: &Layout) -> String {
    use unicode_width::UnicodeWidthStr;
    let text = line(text);
    let Some(width) = layout.width else { return text + "\n" };
    let mut out = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let gap = if column == 0 {
            ""
        } else if column + 1 + word.width() <= width {
            " "
        } else {
            "\n"
        };
        column = if gap == " " { column + 1 + word.width() } else { word.width() };
        out.push_str(gap);
        out.push_str(word);
    }
    out + "\n"
}

#[cfg(test)]
mod tests {
    use capstan_spec::diagnostic::render::Style;

    use super::*;

    #[test]
    fn paragraphs_are_broken_for_a_terminal_only() {
        let layout = |width| Layout { width, headed: false, style: Style::Plain };
        assert_eq!(paragraph("one two\n three", &layout(Some(7))), "one two\nthree\n");
        assert_eq!(paragraph("one two\n three", &layout(None)), "one two three\n");
    }

    #[test]
    fn a_variable_never_shows_its_value() {
        let state = |location: Option<&str>, missing: Option<&str>| VariableState {
            name: "TOKEN".to_owned(),
            key: "TOKEN".to_owned(),
            location: location.map(str::to_owned),
            missing: missing.map(str::to_owned),
        };
        assert_eq!(variable(&state(None, None)), ["TOKEN", "environment", "set"]);
        assert_eq!(variable(&state(None, Some("not set in the environment")))[2], "not set");
        let file = state(Some("file:///./x.yaml"), Some("`x.yaml` has no key `TOKEN`"));
        assert_eq!(variable(&file)[1..], ["`TOKEN` in file:///./x.yaml", "not set: `x.yaml` has no key `TOKEN`"]);
    }
}
