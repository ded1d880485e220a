//! The end-to-end tests: the real binary against real servers.
//!
//! One named test per `.case` file below `suite/`, the self-tests of the harness, the house's
//! rules, and the corpus. `CAPSTAN_UPDATE=1` writes what the binary does into the cases.

mod batches;
mod corpus;
mod emulator;
mod harness;
mod selftest;
mod streams;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = cases();
    trials.extend(selftest::ALL.iter().map(|(name, test)| trial("selftest", name, *test)));
    trials.extend(batches::ALL.iter().map(|(name, test)| trial("batches", name, *test)));
    trials.extend(streams::ALL.iter().map(|(name, test)| trial("streams", name, *test)));
    trials.extend(tidy::ALL.iter().map(|(name, test)| trial("tidy", name, *test)));
    trials.extend(corpus::trials());
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(group: &str, name: &str, test: selftest::Test) -> Trial {
    Trial::test(format!("{group}::{name}"), move || test().map_err(Failed::from))
}

fn cases() -> Vec<Trial> {
    let update = std::env::var_os("CAPSTAN_UPDATE").is_some_and(|value| value == "1");
    let suite = harness::setup::repository().join("tests/suite");
    let mut files = Vec::new();
    collect(&suite, &mut files);
    files.sort();
    let name = |path: &Path| {
        let path = path.strip_prefix(&suite).expect("the walk began there").with_extension("");
        path.to_string_lossy().replace(['/', '\\'], "::")
    };
    let test = |path: PathBuf| Trial::test(name(&path), move || Ok(harness::run_case(&path, update)?));
    files.into_iter().map(test).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "case") {
            files.push(path);
        }
    }
}
