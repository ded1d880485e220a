//! Calls end to end on the loopback: the engine against a hand-written reqwest loop, and the cold
//! command against curl.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod loopback;

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use capstan_engine::bindings::MapEnvironment;
use capstan_engine::{Engine, EngineBuilder, Invocation, Overrides};

const CALLS: u32 = 5_000;
const ROUNDS: usize = 5;
const COLD_RUNS: usize = 40;

const CAPABILITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../capabilities/kinde-organizations.yaml");

fn main() {
    let address = loopback::serve();
    let base = format!("http://{address}/api/v1");
    warm(&base);
    cold(&base);
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Many calls over one connection, in turns so that both see the same machine.
fn warm(base: &str) {
    let runtime = runtime();
    let engine = engine(base);
    // The yardstick takes the provider from the process, as a program of one's own would.
    let _ = rustls::crypto::ring::default_provider().install_default(); // fails only when there is one
    let client = reqwest::Client::builder().tcp_nodelay(true).build().expect("a client");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let by_engine = runtime.block_on(time(|| async {
            let outcome = engine.call(Invocation::new("getOrganization").param("code", "org_1")).await;
            drop(outcome.expect("the server answers"));
        }));
        let by_hand = runtime.block_on(time(|| async {
            let request = client
                .get(format!("{base}/organization?code={}", std::hint::black_box("org_1")))
                .bearer_auth("tok_0123456789abcdef");
            let response = request.header("accept", "application/json").send().await.expect("the server answers");
            assert!(response.status().is_success());
            let body = response.bytes().await.expect("a body");
            drop(serde_json::from_slice::<Box<serde_json::value::RawValue>>(&body).expect("JSON"));
        }));
        if round > 0 {
            ours.push(by_engine);
            theirs.push(by_hand);
        }
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    println!("call, warm: engine {ours:?} a call, reqwest by hand {theirs:?}, ratio {ratio:.2}");
}

async fn time<F: Future<Output = ()>>(mut call: impl FnMut() -> F) -> Duration {
    let start = Instant::now();
    for _ in 0..CALLS {
        call().await;
    }
    start.elapsed() / CALLS
}

fn engine(base: &str) -> Engine {
    let environment = [("KINDE_SUBDOMAIN", "acme"), ("KINDE_ACCESS_TOKEN", "tok_0123456789abcdef")];
    let environment: MapEnvironment = environment.map(|(k, v)| (k.to_owned(), v.to_owned())).into_iter().collect();
    let overrides = Overrides { base_uri: Some(base.to_owned()), ..Overrides::default() };
    let builder = EngineBuilder::open(CAPABILITY).expect("the capability of the project loads");
    builder.environment(Arc::new(environment)).overrides(overrides).build().expect("a base URI")
}

/// Whole processes, in turns.
fn cold(base: &str) {
    let mut capstan = Command::new(env!("CARGO_BIN_EXE_capstan"));
    capstan.args(["call", CAPABILITY, "getOrganization", "code=org_1", "--base-uri", base]);
    capstan.env("KINDE_ACCESS_TOKEN", "tok_0123456789abcdef").env("KINDE_SUBDOMAIN", "acme");
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--header", "Authorization: Bearer tok_0123456789abcdef"]);
    curl.arg(format!("{base}/organization?code=org_1"));
    if curl.stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        println!("call, cold: curl is not installed, nothing to compare with");
        return;
    }
    capstan.stdout(Stdio::null()).stderr(Stdio::null());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..COLD_RUNS {
        ours.push(wall(&mut capstan));
        theirs.push(wall(&mut curl));
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    println!("call, cold: capstan {ours:?}, curl {theirs:?}, ratio {ratio:.2}");
}

fn wall(command: &mut Command) -> Duration {
    let start = Instant::now();
    assert!(command.status().expect("it starts").success());
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
