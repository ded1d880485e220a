//! Many calls on the loopback: the command with `--each` against a hand-written reqwest program
//! with the same concurrency. Both are timed with their rows in a file and their lines into one.
//!
//! `CAPSTAN_BIN` names the command to be timed, such as one that is built as it is released.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod loopback;

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::value::RawValue;
use tokio::task::JoinSet;

const ROWS: usize = 40_000;
const ROUNDS: usize = 9;
const CONCURRENCY: usize = 16;

const CAPABILITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../capabilities/kinde-organizations.yaml");
const TOKEN: &str = "tok_0123456789abcdef";

fn main() {
    let folder = std::env::temp_dir().join(format!("capstan-each-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the temporary folder is writable");
    let base = format!("http://{}/api/v1", loopback::serve());
    let rows = folder.join("rows.csv");
    let lines: String = (0..ROWS).map(|n| format!("org_{n}\n")).collect();
    std::fs::write(&rows, format!("code\n{lines}")).expect("the folder is ours");
    // The yardstick takes the provider from the process, as a program of one's own would.
    let _ = rustls::crypto::ring::default_provider().install_default(); // fails only when there is one
    // In turns, so that both meet the same neighbours; the first of each warms up.
    let rounds: Vec<(Duration, Duration)> = (0..=ROUNDS)
        .map(|_| {
            let by_command = time(|| command(&base, &rows, &folder.join("ours.jsonl")));
            (by_command, time(|| by_hand(&base, &rows, &folder.join("theirs.jsonl"))))
        })
        .skip(1)
        .collect();
    let lines = |name: &str| std::fs::read_to_string(folder.join(name)).expect("it was written").lines().count();
    assert_eq!((lines("ours.jsonl"), lines("theirs.jsonl")), (ROWS, ROWS));
    let best = |times: &dyn Fn(&(Duration, Duration)) -> Duration| {
        ROWS as f64 / rounds.iter().map(times).min().expect("there are rounds").as_secs_f64()
    };
    let (ours, theirs) = (best(&|round| round.0), best(&|round| round.1));
    let mut ratios: Vec<f64> = rounds.iter().map(|(ours, theirs)| theirs.as_secs_f64() / ours.as_secs_f64()).collect();
    ratios.sort_by(f64::total_cmp);
    println!(
        "each, {ROWS} rows, concurrency {CONCURRENCY}: capstan {ours:.0} rows/s, reqwest by hand {theirs:.0} rows/s, \
         {:.0} % of it at best; round by round {:.0} to {:.0} %, {:.0} % in the middle",
        100.0 * ours / theirs,
        100.0 * ratios[0],
        100.0 * ratios[ROUNDS - 1],
        100.0 * ratios[ROUNDS / 2]
    );
    std::fs::remove_dir_all(folder).expect("the folder is ours");
}

fn time(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

/// The command as a user runs it: a process, with its journal.
fn command(base: &str, rows: &Path, out: &Path) {
    let built = || env!("CARGO_BIN_EXE_capstan").into();
    let mut capstan = Command::new(std::env::var_os("CAPSTAN_BIN").unwrap_or_else(built));
    capstan.args(["call", CAPABILITY, "getOrganization", "--base-uri", base, "--each"]).arg(rows);
    capstan.args(["--concurrency", &CONCURRENCY.to_string(), "--results"]).arg(out);
    capstan.env("KINDE_ACCESS_TOKEN", TOKEN).env("KINDE_SUBDOMAIN", "acme");
    assert!(capstan.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("it starts").success());
}

/// What somebody would write for this one job: rows in, so many calls at a time, lines out.
fn by_hand(base: &str, rows: &Path, out: &PathBuf) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let client = reqwest::Client::builder().tcp_nodelay(true).build().expect("a client");
        let rows = BufReader::new(File::open(rows).expect("the rows are there")).lines().skip(1);
        let mut out = BufWriter::new(File::create(out).expect("the folder is ours"));
        let mut calls: JoinSet<Box<RawValue>> = JoinSet::new();
        for code in rows {
            if calls.len() == CONCURRENCY {
                write(&mut out, calls.join_next().await);
            }
            let code = code.expect("the rows are text");
            let request = client.get(format!("{base}/organization?code={code}"));
            let request = request.bearer_auth(TOKEN).header("accept", "application/json");
            calls.spawn(async move {
                let response = request.send().await.expect("the server answers");
                assert!(response.status().is_success());
                serde_json::from_slice(&response.bytes().await.expect("a body")).expect("JSON")
            });
        }
        while let Some(answer) = calls.join_next().await {
            write(&mut out, Some(answer));
        }
        out.flush().expect("the folder is ours");
    });
}

fn write(out: &mut impl Write, answer: Option<Result<Box<RawValue>, tokio::task::JoinError>>) {
    let answer = answer.expect("a call is under way").expect("no call panics");
    writeln!(out, "{}", answer.get()).expect("the folder is ours");
}
