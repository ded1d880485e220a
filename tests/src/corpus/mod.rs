//! Capability files that other people wrote, run as they are.
//!
//! They lie outside of the repository, in `../shared/corpus` or where `CAPSTAN_CORPUS` points;
//! without them there is one ignored test that says so. Every file is validated, which must never
//! crash; every operation of every file is then called with generated parameters, and what arrives
//! at a server of ours is compared with what [`expect`] works out from the YAML by itself.

mod compare;
mod exceptions;
mod expect;

use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};

use crate::emulator::{Server, echo};
use crate::harness::binary::{self, Start};
use crate::harness::setup::repository;
use crate::harness::tempdir::TempDir;
use expect::{Document, Expected};

/// The tests of the corpus, or the one that says why there are none.
pub(crate) fn trials() -> Vec<Trial> {
    let folder = match std::env::var_os("CAPSTAN_CORPUS") {
        Some(folder) => PathBuf::from(folder),
        None => repository().join("../shared/corpus"),
    };
    let mut files = Vec::new();
    collect(&folder, &mut files);
    if files.is_empty() {
        let name = format!("corpus::absent: no capability lies in {}", folder.display());
        return vec![Trial::test(name, || Ok(())).with_ignored_flag(true)];
    }
    files.sort();
    let (whole, all) = (folder.clone(), files.clone());
    let mut trials = vec![
        Trial::test("corpus::validate", move || Ok(validate(&whole)?)),
        Trial::test("corpus::reach", move || Ok(reach(&all)?)),
    ];
    trials.extend(files.into_iter().map(|file| {
        let name = file.strip_prefix(&folder).unwrap_or(&file).to_string_lossy().into_owned();
        let test = move || call_all(&file, &name_of(&file)).map_err(Failed::from);
        Trial::test(format!("corpus::{name}"), test)
    }));
    trials
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|found| found == "yaml" || found == "yml") {
            files.push(path);
        }
    }
}

/// Provider and file, as [`exceptions`] names them.
fn name_of(file: &Path) -> String {
    let mut parts: Vec<_> = file.iter().map(|part| part.to_string_lossy()).collect();
    let start = parts.iter().position(|part| part == "corpus").map_or(0, |at| at + 1);
    parts.drain(..start);
    parts.join("/")
}

fn validate(folder: &Path) -> Result<(), String> {
    let place = TempDir::new();
    let folder = folder.to_string_lossy().into_owned();
    let words = ["validate".to_owned(), "--format".to_owned(), "json".to_owned(), folder];
    let run = binary::run(&Start::new(&words, place.path()))?;
    let stderr = String::from_utf8_lossy(&run.stderr).into_owned();
    if !matches!(run.exit, 0 | 3) || stderr.contains("panicked") {
        return Err(format!("exit {}\n{stderr}", run.exit));
    }
    let json = serde_json::from_slice::<serde_json::Value>(&run.stdout);
    json.map(drop).map_err(|error| format!("no JSON: {error}"))
}

/// Whether nearly all operations are among those that are called: what cannot be foreseen are
/// values in files that nobody published, kinds of authentication that come later, and names that
/// stand twice.
fn reach(files: &[PathBuf]) -> Result<(), String> {
    const REACHED_PERCENT_MIN: usize = 90;
    let (mut all, mut called) = (0, 0);
    for file in files {
        let text = std::fs::read(file).map_err(|error| error.to_string())?;
        let Ok(value) = serde_yaml::from_slice(&text) else {
            continue;
        };
        let document = Document::new(&value);
        all += document.count();
        called += document.operations().len();
    }
    let short = || format!("only {called} of {all} operations are called");
    (called * 100 >= all * REACHED_PERCENT_MIN).then_some(()).ok_or_else(short)
}

/// Calls every operation of a file; the error lists all that did not arrive as it should.
fn call_all(file: &Path, name: &str) -> Result<(), String> {
    if exceptions::diagnosed(name).is_some() {
        return Ok(());
    }
    let text = std::fs::read(file).map_err(|error| error.to_string())?;
    let value = serde_yaml::from_slice(&text).map_err(|error| format!("no YAML: {error}"))?;
    let document = Document::new(&value);
    let server = echo::start_quiet();
    let place = TempDir::new();
    let mut wrong = Vec::new();
    for operation in document.operations() {
        if exceptions::skipped(name, &operation.name).is_some() {
            continue;
        }
        if let Err(problem) = call(file, &document, &operation, &server, &place) {
            wrong.push(format!("{}: {problem}", operation.name));
        }
    }
    wrong.is_empty().then_some(()).ok_or_else(|| wrong.join("\n"))
}

fn call(
    file: &Path,
    document: &Document,
    operation: &Expected,
    server: &Server,
    place: &TempDir,
) -> Result<(), String> {
    let words = [
        "call".to_owned(),
        file.to_string_lossy().into_owned(),
        operation.name.clone(),
        "--params".to_owned(),
        serde_json::Value::from(operation.parameters.clone()).to_string(),
        "--base-uri".to_owned(),
        format!("{}{}", server.origin(), expect::BASE_PATH),
        "--no-inferred-auth".to_owned(),
    ];
    let variables = document.variables();
    let run = binary::run(&Start { variables, ..Start::new(&words, place.path()) })?;
    match server.journal().take().as_slice() {
        [] => Err(format!("exit {}: {}", run.exit, String::from_utf8_lossy(&run.stderr))),
        [request] => compare::compare(operation, request),
        several => Err(format!("{} requests arrived", several.len())),
    }
}
