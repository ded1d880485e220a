//! A server whose answers say whether and how long they may be kept.
//!
//! Every answer is `{"answer": N}`, the Nth of its path.
//!
//! | path | answer |
//! |---|---|
//! | `/fresh` | holds for an hour |
//! | `/tagged` | holds for no time, has an `ETag`; 304 where the request names it |
//! | `/dated` | holds for no time, has a `Last-Modified`; 304 where the request names it |
//! | `/changing` | as `/tagged`, with another tag each time |
//! | `/no-store` | must not be kept, though it has an `ETag` |
//! | `/vary` | holds for an hour, for requests with this `Accept-Language` |
//! | `/silent` | says nothing of keeping |
//! | `/failing` | holds for no time but for a minute after a failure; 500 after the first |
//! | `/moved` | 302 to `/fresh` |

use std::collections::HashMap;
use std::sync::Mutex;

use serde_json::json;

use super::{Received, Reply, Server};

const DATE: &str = "Fri, 02 Jan 2026 03:04:05 GMT";

/// A server of answers that may be kept.
pub(crate) fn start() -> Server {
    let counts: Mutex<HashMap<String, u64>> = Mutex::default();
    Server::start(move |request| {
        let mut counts = counts.lock().expect("no holder of this lock panics");
        let count = counts.entry(request.path().to_owned()).or_default();
        *count += 1;
        answer(request, *count)
    })
}

fn answer(request: &Received, count: u64) -> Reply {
    let reply = Reply::json(200, &json!({"answer": count}));
    let hour = ("cache-control", "private, max-age=3600");
    match request.path() {
        "/fresh" => reply.header(hour.0, hour.1),
        "/tagged" => tagged(request, "\"v1\"", reply),
        "/changing" => tagged(request, &format!("\"v{count}\""), reply),
        "/dated" if request.header("if-modified-since").as_deref() == Some(DATE) => Reply::empty(304),
        "/dated" => reply.header("last-modified", DATE).header("cache-control", "no-cache"),
        "/no-store" => reply.header("etag", "\"v1\"").header("cache-control", "No-Store"),
        "/vary" => reply.header(hour.0, hour.1).header("vary", "Accept-Language"),
        "/failing" if count > 1 => Reply::json(500, &json!({"error": "down"})),
        "/failing" => reply.header("cache-control", "max-age=0, stale-if-error=60").header("etag", "\"v1\""),
        "/moved" => Reply::empty(302).header("location", "/fresh").header(hour.0, hour.1),
        _ => reply,
    }
}

fn tagged(request: &Received, tag: &str, reply: Reply) -> Reply {
    match request.header("if-none-match").as_deref() == Some(tag) {
        true => Reply::empty(304).header("etag", tag),
        false => reply.header("etag", tag).header("cache-control", "no-cache"),
    }
}
