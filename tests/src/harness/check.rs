//! Compares what a run left with what the case expects.
//!
//! Exact texts can be mended by the update; exit codes, `contains`, `lacks`, `json subset` and
//! counts state behaviour and never are, so that an update cannot hide a break.

use std::collections::BTreeMap;

use serde_json::Value;

use super::case::Case;
use super::diagnostics;
use super::setup::{Expect, Mode, Run, Stream, What};

/// What a run left, filtered.
pub(super) struct Observed {
    pub(super) exit: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
    /// All requests that the server saw, as text.
    pub(super) request: String,
    /// The body of the last request of the server.
    pub(super) body: String,
    /// All that the other origin saw.
    pub(super) other: String,
    pub(super) requests: usize,
    pub(super) others: usize,
    pub(super) files: BTreeMap<String, String>,
    /// Unfiltered, for the search for secrets.
    pub(super) raw: Vec<(String, Vec<u8>)>,
}

/// Something that is not as expected.
pub(crate) struct Problem {
    pub(crate) text: String,
    /// Whether the update may write what is instead of what was expected.
    pub(crate) mendable: bool,
}

/// What the update writes.
pub(crate) struct Update {
    /// The section that changes, or behind which a new one stands.
    pub(crate) section: usize,
    pub(crate) change: Change,
}

/// One change of a case.
pub(crate) enum Change {
    Head(String),
    Body(String),
    /// A further section: its head and body.
    Insert(String, String),
}

/// Adds to the lists what differs and how it would be mended.
pub(super) fn compare(
    case: &Case,
    run: &Run,
    observed: &Observed,
    problems: &mut Vec<Problem>,
    updates: &mut Vec<Update>,
) {
    let before = problems.len();
    for expect in &run.expects {
        let body = &case.sections[expect.section].body;
        if let Err(problem) = check(expect, body, observed) {
            problems.push(located(case, expect.section, problem));
            updates.extend(mend(expect, observed));
        }
    }
    check_diagnostics(case, run, observed, problems, updates);
    if run.expects.iter().all(|e| !matches!(e.what, What::Exit(_))) && run.marked.is_none() {
        let text = "no `expect exit` stands below this run".to_owned();
        problems.push(located(case, run.section, Problem { text, mendable: false }));
    }
    if problems.len() > before {
        let text = format!("the whole run: exit {}\n{}", observed.exit, transcript(observed));
        problems.push(Problem { text, mendable: true });
    }
}

fn located(case: &Case, section: usize, problem: Problem) -> Problem {
    let head = &case.sections[section].head;
    Problem { text: format!("{} ({head})\n{}", case.place(section), problem.text), ..problem }
}

fn transcript(observed: &Observed) -> String {
    let parts = [
        ("stdout", &observed.stdout),
        ("stderr", &observed.stderr),
        ("requests", &observed.request),
        ("requests to the other origin", &observed.other),
    ];
    let shown = parts.iter().filter(|(_, text)| !text.is_empty());
    shown.map(|(name, text)| format!("~~~ {name}\n{}", shortened(text))).collect()
}

/// A text whose middle is left out when nobody would read it.
fn shortened(text: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 6000;
    if text.chars().count() <= SHOWN_CHARS_MAX {
        return text.to_owned();
    }
    let head: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    format!("{head}\n… {} bytes in all\n", text.len())
}

fn check(expect: &Expect, body: &str, observed: &Observed) -> Result<(), Problem> {
    match &expect.what {
        What::Exit(Some(code)) => count("exit code", *code as usize, observed.exit as usize),
        What::Exit(None) => {
            let text = format!("the exit code {} is not written yet", observed.exit);
            Err(Problem { text, mendable: true })
        }
        What::Requests(number) => count("number of requests", *number, observed.requests),
        What::OtherRequests(number) => count("number of requests", *number, observed.others),
        What::Diagnostics => Ok(()),
        What::Text(stream, mode) => compare_text(*mode, body, text(stream, observed)),
    }
}

fn text<'a>(stream: &Stream, observed: &'a Observed) -> Option<&'a str> {
    match stream {
        Stream::Stdout => Some(&observed.stdout),
        Stream::Stderr => Some(&observed.stderr),
        Stream::Request => Some(&observed.request),
        Stream::Body => Some(&observed.body),
        Stream::Other => Some(&observed.other),
        Stream::File(name) => observed.files.get(name).map(String::as_str),
    }
}

fn count(what: &str, expected: usize, found: usize) -> Result<(), Problem> {
    let text = format!("the {what} is {found}, not {expected}");
    (expected == found).then_some(()).ok_or(Problem { text, mendable: false })
}

fn compare_text(mode: Mode, expected: &str, found: Option<&str>) -> Result<(), Problem> {
    let stated = |text: String| Problem { text, mendable: false };
    let missing = || stated("there is no such file".to_owned());
    match mode {
        Mode::Empty => match found.unwrap_or("").trim() {
            "" => Ok(()),
            rest => Err(stated(format!("not empty: {}", shortened(rest)))),
        },
        Mode::Exact => compare_exactly(expected, found.ok_or_else(missing)?),
        Mode::Json => compare_json(expected, found.ok_or_else(missing)?),
        Mode::Contains => each_line(expected, found.ok_or_else(missing)?, true).map_err(stated),
        Mode::Lacks => each_line(expected, found.ok_or_else(missing)?, false).map_err(stated),
        Mode::Subset => subset_of(expected, found.ok_or_else(missing)?).map_err(stated),
    }
}

fn compare_exactly(expected: &str, found: &str) -> Result<(), Problem> {
    if expected.trim_end() == found.trim_end() {
        return Ok(());
    }
    let lines = expected.lines().zip(found.lines());
    let same = lines.take_while(|(a, b)| a == b).count();
    let line = |text: &str| text.lines().nth(same).unwrap_or("(nothing more)").to_owned();
    let (expected, found) = (line(expected), line(found));
    let text = format!("line {} differs\n- {expected}\n+ {found}", same + 1);
    Err(Problem { text, mendable: true })
}

fn compare_json(expected: &str, found: &str) -> Result<(), Problem> {
    let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
    let same = parse(expected).is_some_and(|value| parse(found).as_ref() == Some(&value));
    let text = "the JSON values differ".to_owned();
    same.then_some(()).ok_or(Problem { text, mendable: parse(found).is_some() })
}

fn each_line(expected: &str, found: &str, wanted: bool) -> Result<(), String> {
    let lines = expected.lines().filter(|line| !line.trim().is_empty());
    let wrong: Vec<&str> = lines.filter(|line| found.contains(line.trim()) != wanted).collect();
    let what = if wanted { "missing" } else { "present" };
    wrong.is_empty().then_some(()).ok_or_else(|| format!("{what}: {}", wrong.join("\n    ")))
}

fn subset_of(expected: &str, found: &str) -> Result<(), String> {
    let expected: Value =
        serde_json::from_str(expected).map_err(|error| format!("the expectation is no JSON: {error}"))?;
    let found: Value = serde_json::from_str(found).map_err(|error| format!("the text is no JSON: {error}"))?;
    first_difference("$", &expected, &found).map_or(Ok(()), Err)
}

/// Where `found` lacks something of `expected`; objects may have more members, arrays may not.
pub(crate) fn first_difference(path: &str, expected: &Value, found: &Value) -> Option<String> {
    match (expected, found) {
        (Value::Object(members), Value::Object(other)) => members.iter().find_map(|(key, value)| {
            let path = format!("{path}.{key}");
            match other.get(key) {
                Some(found) => first_difference(&path, value, found),
                None => Some(format!("{path} is missing")),
            }
        }),
        (Value::Array(items), Value::Array(others)) if items.len() == others.len() => {
            let pairs = items.iter().zip(others).enumerate();
            pairs
                .into_iter()
                .find_map(|(index, (item, other))| first_difference(&format!("{path}[{index}]"), item, other))
        }
        (expected, found) if expected == found => None,
        (expected, found) => Some(format!("{path} is {found}, not {expected}")),
    }
}

fn mend(expect: &Expect, observed: &Observed) -> Option<Update> {
    let change = match &expect.what {
        What::Exit(None) => Change::Head(format!("expect exit {}", observed.exit)),
        What::Text(stream, Mode::Exact) => Change::Body(text(stream, observed)?.to_owned()),
        What::Text(stream, Mode::Json) => Change::Body(pretty(text(stream, observed)?)?),
        _ => return None,
    };
    Some(Update { section: expect.section, change })
}

fn pretty(text: &str) -> Option<String> {
    let value: Value = serde_json::from_str(text).ok()?;
    serde_json::to_string_pretty(&value).ok()
}

fn check_diagnostics(
    case: &Case,
    run: &Run,
    observed: &Observed,
    problems: &mut Vec<Problem>,
    updates: &mut Vec<Update>,
) {
    let Some(text) = &run.marked else { return };
    let marks = diagnostics::marked(text);
    let section = run.expects.iter().find(|expect| expect.what == What::Diagnostics);
    let section = section.map(|expect| expect.section);
    let listed = section.map(|index| diagnostics::listed(&case.sections[index].body));
    let expected: Vec<_> = marks.iter().cloned().chain(listed.into_iter().flatten()).collect();
    let printed = match diagnostics::printed(&observed.stdout) {
        Ok(printed) => printed,
        Err(text) => {
            return problems.push(located(case, run.section, Problem { text, mendable: false }));
        }
    };
    let (missing, unexpected) = diagnostics::differences(&expected, &printed);
    for finding in &missing {
        // A mark in the file is a statement; a listed line was written by the update.
        let mendable = !marks.contains(finding);
        let text = format!("not reported: {finding}");
        problems.push(located(case, run.section, Problem { text, mendable }));
    }
    for finding in &unexpected {
        let text = format!("not expected: {finding}");
        problems.push(located(case, run.section, Problem { text, mendable: true }));
    }
    if !missing.is_empty() || !unexpected.is_empty() {
        let (_, rest) = diagnostics::differences(&marks, &printed);
        let body = rest.iter().map(|finding| format!("{finding}\n")).collect();
        updates.push(match section {
            Some(section) => Update { section, change: Change::Body(body) },
            None => {
                let change = Change::Insert("expect diagnostics".to_owned(), body);
                Update { section: run.section, change }
            }
        });
    }
    let errors = printed.iter().any(|finding| finding.severity == "error");
    let exit = if errors { 3 } else { 0 };
    if let Err(problem) = count("exit code", exit, observed.exit as usize) {
        problems.push(located(case, run.section, problem));
    }
}
