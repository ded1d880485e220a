//! How fast a capability is loaded, against a bare parse of the same bytes in the same run.
//!
//! Prints, for each set of files, the throughput of the event parser alone, of saphyr's own
//! tree with positions, of reading alone (tree, model, checks) and of the whole load (the plan
//! compiled as well), and the ratio of the whole to both parses.

#![expect(clippy::print_stdout, reason = "a benchmark has no other output than what it prints")]

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use capstan_engine::bindings::MapFiles;
use capstan_engine::load_text;
use capstan_spec::{Files, load};
use saphyr::{LoadableYamlNode, MarkedYaml};
use saphyr_parser::Parser;

/// Bytes of one round: enough that a round takes longer than a clock's tick, by far.
const ROUND_BYTES: usize = 1024 * 1024;

/// Rounds of each candidate; they take turns, so that a busy moment of the machine hits all.
const ROUNDS: usize = 9;

/// Imports of the files measured are not followed: reading a disk is not what is measured.
struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &Path) -> Result<String, String> {
        Err("imports are not followed here".to_owned())
    }
}

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    measure("capabilities", &texts(&root.join("capabilities")));
    match shared(&root) {
        Some(corpus) => measure("corpus", &texts(&corpus)),
        None => println!("corpus: skipped, there is no `../shared/corpus` beside the project"),
    }
}

/// The folder of published files beside the project, where there is one.
fn shared(root: &Path) -> Option<PathBuf> {
    let root = root.canonicalize().ok()?;
    root.ancestors().map(|a| a.join("shared/corpus")).find(|p| p.is_dir())
}

/// The texts of all YAML files below a folder.
fn texts(folder: &Path) -> Vec<String> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    entries.sort();
    let mut found = Vec::new();
    for path in entries {
        if path.is_dir() {
            found.extend(texts(&path));
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            found.extend(fs::read_to_string(&path).ok());
        }
    }
    found
}

fn measure(name: &str, texts: &[String]) {
    let bytes: usize = texts.iter().map(String::len).sum();
    if bytes == 0 {
        return println!("{name}: skipped, it holds no YAML file");
    }
    let repeats = ROUND_BYTES.div_ceil(bytes);
    let mut best = [Duration::MAX; 4];
    for _ in 0..ROUNDS {
        for (best, candidate) in best.iter_mut().zip([events, marked_tree, reading, whole_load]) {
            let start = Instant::now();
            (0..repeats).for_each(|_| texts.iter().for_each(|text| candidate(text)));
            *best = (*best).min(start.elapsed());
        }
    }
    report(name, texts.len(), bytes * repeats, best);
}

fn report(name: &str, files: usize, bytes: usize, [events, tree, reading, load]: [Duration; 4]) {
    let speed = |time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
    println!("{name}: {files} files, {bytes} bytes a round, the best of {ROUNDS} rounds");
    println!("  events only   {:>7.1} MB/s", speed(events));
    println!("  saphyr's tree {:>7.1} MB/s", speed(tree));
    println!("  reading       {:>7.1} MB/s", speed(reading));
    println!("  whole load    {:>7.1} MB/s", speed(load));
    let ratio = |yardstick: Duration| load.as_secs_f64() / yardstick.as_secs_f64();
    println!("  the whole takes {:.2} times the events, {:.2} times the tree", ratio(events), ratio(tree));
}

fn events(text: &str) {
    // After an error the parser repeats it for ever.
    Parser::new_from_str(text).map_while(Result::ok).for_each(|event| drop(black_box(event)));
}

fn marked_tree(text: &str) {
    let _ = black_box(MarkedYaml::load_from_str(text)); // a file that is no YAML takes its time all the same
}

fn reading(text: &str) {
    black_box(load("bench.yaml", text, &NoFiles));
}

fn whole_load(text: &str) {
    black_box(load_text("bench.yaml", text, &MapFiles::default()));
}
