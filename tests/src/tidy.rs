//! The house's own rules, as tests.
//!
//! What a reader would otherwise have to remember: which crate may use which, how a file begins,
//! what must not be left lying about, and that every code has a page and a case.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::harness::binary::{self, Start};
use crate::harness::setup::repository;
use crate::harness::tempdir::TempDir;
use crate::selftest::Test;

type Outcome = Result<(), String>;

/// Every rule by name.
pub(crate) const ALL: &[(&str, Test)] = &[
    ("crates_use_each_other_in_one_direction", crates_use_each_other_in_one_direction),
    ("files_begin_with_their_idea", files_begin_with_their_idea),
    ("nothing_is_left_lying_about", nothing_is_left_lying_about),
    ("every_code_has_a_case", every_code_has_a_case),
    ("every_code_has_a_page", every_code_has_a_page),
    ("our_capabilities_are_valid", our_capabilities_are_valid),
    ("the_examples_of_the_guide_are_clean", the_examples_of_the_guide_are_clean),
];

/// Who may use whom; also in `ARCHITECTURE.md`.
const DIRECTIONS: &[(&str, &[&str])] = &[
    ("capstan-spec", &[]),
    ("capstan-engine", &["capstan-spec"]),
    ("capstan", &["capstan-engine", "capstan-spec"]),
    ("capstan-tests", &[]),
];

/// Codes without a case, each with its reason.
const CODES_WITHOUT_CASE: &[(&str, &str)] = &[];

fn crates_use_each_other_in_one_direction() -> Outcome {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--offline", "--no-deps", "--format-version", "1"]);
    let output = command.current_dir(repository()).output().map_err(|error| error.to_string())?;
    let metadata: Value =
        serde_json::from_slice(&output.stdout).map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    none(packages.flat_map(forbidden_edges))
}

/// The dependencies on members of the workspace that [`DIRECTIONS`] does not allow.
fn forbidden_edges(package: &Value) -> Vec<String> {
    let name = package["name"].as_str().unwrap_or_default();
    let allowed = DIRECTIONS.iter().find(|(member, _)| *member == name);
    let Some((_, allowed)) = allowed else {
        return vec![format!("`{name}` is not in the list of crates")];
    };
    let used = package["dependencies"].as_array().into_iter().flatten();
    let used = used.filter(|used| used["path"].is_string());
    let used = used.filter_map(|used| used["name"].as_str());
    let wrong = used.filter(|used| !allowed.contains(used));
    wrong.map(|used| format!("`{name}` must not use `{used}`")).collect()
}

fn files_begin_with_their_idea() -> Outcome {
    none(sources().iter().filter_map(|(path, text)| {
        let first = text.lines().next().unwrap_or_default();
        (!first.starts_with("//! ")).then(|| format!("{path} does not begin with `//! `"))
    }))
}

fn nothing_is_left_lying_about() -> Outcome {
    // Put together here, so that this file does not name what it forbids.
    let marks = ["TO", "FIX", "XX"].into_iter().zip(["DO", "ME", "X"]);
    let marks = marks.map(|(a, b)| format!(r"\b{a}{b}\b")).collect::<Vec<_>>().join("|");
    let pattern = format!(r"{marks}|\bdb{}!|\btodo!|\bunimplemented!", "g");
    let pattern = Regex::new(&pattern).expect("the pattern is valid");
    none(sources().iter().flat_map(|(path, text)| {
        let lines = text.lines().zip(1..).filter(|(line, _)| pattern.is_match(line));
        let lines: Vec<String> = lines.map(|(line, n)| format!("{path}:{n}: {line}")).collect();
        lines
    }))
}

fn every_code_has_a_case() -> Outcome {
    let mut mentioned = BTreeSet::new();
    for (_, text) in files(&repository().join("tests/suite"), "case") {
        mentioned.extend(CODE.find_iter(&text).map(|code| code.as_str().to_owned()));
    }
    let excepted = |code: &str| CODES_WITHOUT_CASE.iter().any(|(name, _)| *name == code);
    let unknown = mentioned.iter().filter(|code| !codes().contains(*code) && *code != "CAP9999");
    let unknown = unknown.map(|code| format!("{code} stands in a case and does not exist"));
    let codes = codes();
    let bare = codes.iter().filter(|code| !mentioned.contains(*code) && !excepted(code));
    none(unknown.chain(bare.map(|code| format!("{code} has no case"))))
}

fn every_code_has_a_page() -> Outcome {
    const PAGE_LINES_MIN: usize = 3;
    let folder = TempDir::new();
    let mut wrong = Vec::new();
    for code in codes() {
        let run = binary::run(&Start::new(&["explain".into(), code.clone()], folder.path()))?;
        let lines = String::from_utf8_lossy(&run.stdout).lines().count();
        if run.exit != 0 || lines < PAGE_LINES_MIN {
            wrong.push(format!("the page of {code} has {lines} lines"));
        }
    }
    none(wrong.into_iter())
}

fn our_capabilities_are_valid() -> Outcome {
    let folder = repository().join("capabilities").to_string_lossy().into_owned();
    let run = binary::run(&Start::new(&["validate".into(), folder], &repository()))?;
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    (run.exit == 0 && !text.is_empty()).then_some(()).ok_or(text)
}

/// The examples of the guide that are operations, in capabilities of their own, have no warnings.
fn the_examples_of_the_guide_are_clean() -> Outcome {
    let folder = TempDir::new();
    let pages = files(&repository().join("guide"), "md");
    let blocks = pages.iter().flat_map(|(name, text)| text.split("```yaml\n").skip(1).map(move |block| (name, block)));
    let mut count = 0;
    for (n, (name, block)) in blocks.enumerate() {
        let Some(capability) = block.split("```").next().and_then(within_a_capability) else { continue };
        let file = format!("{}.{n}.yaml", name.replace('/', "."));
        folder.write(&file, capability.as_bytes());
        count += 1;
    }
    let run = binary::run(&Start::new(&["validate".into(), "--strict".into(), ".".into()], folder.path()))?;
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    (run.exit == 0 && count > 3).then_some(()).ok_or_else(|| format!("{count} examples: {text}"))
}

/// An example as a whole file, where it is operations or what consumes them.
fn within_a_capability(example: &str) -> Option<String> {
    const INFO: &str = "ikanos: 1.0.0-beta5\ninfo: {display: Example, description: An example.}\ncapability:\n";
    let indented = |by: usize| example.lines().map(|line| format!("{}{line}\n", " ".repeat(by))).collect::<String>();
    if example.starts_with("consumes:") {
        return Some(format!("{INFO}{}", indented(2)));
    }
    let (head, by) = if example.starts_with("operations:") { ("", 10) } else { ("          operations:\n", 12) };
    let resources = "      resources:\n        example:\n          path: /example\n";
    let consumes = "  consumes:\n    - type: http\n      namespace: example\n      baseUri: https://api.example.com\n";
    let is_operations = example.contains("method:") && !example.starts_with("binds:");
    is_operations.then(|| format!("{INFO}{consumes}{resources}{head}{}", indented(by)))
}

static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"CAP\d{4}").expect("the pattern is valid"));

/// The codes of the registry, read from its source: the tests link no crate of ours.
fn codes() -> BTreeSet<String> {
    let path = repository().join("crates/capstan-spec/src/diagnostic/code.rs");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let entries = text.lines().filter(|line| line.trim_start().starts_with("\"CAP"));
    entries.filter_map(|line| CODE.find(line).map(|code| code.as_str().to_owned())).collect()
}

/// All Rust files of the workspace, by their name within it.
fn sources() -> Vec<(String, String)> {
    let mut sources = files(&repository().join("crates"), "rs");
    sources.extend(files(&repository().join("tests/src"), "rs"));
    sources
}

fn files(folder: &Path, extension: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                found.push((within(&path), text));
            }
        }
    }
    found.sort();
    found
}

fn within(path: &Path) -> String {
    let root = repository();
    path.strip_prefix(&root).unwrap_or(path).to_string_lossy().into_owned()
}

/// Fails with all that is wrong.
fn none(wrong: impl Iterator<Item = String>) -> Outcome {
    let wrong: Vec<String> = wrong.collect();
    wrong.is_empty().then_some(()).ok_or_else(|| wrong.join("\n"))
}
