//! Runs over many rows that a case file cannot show: killed in the middle, held up by their oldest
//! row, and long enough to see whether memory grows.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::emulator::{Received, Reply, Server};
use crate::harness::binary::{self, Finished, Start};
use crate::harness::tempdir::TempDir;
use crate::selftest::Test;

type Outcome = Result<(), String>;

/// Every test by name.
pub(crate) const ALL: &[(&str, Test)] = &[
    ("killed_in_order", killed_in_order),
    ("killed_unordered", killed_unordered),
    ("the_oldest_row_holds_up_the_others", the_oldest_row_holds_up_the_others),
    ("what_waits_for_its_turn_survives_a_kill", what_waits_for_its_turn_survives_a_kill),
    ("what_waits_for_its_turn_is_printed_at_the_end", what_waits_for_its_turn_is_printed_at_the_end),
    ("memory_does_not_grow", memory_does_not_grow),
    ("changed_rows_are_refused", changed_rows_are_refused),
    ("lost_results_are_told", lost_results_are_told),
    ("failures_of_a_device_are_not_lost", failures_of_a_device_are_not_lost),
];

/// A shop that answers each row with its number, or with 404 where that is a multiple of 10.
fn shop(delay: impl Fn(u64) -> Duration + Send + Sync + 'static) -> Server {
    Server::start(move |request| {
        let n = number(request);
        let reply = match n % 10 {
            0 => Reply::json(404, &json!({"n": n})),
            _ => Reply::json(200, &json!({"n": n})),
        };
        Reply { delay: delay(n), ..reply }
    })
}

fn number(request: &Received) -> u64 {
    request.parameter("n").and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// A folder with a capability for the server and this many rows.
fn folder(server: &Server, rows: u64) -> TempDir {
    let folder = TempDir::new();
    let capability = format!(
        "ikanos: 1.0.0-beta5\ninfo: {{display: Shop, description: Orders.}}\ncapability:\n  consumes:\n  \
         - {{type: http, namespace: shop, description: Orders., baseUri: '{}', resources: {{orders: {{path: /orders, \
         operations: {{get: {{method: GET, description: An order., inputParameters: \
         {{n: {{in: query, type: integer}}}}}}}}}}}}}}\n",
        server.origin()
    );
    folder.write("shop.yaml", capability.as_bytes());
    folder.write("rows.csv", numbered(1..=rows, |n| n.to_string()).as_bytes());
    folder
}

fn numbered(rows: impl Iterator<Item = u64>, cell: impl Fn(u64) -> String) -> String {
    rows.fold("n\n".to_owned(), |mut text, n| {
        let _ = writeln!(text, "{}", cell(n)); // a String takes any text
        text
    })
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

const CALL: &str = "call shop.yaml get --each rows.csv --results out.jsonl --failures failures.jsonl";

fn text(folder: &TempDir, name: &str) -> String {
    std::fs::read_to_string(folder.path().join(name)).unwrap_or_default()
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Outcome {
    let differ = || format!("{what}: found {found:?}, expected {expected:?}");
    (found == expected).then_some(()).ok_or_else(differ)
}

fn killed_in_order() -> Outcome {
    let rows = killed("")?;
    same("the order of the outputs", rows.is_sorted(), true)
}

fn killed_unordered() -> Outcome {
    killed("--unordered").map(|_| ())
}

const ROWS: u64 = 400;

/// Kills a run again and again until it is through: gives the rows of its outputs. Some calls are
/// slower than others, so that rows do not finish in order.
fn killed(flag: &str) -> Result<Vec<u64>, String> {
    let server = shop(|n| Duration::from_millis(2 + 13 * u64::from(n % 7 == 0)));
    let folder = folder(&server, ROWS);
    let first = words(format!("{CALL} {flag}").trim_end());
    let again = [first.clone(), words("--resume")].concat();
    let mut kills = 0;
    for lines in [30, 90, 170, 260] {
        let arguments = if kills == 0 { &first } else { &again };
        let child = binary::spawn(&Start::new(arguments, folder.path()))?;
        kills += u32::from(kill_after(child, &folder, lines)?);
        let done = journalled(&folder);
        std::thread::sleep(Duration::from_millis(50)); // what was sent before arrives
        server.journal().take();
        let finished = binary::run(&Start::new(&[again.clone(), words("--max-failures 1")].concat(), folder.path()))?;
        let repeated: Vec<u64> = server.journal().take().iter().map(number).filter(|n| done.contains_key(n)).collect();
        same("rows that were done and called again", repeated, Vec::new())?;
        same("the exit code", finished.exit, 4)?;
    }
    let finished = binary::run(&Start::new(&again, folder.path()))?;
    same("the exit code at the end", finished.exit, 4)?;
    same("kills in the middle", kills > 0, true)?;
    let outputs = parsed(&text(&folder, "out.jsonl"), "/n")?;
    let failures = parsed(&text(&folder, "failures.jsonl"), "/row")?;
    let mut all = [outputs.clone(), failures].concat();
    all.sort_unstable();
    same("all rows, once each", all, (1..=ROWS).collect())?;
    Ok(outputs)
}

/// Kills a run once its outputs have this many lines; whether it came to that.
fn kill_after(mut child: Child, folder: &TempDir, lines: usize) -> Result<bool, String> {
    let started = Instant::now();
    while text(folder, "out.jsonl").lines().count() < lines && started.elapsed() < Duration::from_secs(20) {
        if child.try_wait().map_err(|error| error.to_string())?.is_some() {
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().and_then(|()| child.wait()).map_err(|error| error.to_string())?;
    Ok(true)
}

/// The rows that the journal calls done, and their lines.
fn journalled(folder: &TempDir) -> BTreeMap<u64, String> {
    let journal = text(folder, "out.jsonl.journal");
    let whole = journal.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let row = |line: &str| line.strip_prefix(['+', '-', '!'])?.split(' ').next()?.parse().ok();
    whole.lines().skip(1).filter_map(|line| Some((row(line)?, line.to_owned()))).collect()
}

/// The numbers at a place of JSON lines, none of which may be torn.
fn parsed(lines: &str, pointer: &str) -> Result<Vec<u64>, String> {
    let number = |line: &str| {
        let value: Value = serde_json::from_str(line).map_err(|error| format!("`{line}`: {error}"))?;
        value.pointer(pointer).and_then(Value::as_u64).ok_or_else(|| format!("`{line}` has no number"))
    };
    lines.lines().map(number).collect()
}

/// Rows that wait for an older one are bounded, and so is what is sent meanwhile.
fn the_oldest_row_holds_up_the_others() -> Outcome {
    const CONCURRENCY: usize = 4;
    const WINDOW: usize = CONCURRENCY * 16;
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = sent.clone();
    let server = shop(move |n| {
        counter.fetch_add(1, Ordering::Relaxed);
        Duration::from_millis(if n == 1 { 2500 } else { 0 })
    });
    let folder = folder(&server, 300);
    let arguments = words(&format!("{CALL} --concurrency {CONCURRENCY}"));
    let start = Start::new(&arguments, folder.path());
    let child = binary::spawn(&start)?;
    while text(&folder, "out.jsonl").is_empty() && text(&folder, "failures.jsonl").is_empty() {
        let sent = sent.load(Ordering::Relaxed);
        // Between the look at the files and this one the oldest may have come.
        if sent > WINDOW && text(&folder, "out.jsonl").is_empty() {
            return Err(format!("{sent} rows were sent while the first was not written"));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let finished = binary::finish(child, &start)?;
    same("the exit code", finished.exit, 4)?;
    let outputs = parsed(&text(&folder, "out.jsonl"), "/n")?;
    same("the outputs", outputs, (1..=300).filter(|n| n % 10 != 0).collect())
}

/// The rows that may be sent before the oldest has an answer, with a concurrency of 4.
const HELD: u64 = 4 * 16;

/// A run whose first row hangs until its time is over, all others that may be sent before it
/// answered. The first row hangs once only.
fn held_up(server: &Server, folder: &TempDir, arguments: &str) -> Result<Child, String> {
    let child = binary::spawn(&Start::new(&words(arguments), folder.path()))?;
    let started = Instant::now();
    while server.journal().count() < HELD as usize && started.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(500)); // the last answers arrive
    Ok(child)
}

fn slow_once() -> Server {
    let is_first = AtomicBool::new(true);
    let hangs = move |n| n == 1 && is_first.swap(false, Ordering::Relaxed);
    shop(move |n| Duration::from_secs(if hangs(n) { 60 } else { 0 }))
}

/// An answer that came is not asked for again, although its row could not be written yet.
fn what_waits_for_its_turn_survives_a_kill() -> Outcome {
    const ALL: u64 = 100;
    let server = slow_once();
    let folder = folder(&server, ALL);
    let arguments = format!("{CALL} --concurrency 4");
    let mut child = held_up(&server, &folder, &arguments)?;
    child.kill().and_then(|()| child.wait()).map_err(|error| error.to_string())?;
    same("lines before the first row has its answer", text(&folder, "out.jsonl"), String::new())?;
    same("requests before the kill", server.journal().take().len(), HELD as usize)?;
    let anew = binary::run(&Start::new(&words(&arguments), folder.path()))?;
    same("the exit code of a run that would begin anew", anew.exit, 2)?;
    let finished = binary::run(&Start::new(&words(&format!("{arguments} --resume")), folder.path()))?;
    same("the exit code", finished.exit, 4)?;
    let mut sent: Vec<u64> = server.journal().take().iter().map(number).collect();
    sent.sort_unstable();
    same("rows that were called later", sent, [1].into_iter().chain(HELD + 1..=ALL).collect())?;
    let outputs = parsed(&text(&folder, "out.jsonl"), "/n")?;
    same("the outputs", outputs, (1..=ALL).filter(|n| n % 10 != 0).collect())?;
    let failures = parsed(&text(&folder, "failures.jsonl"), "/row")?;
    same("the failures", failures, (1..=ALL).filter(|n| n % 10 == 0).collect())?;
    same("what is left of those that waited", folder.path().join("out.jsonl.waiting").exists(), false)
}

/// Nobody can go on with a run into a pipe: what has an answer is printed when it is given up.
fn what_waits_for_its_turn_is_printed_at_the_end() -> Outcome {
    let server = slow_once();
    let folder = folder(&server, 100);
    let arguments = "call shop.yaml get --each rows.csv --concurrency 4";
    let child = held_up(&server, &folder, arguments)?;
    binary::send_interrupt(&child)?;
    std::thread::sleep(Duration::from_millis(300)); // two at once would be one
    binary::send_interrupt(&child)?;
    let finished = binary::finish(child, &Start::new(&words(arguments), folder.path()))?;
    same("the exit code", finished.exit, 130)?;
    let outputs = parsed(&String::from_utf8_lossy(&finished.stdout), "/n")?;
    same("the outputs", outputs, (2..=HELD).filter(|n| n % 10 != 0).collect())
}

/// Most rows do not fit and are not sent: with calls for all, an unoptimised binary would take
/// minutes. Every row passes the queue, the window, the journal and a file.
fn memory_does_not_grow() -> Outcome {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let peak = |rows: u64| -> Result<u64, String> {
        let server = shop(|_| Duration::ZERO);
        let folder = folder(&server, 0);
        let cell = |n: u64| if n % 100 == 1 { n.to_string() } else { format!("row {n} is no number") };
        folder.write("rows.csv", numbered(1..=rows, cell).as_bytes());
        let arguments = words(CALL);
        let start = Start::new(&arguments, folder.path());
        let child = binary::spawn(&start)?;
        let watched = watch_memory(child.id());
        let Finished { exit, .. } = binary::finish(child, &start)?;
        same("the exit code", exit, 4)?;
        let lines = text(&folder, "out.jsonl").lines().count() + text(&folder, "failures.jsonl").lines().count();
        same("lines", lines as u64, rows)?;
        Ok(watched.join().unwrap_or(0))
    };
    let (few, many) = (peak(2_000)?, peak(100_000)?);
    let allowed = few + few / 4 + 4096;
    (few > 0 && many <= allowed).then_some(()).ok_or_else(|| format!("{few} KiB for 2000 rows, {many} for 100000"))
}

/// The most memory that a process had, in KiB, once it has ended.
fn watch_memory(process: u32) -> std::thread::JoinHandle<u64> {
    std::thread::spawn(move || {
        let path = format!("/proc/{process}/status");
        let mut most = 0;
        while let Ok(status) = std::fs::read_to_string(&path) {
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let Some(line) = line else { break }; // it has ended and waits to be asked for its code
            most = line.trim().trim_end_matches(" kB").parse().unwrap_or(most);
            std::thread::sleep(Duration::from_millis(5));
        }
        most
    })
}

fn changed_rows_are_refused() -> Outcome {
    let server = shop(|_| Duration::ZERO);
    let folder = folder(&server, 5);
    let arguments = words(CALL);
    same("the exit code", binary::run(&Start::new(&arguments, folder.path()))?.exit, 0)?;
    let again = [arguments, words("--resume")].concat();
    let resume = |rows: &str| {
        folder.write("rows.csv", rows.as_bytes());
        server.journal().take();
        let finished = binary::run(&Start::new(&again, folder.path()))?;
        Ok::<_, String>((finished, server.journal().take().len()))
    };
    for changed in ["n\n1\n2\n4\n3\n5\n6\n", "n\n1\n2\n3\n", "m\n1\n2\n3\n4\n5\n"] {
        let (finished, requests) = resume(changed)?;
        let stderr = String::from_utf8_lossy(&finished.stderr).into_owned();
        same(&format!("the exit code and the requests; {stderr}"), (finished.exit, requests), (2, 0))?;
    }
    let (finished, requests) = resume("n\n1\n2\n3\n4\n5\n6\n7\n")?;
    same("rows behind the others", (finished.exit, requests), (0, 2))?;
    same("the outputs", parsed(&text(&folder, "out.jsonl"), "/n")?, (1..=7).collect())
}

/// Results that were moved away are no reason to call everything again.
fn lost_results_are_told() -> Outcome {
    let server = shop(|_| Duration::ZERO);
    let folder = folder(&server, 11);
    let again = words(&format!("{CALL} --concurrency 1 --resume"));
    let resumed = |what: &str, exit: i32, requests: usize, told: &[&str]| {
        server.journal().take();
        let finished = binary::run(&Start::new(&again, folder.path()))?;
        let stderr = String::from_utf8_lossy(&finished.stderr).into_owned();
        same(&format!("{what}: {stderr}"), (finished.exit, server.journal().take().len()), (exit, requests))?;
        let missing: Vec<&&str> = told.iter().filter(|text| !stderr.contains(**text)).collect();
        same(&format!("{what}: what {stderr} does not tell"), missing, Vec::new())
    };
    resumed("the run", 4, 11, &[])?;
    let (results, failures) = (text(&folder, "out.jsonl"), text(&folder, "failures.jsonl"));
    folder.write("failures.jsonl", b"");
    let told = ["has nothing, not the", "keep the first 10 lines of `out.jsonl.journal`", "9 of the 11 rows"];
    resumed("empty failures", 2, 0, &told)?;
    folder.write("failures.jsonl", failures.as_bytes());
    let moved = std::fs::rename(folder.path().join("out.jsonl"), folder.path().join("kept.jsonl"));
    moved.map_err(|error| error.to_string())?;
    resumed("no results", 2, 0, &["`out.jsonl` has nothing", "put back", "remove `out.jsonl.journal`"])?;
    let lines: String = results.split_inclusive('\n').take(4).collect();
    folder.write("out.jsonl", lines.as_bytes());
    resumed("half of the results", 2, 0, &["4 of the 11 rows", "keep the first 5 lines"])?;
    let journal: String = text(&folder, "out.jsonl.journal").split_inclusive('\n').take(5).collect();
    folder.write("out.jsonl.journal", journal.as_bytes());
    resumed("half of the journal", 4, 7, &[])?;
    same("the results", text(&folder, "out.jsonl"), results)?;
    same("the failures", text(&folder, "failures.jsonl"), failures)
}

fn failures_of_a_device_are_not_lost() -> Outcome {
    if !cfg!(unix) {
        return Ok(());
    }
    let server = shop(|_| Duration::ZERO);
    let folder = folder(&server, 10);
    let arguments = words("call shop.yaml get --each rows.csv --results out.jsonl --failures /dev/null");
    binary::run(&Start::new(&arguments, folder.path()))?;
    server.journal().take();
    let finished = binary::run(&Start::new(&[arguments, words("--resume")].concat(), folder.path()))?;
    same("the exit code and the requests", (finished.exit, server.journal().take().len()), (4, 0))
}
