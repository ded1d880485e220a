//! A server of bodies that come piece by piece: files with ranges, endless ones, events, lines.
//!
//! The file is the 40 bytes of [`FILE`]; its `ETag` is `"v1"`. A `Range` is answered as RFC 9110
//! says unless the path is about something else.
//!
//! | path | what comes |
//! |---|---|
//! | `/file` | the file; `media` in the query is its type, `name` the name that it brings, `length=no` sends it in chunks |
//! | `/cut` | breaks off after 16 bytes, unless asked for a range |
//! | `/cut-weak` | the same with a weak `ETag` |
//! | `/changing` | the same with an `ETag` of its own for each request |
//! | `/cut-whole` | the same, and ranges are not known |
//! | `/wrong-range` | breaks off; a range is answered with another one |
//! | `/other-version` | breaks off; a range is answered with one of `"v2"`, without looking at `If-Range` |
//! | `/flaky` | 8 bytes of what is asked for, then it breaks off |
//! | `/late` | `/other-version`, whole, and each answer comes after 600 ms |
//! | `/short` | 16 bytes of the 40 that are announced |
//! | `/full` | all 40 bytes but not the end of the body; a range from there on is not satisfiable |
//! | `/huge` | as many zeros as `bytes` says; `length=no` sends them in chunks |
//! | `/slow` | 1000 points, one every 20 ms; a range at once |
//! | `/events` | server-sent events in every spelling |
//! | `/events-cut` | an event with an id, and the connection breaks off |
//! | `/lines`, `/sequence` | two records each |
//! | `/broken-line` | a line of JSON and one that is none |
//! | `/long-line` | a line, and one of 100 bytes |
//! | `/gate` | a line, and a second one once `/open` was asked for |

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;

use super::{Received, Reply, Server, Step};

/// The file.
pub(crate) const FILE: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789ABCD";

/// Bytes that come before a body breaks off.
const CUT: usize = 16;

/// A server of streams.
pub(crate) fn start() -> Server {
    let count = AtomicU64::new(0);
    let gate = Arc::new(Notify::new());
    Server::start(move |request| match request.path() {
        "/gate" => gated(gate.clone()),
        "/open" => {
            gate.notify_one();
            Reply::empty(204)
        }
        _ => answer(request, count.fetch_add(1, Ordering::Relaxed)),
    })
}

fn answer(request: &Received, count: u64) -> Reply {
    let is_ranged = request.header("range").is_some();
    match request.path() {
        "/file" => whole_file(request),
        "/cut" | "/full" | "/wrong-range" | "/other-version" | "/changing" if !is_ranged => cut(request, count),
        "/cut-weak" => cut(request, count),
        "/cut" | "/full" => ranged(request, "\"v1\""),
        "/cut-whole" if count == 0 => cut(request, count),
        "/cut-whole" => file(200, FILE).header("etag", "\"v1\""),
        "/changing" => ranged(request, &format!("\"v{count}\"")),
        "/wrong-range" => file(206, &FILE[10..]).header("content-range", "bytes 10-39/40"),
        "/other-version" => file(206, &FILE[CUT..]).header("content-range", "bytes 16-39/40").header("etag", "\"v2\""),
        "/flaky" => flaky(request),
        "/late" => late(is_ranged),
        "/short" => cut(request, count),
        "/huge" => huge(request),
        "/slow" => slow(request),
        "/events" => Reply::new(200, "text/event-stream", EVENTS),
        "/events-cut" => events_cut(),
        "/lines" => Reply::new(200, "application/x-ndjson", "{\"id\": 1, \"x\": [1]}\r\n\n{\"id\":2}"),
        "/sequence" => Reply::new(200, "application/json-seq", "\x1e{\"id\":\n1}\n\x1e{\"id\":2}\n"),
        "/broken-line" => Reply::new(200, "application/jsonl", "{\"id\":1}\n{\"id\":\n"),
        "/long-line" => Reply::new(200, "application/jsonl", format!("{{\"id\":1}}\n\"{}\"\n", "a".repeat(100))),
        _ => Reply::json(404, &serde_json::json!({"error": "no such stream"})),
    }
}

fn file(status: u16, bytes: &'static [u8]) -> Reply {
    Reply::new(status, "application/octet-stream", bytes)
}

fn whole_file(request: &Received) -> Reply {
    let media = request.parameter("media").unwrap_or_else(|| "application/octet-stream".to_owned());
    let mut reply = ranged(request, "\"v1\"");
    reply.headers.retain(|(name, _)| name != "content-type");
    if request.parameter("length").as_deref() == Some("no") {
        reply.body.push(Step::Wait(Duration::ZERO));
    }
    if let Some(name) = request.parameter("name") {
        reply = reply.header("content-disposition", &format!("attachment; filename=\"{name}\""));
    }
    reply.header("content-type", &media)
}

/// The file as it is announced, and less of it.
fn cut(request: &Received, count: u64) -> Reply {
    let sent = if request.path() == "/full" { FILE } else { &FILE[..CUT] };
    let announced = if request.path() == "/full" { "41" } else { "40" };
    let reply = file(200, sent).header("content-length", announced);
    let mut reply = match request.path() {
        "/cut-weak" => reply.header("etag", "W/\"v1\""),
        "/changing" => reply.header("etag", &format!("\"v{count}\"")),
        _ => reply.header("etag", "\"v1\""),
    };
    // A pause, so that the bytes before the break have left.
    reply.body.extend([Step::Wait(Duration::from_millis(20)), Step::Break]);
    reply
}

fn late(is_ranged: bool) -> Reply {
    let mut reply = match is_ranged {
        true => file(206, &FILE[4..]).header("content-range", "bytes 4-39/40").header("etag", "\"v2\""),
        false => file(200, FILE).header("etag", "\"v2\""),
    };
    reply.delay = Duration::from_millis(600);
    reply
}

fn flaky(request: &Received) -> Reply {
    let mut reply = ranged(request, "\"v1\"");
    for step in &mut reply.body {
        if let Step::Send(bytes) = step {
            reply.headers.push(("content-length".to_owned(), bytes.len().to_string()));
            *step = Step::Send(bytes.slice(..bytes.len().min(8)));
        }
    }
    reply.body.extend([Step::Wait(Duration::from_millis(20)), Step::Break]);
    reply
}

fn ranged(request: &Received, tag: &str) -> Reply {
    let range = request.header("range").filter(|_| request.header("if-range").is_none_or(|asked| asked == tag));
    let from = range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
    let reply = match from {
        None => file(200, FILE),
        Some(from) if from < FILE.len() => {
            file(206, &FILE[from..]).header("content-range", &format!("bytes {from}-39/40"))
        }
        Some(_) => Reply::empty(416).header("content-range", "bytes */40"),
    };
    reply.header("etag", tag)
}

fn huge(request: &Received) -> Reply {
    const PIECE: u64 = 64 * 1024;
    let bytes: u64 = request.parameter("bytes").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut reply = Reply::empty(200).header("content-type", "application/octet-stream");
    if request.parameter("length").as_deref() != Some("no") {
        reply = reply.header("content-length", &bytes.to_string());
    }
    reply.body.push(Step::Repeat(Bytes::from_static(&[0; PIECE as usize]), bytes / PIECE));
    reply.body.push(Step::Send(Bytes::from_static(&[0; PIECE as usize]).slice(..(bytes % PIECE) as usize)));
    reply
}

/// Events with each kind of line end, a comment, a name, an id, and one that does not end.
const EVENTS: &str = "\u{feff}: a comment\ndata: first\n\nevent: add\r\nid: 7\r\ndata: {\"n\": 1,\r\ndata:  \"t\": \"x\"}\r\n\r\n\
                      data: 3\rretry: 10\r\rdata: never\n";

fn events_cut() -> Reply {
    let mut reply = Reply::new(200, "text/event-stream; charset=utf-8", "id: 41\ndata: {\"n\":1}\n\n");
    reply.body.extend([Step::Wait(Duration::from_millis(20)), Step::Break]);
    reply
}

fn gated(gate: Arc<Notify>) -> Reply {
    let mut reply = Reply::new(200, "application/x-ndjson", "{\"id\":1}\n");
    reply.body.extend([Step::Hold(gate), Step::Send(Bytes::from_static(b"{\"id\":2}\n"))]);
    reply
}

fn slow(request: &Received) -> Reply {
    let range = request.header("range");
    let from: Option<usize> = range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    if let Some(from) = from {
        let rest = Reply::new(206, "application/octet-stream", ".".repeat(1000 - from));
        return rest.header("content-range", &format!("bytes {from}-999/1000")).header("etag", "\"v1\"");
    }
    let mut reply = Reply::empty(200).header("etag", "\"v1\"").header("content-length", "1000");
    for _ in 0..1000 {
        reply.body.extend([Step::Send(Bytes::from_static(b".")), Step::Wait(Duration::from_millis(20))]);
    }
    reply
}
