//! Tests of the tests: the emulators over plain HTTP, and the harness on small texts.
//!
//! They need no binary, so a failure here says that the ground is not firm.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::emulator::kinde::Preset;
use crate::emulator::{Server, chaos, echo, kinde};
use crate::harness::case::Case;
use crate::harness::setup::Setup;
use crate::harness::{diagnostics, leaks, words};

type Outcome = Result<(), String>;
/// A test without a file.
pub(crate) type Test = fn() -> Outcome;

/// Every self-test by name.
pub(crate) const ALL: &[(&str, Test)] = &[
    ("kinde_checks_the_token", kinde_checks_the_token),
    ("kinde_pages", kinde_pages),
    ("kinde_keeps_what_is_created", kinde_keeps_what_is_created),
    ("kinde_refuses_in_its_shapes", kinde_refuses_in_its_shapes),
    ("kinde_users_roles_and_flags", kinde_users_roles_and_flags),
    ("echo_shows_the_bytes", echo_shows_the_bytes),
    ("chaos_breaks_off", chaos_breaks_off),
    ("chaos_redirects_and_waits", chaos_redirects_and_waits),
    ("words_split_like_a_shell", words_split_like_a_shell),
    ("a_case_survives_its_rewriting", a_case_survives_its_rewriting),
    ("an_unknown_section_is_an_error", an_unknown_section_is_an_error),
    ("marks_are_read_and_compared", marks_are_read_and_compared),
    ("secrets_are_found_in_every_spelling", leaks::finds_every_spelling),
];

/// An answer over a plain socket.
struct Answer {
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn status(&self) -> u16 {
        let status = self.head.split(' ').nth(1).and_then(|text| text.parse().ok());
        status.unwrap_or(0)
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

fn send(server: &Server, line: &str, headers: &str, body: &str) -> Answer {
    let mut stream = TcpStream::connect(server.address()).expect("the server listens");
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\
         {headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("the server reads");
    let mut bytes = Vec::new();
    // A broken answer is what some tests want: what came before is the answer.
    let _ = stream.read_to_end(&mut bytes);
    let at = bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or(bytes.len());
    let body = bytes.split_off(bytes.len().min(at + 4));
    Answer { head: String::from_utf8_lossy(&bytes).into_owned(), body }
}

fn business(preset: &str) -> Server {
    kinde::start(&Preset::parse(preset).expect("the test's preset is valid"))
}

const BEARER: &str = "authorization: Bearer kinde-test-token\r\n";
const JSON: &str = "authorization: Bearer kinde-test-token\r\ncontent-type: application/json\r\n";

fn same<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Outcome {
    let differ = || format!("found {found:?}, expected {expected:?}");
    (found == expected).then_some(()).ok_or_else(differ)
}

fn kinde_checks_the_token() -> Outcome {
    let server = business("");
    for (headers, status) in [
        ("", 401),
        ("authorization: Bearer other\r\n", 401),
        ("authorization: Basic kinde-test-token\r\n", 401),
        ("authorization: Bearer forbidden-token\r\n", 403),
        (BEARER, 200),
    ] {
        same(send(&server, "GET /api/v1/organizations", headers, "").status(), status)?;
    }
    let busy = "authorization: Bearer busy-token\r\n";
    let answer = send(&server, "GET /api/v1/organizations", busy, "");
    same((answer.status(), answer.head.contains("retry-after: 7")), (429, true))
}

fn kinde_pages() -> Outcome {
    let server = business("organizations = 25");
    let mut target = "/api/v1/organizations".to_owned();
    let mut sizes = Vec::new();
    loop {
        let page = send(&server, &format!("GET {target}"), BEARER, "").json();
        sizes.push(page["organizations"].as_array().map_or(0, Vec::len));
        let Some(next) = page["next_token"].as_str() else {
            break;
        };
        target = format!("/api/v1/organizations?next_token={next}");
    }
    same(sizes, vec![10, 10, 5])?;
    for size in ["0", "-1", "501", "many"] {
        let line = format!("GET /api/v1/organizations?page_size={size}");
        let answer = send(&server, &line, BEARER, "");
        same(answer.json()["errors"][0]["code"].clone(), json!("PAGE_SIZE_INVALID"))?;
    }
    Ok(())
}

fn kinde_keeps_what_is_created() -> Outcome {
    let server = business("");
    let made = send(&server, "POST /api/v1/organizations", JSON, r#"{"name":"New"}"#).json();
    let code = made["organization"]["code"].as_str().unwrap_or_default().to_owned();
    let update = format!("PATCH /api/v1/organization?org_code={code}");
    same(send(&server, &update, JSON, r#"{"name":"Newer"}"#).status(), 200)?;
    let read = send(&server, &format!("GET /api/v1/organization?code={code}"), BEARER, "").json();
    same(read["name"].clone(), json!("Newer"))
}

fn kinde_refuses_in_its_shapes() -> Outcome {
    let server = business("");
    let route = send(&server, "GET /api/v1/nothing", BEARER, "");
    same((route.status(), route.json()["errors"]["code"].clone()), (404, json!("ROUTE_NOT_FOUND")))?;
    let no_code = send(&server, "GET /api/v1/organization", BEARER, "");
    let code = no_code.json()["errors"][0]["code"].clone();
    same((no_code.status(), code), (400, json!("PARAMETER_MISSING")))?;
    let no_name = send(&server, "POST /api/v1/organizations", JSON, "{}");
    same(no_name.json()["errors"][0]["code"].clone(), json!("NAME_REQUIRED"))?;
    let broken = business("fault = 503");
    same(send(&broken, "GET /api/v1/organizations", BEARER, "").status(), 503)
}

fn kinde_users_roles_and_flags() -> Outcome {
    let server = business("members = 1");
    let users = "/api/v1/organizations/org_1ccfb819462/users";
    let add = r#"{"users":[{"id":"kp_0002","roles":["viewer"]}]}"#;
    let added = send(&server, &format!("POST {users}"), JSON, add).json();
    same(added["users_added"].clone(), json!(["kp_0002"]))?;
    let list = send(&server, &format!("GET {users}"), BEARER, "").json();
    same(list["organization_users"].as_array().map(Vec::len), Some(2))?;
    let roles = send(&server, &format!("GET {users}/kp_0002/roles"), BEARER, "").json();
    same(roles["roles"][0]["key"].clone(), json!("viewer"))?;
    let flags = "/api/v1/organizations/org_1ccfb819462/feature_flags";
    let odd = format!("PATCH {flags}/seat%20limit%2F2?value=on");
    same(send(&server, &odd, BEARER, "").status(), 200)?;
    same(send(&server, &format!("PATCH {flags}/none?value=on"), BEARER, "").status(), 404)?;
    same(send(&server, &format!("PATCH {flags}/new_dashboard"), BEARER, "").status(), 400)
}

fn echo_shows_the_bytes() -> Outcome {
    let server = echo::start();
    let answer = send(&server, "PUT /a%2fb/..%2F?x=1&x=%20+", "x-two: 2\r\n", "h\u{e9}").json();
    same(answer["target"].clone(), json!("/a%2fb/..%2F?x=1&x=%20+"))?;
    same(answer["body"].clone(), json!("h\u{e9}"))?;
    let headers = answer["headers"].as_array().map_or(0, Vec::len);
    same(answer["headers"][headers - 1].clone(), json!(["x-two", "2"]))?;
    same(server.journal().take().len(), 1)
}

fn chaos_breaks_off() -> Outcome {
    let server = chaos::start("http://127.0.0.1:1".into());
    let answer = send(&server, "GET /cut-off", "", "");
    same(answer.body.len(), 8)?;
    let answer = send(&server, "GET /cut-off-chunk", "", "");
    same(answer.body.ends_with(b"0\r\n\r\n"), false)?;
    same(send(&server, "GET /huge?bytes=3000000", "", "").body.len(), 3_000_000)?;
    same(send(&server, "GET /no-content", "", "").status(), 204)?;
    same(send(&server, "GET /problem", "", "").json()["status"].clone(), json!(500))
}

fn chaos_redirects_and_waits() -> Outcome {
    let server = chaos::start("http://127.0.0.1:1".into());
    let answer = send(&server, "GET /redirect/other?status=307", "", "");
    same(answer.head.contains("location: http://127.0.0.1:1/landing"), true)?;
    let started = Instant::now();
    same(send(&server, "GET /slow?ms=50", "", "").json(), json!({"late": true}))?;
    same(send(&server, "GET /drip?ms=50", "", "").status(), 200)?;
    same(started.elapsed() >= Duration::from_millis(100), true)
}

fn words_split_like_a_shell() -> Outcome {
    let words = words::split(r#"call  f 'a=b c' x="1\r\n\"2" ''"#)?;
    same(words, vec!["call".into(), "f".into(), "a=b c".into(), "x=1\r\n\"2".into(), String::new()])?;
    same(words::split("'open").is_err(), true)
}

fn a_case_survives_its_rewriting() -> Outcome {
    let text = "What it shows.\n\n--- capability\nikanos: x\n\\--- not a head\n\n\
                --- run list {capability}\n--- expect exit 0\n";
    let case = Case::parse(Path::new("x.case"), text);
    same(case.sections[0].body.as_str(), "ikanos: x\n--- not a head")?;
    same(case.to_text().as_str(), text)
}

fn an_unknown_section_is_an_error() -> Outcome {
    let case = Case::parse(Path::new("x.case"), "--- run list\n--- expects exit 0\n");
    let problem = Setup::new(&case).map(|_| ()).err();
    same(problem.is_some_and(|problem| problem.contains("x.case:2")), true)
}

fn marks_are_read_and_compared() -> Outcome {
    let text = "a: 1\nb: 2  # error[CAP0101] 3: unknown # warning[CAP0203]\n";
    let marked = diagnostics::marked(text);
    let printed = r#"{"files":[{"diagnostics":[
        {"code":"CAP0101","severity":"error","message":"`b` is unknown","line":2,"column":3},
        {"code":"CAP0105","severity":"warning","message":"other","line":1,"column":1}]}]}"#;
    let (missing, unexpected) = diagnostics::differences(&marked, &diagnostics::printed(printed)?);
    same((missing.len(), unexpected.len()), (1, 1))?;
    same(missing[0].code.as_str(), "CAP0203")
}
