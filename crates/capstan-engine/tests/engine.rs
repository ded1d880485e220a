//! The engine as others embed it: its plans, and calls through doors of the test's own.

use std::path::Path;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use capstan_engine::bindings::{MapEnvironment, RealFiles};
use capstan_engine::upstream::{Payload, Request, Response, Sending, Upstream};
use capstan_engine::{CallError, Engine, EngineBuilder, ErrorKind, Invocation, Reveal, load, load_text};
use http::{HeaderMap, StatusCode, Version};
use serde_json::json;

const KINDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../capabilities/kinde-organizations.yaml");

/// An upstream that keeps what it is sent and gives the same answer each time.
struct Fixed {
    status: StatusCode,
    body: &'static str,
    sent: Mutex<Vec<Request>>,
}

impl Upstream for Fixed {
    fn send(&self, request: Request) -> Sending<'_> {
        let url = request.url.clone();
        self.sent.lock().expect("no test panics with the lock").push(request);
        let body = Bytes::from_static(self.body.as_bytes());
        let response =
            Response { status: self.status, version: Version::HTTP_11, headers: HeaderMap::new(), body, url };
        Box::pin(async move { Ok(response.into()) })
    }
}

fn fixed(status: u16, body: &'static str) -> Arc<Fixed> {
    let status = StatusCode::from_u16(status).expect("a status");
    Arc::new(Fixed { status, body, sent: Mutex::default() })
}

fn environment() -> Arc<MapEnvironment> {
    let variables = [("KINDE_SUBDOMAIN", "acme"), ("KINDE_ACCESS_TOKEN", "kinde-secret-4711")];
    Arc::new(variables.map(|(k, v)| (k.to_owned(), v.to_owned())).into_iter().collect())
}

fn kinde(upstream: Arc<Fixed>) -> Engine {
    let builder = EngineBuilder::open(KINDE).expect("the capability of the project loads");
    builder.environment(environment()).upstream(upstream).build().expect("nothing is overridden")
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime").block_on(future)
}

#[test]
fn plans_of_the_project_s_capabilities() {
    for name in ["kinde-organizations", "github-issues", "nasa-apod"] {
        let path = format!("{}/../../capabilities/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
        let loaded = load(Path::new(&path), &RealFiles);
        let plan = loaded.plan.expect("the capabilities of the project load");
        insta::assert_snapshot!(name, plan.to_string());
    }
}

#[test]
fn a_call_sends_what_the_plan_says_and_gives_named_outputs() {
    let upstream = fixed(200, r#" {"code": "org_1", "n": 1.10} "#);
    let engine = kinde(upstream.clone());
    let outcome = block_on(engine.call(Invocation::new("getOrganization").param("code", "org 1&x")));
    let outcome = outcome.expect("the upstream answers");
    assert_eq!(outcome.outputs.to_value(), json!({"result": {"code": "org_1", "n": 1.1}}));
    let mut written = Vec::new();
    outcome.outputs.write_json(&mut written, false).expect("a vector takes all");
    assert_eq!(String::from_utf8_lossy(&written), r#"{"result":{"code":"org_1","n":1.10}}"#);

    let sent = upstream.sent.lock().expect("no test panics with the lock");
    assert_eq!(sent[0].url, "https://acme.kinde.com/api/v1/organization?code=org%201%26x");
    let authorization = sent[0].headers.iter().find(|(n, _)| n == "authorization").expect("a credential");
    assert_eq!(authorization.1, "Bearer kinde-secret-4711");
    assert!(authorization.1.is_sensitive());
}

#[test]
fn masked_requests_and_errors_hold_no_secret() {
    let engine =
        kinde(fixed(403, r#"{"errors":[{"code":"NO","message":"token kinde-secret-4711 of acme is refused"}]}"#));
    let invocation = Invocation::new("getOrganization").param("code", "org_1");
    let masked = engine.render(&invocation, Reveal::Masked).expect("nothing is missing");
    assert!(!format!("{masked:?}").contains("kinde-secret"));
    assert_eq!(masked.url, "https://{{KINDE_SUBDOMAIN}}.kinde.com/api/v1/organization?code=org_1");

    let error = block_on(engine.call(invocation)).expect_err("the upstream refuses");
    assert_eq!(error.kind(), ErrorKind::UpstreamAnswer);
    assert!(!format!("{error} {error:?} {:?} {:?}", error.help(), error.request()).contains("kinde-secret"));
    assert!(error.to_string().contains("token {{KINDE_ACCESS_TOKEN}}"), "{error}");
}

#[test]
fn two_engines_do_not_meet() {
    let one = kinde(fixed(200, "1"));
    let two = kinde(fixed(200, "2"));
    let call = |engine: &Engine| {
        let engine = engine.clone();
        async move { engine.call(Invocation::new("getOrganizations")).await.map(|o| o.outputs.to_value()) }
    };
    let (first, second): (Result<_, CallError>, _) = block_on(async { tokio::join!(call(&one), call(&two)) });
    assert_eq!(first.expect("an answer"), json!({"result": 1}));
    assert_eq!(second.expect("an answer"), json!({"result": 2}));
}

#[test]
fn expressions_reach_the_template_engine() {
    let text = r#"
ikanos: 1.0.0-beta5
capability:
  consumes:
    - namespace: api
      type: http
      baseUri: https://api.example.com
      resources:
        items:
          path: /items
          operations:
            add:
              method: POST
              body: { type: json, data: { name: "{{ tools.name | upper }}", n: "{{n}}" } }
"#;
    let loaded = load_text("inline.yaml", text, &RealFiles);
    let plan = loaded.plan.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
    let engine = Engine::builder(plan).upstream(fixed(200, "{}")).build().expect("nothing is overridden");
    let invocation = Invocation::new("add").param("name", "a\"b").param("n", 5);
    let request = engine.render(&invocation, Reveal::Secret).expect("both are given");
    assert_eq!(request.body, Some(Payload::from(r#"{"name":"A\"B","n":5}"#)));
}

/// A list behind a breaker that opens at the second failure.
fn breaking(attempts: u32) -> Engine {
    let text = format!(
        "ikanos: 1.0.0-beta5\ncapability: {{consumes: [{{namespace: api, type: http, baseUri: 'https://api.example.com', \
         resilience: {{retry: {{attempts: {attempts}, backoff: {{initial: 1ms}}}}, circuitBreaker: {{failures: 2}}}}, \
         resources: {{items: {{path: /items, operations: {{list: {{method: GET}}}}}}}}}}]}}"
    );
    let loaded = load_text("inline.yaml", &text, &RealFiles);
    let plan = loaded.plan.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
    Engine::builder(plan).upstream(fixed(500, "{}")).build().expect("nothing is overridden")
}

#[test]
fn only_what_was_never_sent_has_a_wait() {
    let call = async |engine: &Engine| engine.call(Invocation::new("list")).await.expect_err("it fails").wait();
    block_on(async {
        let engine = breaking(1);
        assert_eq!((call(&engine).await, call(&engine).await), (None, None));
        assert!(call(&engine).await.is_some(), "the breaker is open");
        // Here it opens between two attempts of one call.
        assert_eq!(call(&breaking(4)).await, None);
    });
}
