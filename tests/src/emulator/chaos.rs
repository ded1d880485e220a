//! A server that misbehaves, one way per path.
//!
//! | path | answer |
//! |---|---|
//! | `/cut-off` | promises 100 bytes of JSON, closes after 8 |
//! | `/cut-off-chunk` | a chunked body that is never finished |
//! | `/slow?ms=N` | the status line comes after N ms (default 60 000) |
//! | `/drip?ms=N` | half of the body at once, the rest after N ms |
//! | `/html` | 200, an HTML page |
//! | `/broken-json` | 200, `application/json`, half an object |
//! | `/unlabelled` | 200, JSON without a content type |
//! | `/problem` | 500, `application/problem+json` |
//! | `/text-error` | 502, plain text |
//! | `/html-error` | 503, an HTML page |
//! | `/bare-error` | 500, no body |
//! | `/no-content` | 204 |
//! | `/empty` | 200, `application/json`, no bytes |
//! | `/not-modified` | 304 |
//! | `/status/N` | status N with `{"status": N}` |
//! | `/huge?bytes=N` | N bytes of one JSON string, in chunks |
//! | `/redirect/other?status=N` | to `/landing` of the other origin |
//! | `/redirect/same?status=N` | to `/landing` of this origin |
//! | `/redirect/loop` | to itself |
//! | `/redirect/relative` | `Location: landing`, beside it |
//! | `/redirect/scheme` | to `file:///etc/passwd` |
//! | `/redirect/nowhere` | 302 without `Location` |
//! | `/flaky?times=N&status=S` | the first N requests of this target answer S (503); then as the echo server. `after=TEXT` adds `Retry-After`, where `date:N` is N seconds from now; `remaining=N&reset=N` add rate headers to every answer |
//! | `/redirect/nobody?status=N` | to a port of this machine where nobody listens |
//! | `/flaky-cut?times=N` | the first N requests of this target are cut off in the body |
//! | `/flaky-slow?times=N&ms=M` | the first N requests of this target come M ms late |
//! | `/keyed` | the first request with an `Idempotency-Key` answers 503, the second with the same one as the echo server; without one 400 |
//! | `/crowd?most=N&ms=M` | comes M ms late (20); 400 where more than N requests are under way at the same time |
//! | `/limited?limit=N&ms=M` | takes N requests in each period of M ms; the others are refused until it is over |
//! | `/garbled-gzip` | 200, said to be gzip, which it is not |
//! | anything else | as the echo server: `/landing` tells which headers arrived |

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use serde_json::json;

use super::{Received, Reply, Server, Step, echo};

const JSON: &str = "application/json";

/// A chaos server whose `/redirect/other` leads to `other`, an origin.
pub(crate) fn start(other: String) -> Server {
    let (seen, crowd, period) = (Mutex::default(), Mutex::default(), Mutex::default());
    Server::start(move |request| match request.path() {
        path if path.starts_with("/flaky") => flaky(request, &seen),
        "/keyed" => keyed(request, &seen),
        "/crowd" => crowded(request, &crowd),
        "/limited" => limited(request, &period),
        _ => answer(request, &other),
    })
}

/// How often each target was asked for.
type Seen = Mutex<HashMap<String, u64>>;

/// Fails a number of times, and then works.
fn flaky(request: &Received, seen: &Seen) -> Reply {
    let mut seen = seen.lock().expect("no holder of this lock panics");
    let count = seen.entry(request.target.clone()).or_default();
    *count += 1;
    let works = Reply::json(200, &echo::describe(request));
    let mut reply = match request.path() {
        _ if *count > number(request, "times", 1) => works,
        "/flaky-cut" => return cut_off().header("content-length", "100"),
        "/flaky-slow" => Reply { delay: Duration::from_millis(number(request, "ms", 1000)), ..works },
        _ => {
            let status = u16::try_from(number(request, "status", 503)).unwrap_or(503);
            let busy = Reply::json(status, &json!({"message": format!("failure {count}")}));
            match request.parameter("after") {
                Some(after) => busy.header("retry-after", &moment(&after)),
                None => busy,
            }
        }
    };
    for (name, header) in [("remaining", "ratelimit-remaining"), ("reset", "ratelimit-reset")] {
        if let Some(value) = request.parameter(name) {
            reply = reply.header(header, &value);
        }
    }
    reply
}

/// Fails until a request comes again with its key.
fn keyed(request: &Received, seen: &Seen) -> Reply {
    let Some(key) = request.header("idempotency-key") else {
        return Reply::json(400, &json!({"message": "there is no key"}));
    };
    let mut seen = seen.lock().expect("no holder of this lock panics");
    let count = seen.entry(key).or_default();
    *count += 1;
    match *count {
        1 => Reply::json(503, &json!({"message": "come again with the same key"})),
        2 => Reply::json(200, &echo::describe(request)),
        _ => Reply::json(400, &json!({"message": "this was done already"})),
    }
}

/// Counts who is under way: those whose answer is not due yet.
fn crowded(request: &Received, crowd: &Mutex<Vec<Instant>>) -> Reply {
    let delay = Duration::from_millis(number(request, "ms", 20));
    let now = Instant::now();
    let mut crowd = crowd.lock().expect("no holder of this lock panics");
    crowd.retain(|end| *end > now);
    crowd.push(now + delay);
    let most = number(request, "most", 1);
    let reply = match crowd.len() as u64 > most {
        true => Reply::json(400, &json!({"message": format!("{} at the same time", crowd.len())})),
        false => Reply::json(200, &echo::describe(request)),
    };
    Reply { delay, ..reply }
}

/// Counts the requests of a period, which begins with its first one.
fn limited(request: &Received, period: &Mutex<Option<(Instant, u64)>>) -> Reply {
    let length = Duration::from_millis(number(request, "ms", 100));
    let now = Instant::now();
    let mut period = period.lock().expect("no holder of this lock panics");
    let (began, count) = period.filter(|(began, _)| now < *began + length).unwrap_or((now, 0));
    *period = Some((began, count + 1));
    if count < number(request, "limit", 1) {
        return Reply::json(200, &echo::describe(request));
    }
    let left = (began + length).duration_since(now).as_secs_f64();
    let refusal = Reply::json(429, &json!({"message": "too many requests"}));
    refusal.header("x-ratelimit-reset-after", &format!("{left:.3}"))
}

/// `date:N` as the date N seconds from now; any other text as it is.
fn moment(text: &str) -> String {
    let Some(seconds) = text.strip_prefix("date:").and_then(|n| n.parse::<i64>().ok()) else { return text.to_owned() };
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let now = SystemTime::now();
    httpdate::fmt_http_date(if seconds < 0 { now - distance } else { now + distance })
}

fn answer(request: &Received, other: &str) -> Reply {
    let path = request.path();
    if let Some(kind) = path.strip_prefix("/redirect/") {
        return redirect(request, kind, other);
    }
    if let Some(status) = path.strip_prefix("/status/").and_then(|s| s.parse().ok()) {
        return Reply::json(status, &json!({"status": status}));
    }
    match path {
        "/cut-off" => cut_off().header("content-length", "100"),
        "/cut-off-chunk" => cut_off(),
        "/slow" => slow(request),
        "/drip" => drip(request),
        "/html" => Reply::new(200, "text/html; charset=utf-8", "<html><body>Log in</body></html>"),
        "/broken-json" => Reply::new(200, JSON, r#"{"name": "Acme", "#),
        "/unlabelled" => unlabelled(),
        "/problem" => problem(),
        "/text-error" => Reply::new(502, "text/plain", "upstream is restarting"),
        "/html-error" => Reply::new(503, "text/html", "<html><title>Maintenance</title></html>"),
        "/bare-error" => Reply::empty(500),
        "/garbled-gzip" => Reply::new(200, JSON, "{}").header("content-encoding", "gzip"),
        "/no-content" => Reply::empty(204),
        "/empty" => Reply::new(200, JSON, ""),
        "/not-modified" => Reply::empty(304),
        "/huge" => huge(number(request, "bytes", 100 << 20)),
        _ => Reply::json(200, &echo::describe(request)),
    }
}

fn number(request: &Received, name: &str, default: u64) -> u64 {
    request.parameter(name).and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn cut_off() -> Reply {
    let mut reply = Reply::new(200, JSON, r#"{"name":"#);
    // A pause, so that the bytes before the break have left.
    reply.body.extend([Step::Wait(Duration::from_millis(20)), Step::Break]);
    reply
}

fn slow(request: &Received) -> Reply {
    let delay = Duration::from_millis(number(request, "ms", 60_000));
    Reply { delay, ..Reply::json(200, &json!({"late": true})) }
}

fn drip(request: &Received) -> Reply {
    let mut reply = Reply::new(200, JSON, r#"{"late":"#);
    let wait = Duration::from_millis(number(request, "ms", 60_000));
    reply.body.extend([Step::Wait(wait), Step::Send(Bytes::from_static(b" true}"))]);
    reply
}

fn unlabelled() -> Reply {
    let mut reply = Reply::empty(200);
    reply.body.push(Step::Send(Bytes::from_static(br#"{"name":"Acme"}"#)));
    reply
}

fn problem() -> Reply {
    let problem = json!({
        "type": "https://example.com/problems/out-of-credit",
        "title": "You do not have enough credit",
        "status": 500,
        "detail": "Your balance is 30, but that costs 50",
    });
    Reply::new(500, "application/problem+json", problem.to_string())
}

/// One long JSON string; the chunks share their memory.
fn huge(bytes: u64) -> Reply {
    const CHUNK_BYTES: u64 = 1 << 20;
    let chunk = Bytes::from(vec![b'a'; CHUNK_BYTES as usize]);
    let inside = bytes.saturating_sub(2);
    let mut reply = Reply::new(200, JSON, "\"");
    reply.body.extend((0..inside / CHUNK_BYTES).map(|_| Step::Send(chunk.clone())));
    reply.body.push(Step::Send(chunk.slice(..(inside % CHUNK_BYTES) as usize)));
    reply.body.push(Step::Send(Bytes::from_static(b"\"")));
    reply
}

fn redirect(request: &Received, kind: &str, other: &str) -> Reply {
    let status = u16::try_from(number(request, "status", 302)).unwrap_or(302);
    let location = match kind {
        "other" => format!("{other}/landing"),
        "same" => "/landing".to_owned(),
        "relative" => "landing".to_owned(),
        "loop" => "/redirect/loop".to_owned(),
        "scheme" => "file:///etc/passwd".to_owned(),
        "nobody" => "http://127.0.0.1:9/landing".to_owned(),
        _ => return Reply::empty(302),
    };
    Reply::empty(status).header("location", &location)
}
