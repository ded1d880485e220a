//! A server whose lists come in pages, one kind per path; items are `{"id": 1}`, `{"id": 2}`, ….
//!
//! Every list has 5 items, 2 a page, unless the query says `count` or `size`.
//!
//! | path | pages by |
//! |---|---|
//! | `/cursor` | `next_token`; the last answer has `null` |
//! | `/more` | `cursor`; `has_more`, and a cursor on the last page too |
//! | `/offset` | `offset`, with `total` |
//! | `/bare-offset` | `offset`; the body is the list |
//! | `/page` | `page`, with `total_pages` |
//! | `/bare-page` | `page`; the body is the list |
//! | `/link` | a `Link` header |
//! | `/next-link` | `links.next`, relative |
//! | `/keyset` | `starting_after` |
//! | `/same-token` | `next_token`, the same each time |
//! | `/same-page` | `page`, which is not looked at |
//! | `/same-link` | a `Link` header to the page itself |
//! | `/away` | a `Link` header to another origin |
//! | `/away-body` | `links.next` to another origin |
//! | `/fails` | `next_token`; the third page answers 500 |
//! | `/breaks` | `next_token`; the third page breaks off |
//! | `/endless` | `next_token`; there is always a next page |
//! | `/full` | `cursor`; the next token stands in `meta.after` |
//! | `/leaves-out` | `page`; the page behind the last has no list |
//! | `/turns` | `page`; the third page is an error with status 200 |
//! | `/two-lists` | `page`; two lists in the body |

use std::time::Duration;

use serde_json::{Value, json};

use super::{Received, Reply, Server, Step};

/// A server of lists; `other` is an origin that links lead away to.
pub(crate) fn start(other: String) -> Server {
    Server::start(move |request| answer(request, &other))
}

fn answer(request: &Received, other: &str) -> Reply {
    match request.path() {
        "/cursor" => by_token(request, "next_token"),
        "/more" => more(request),
        "/offset" => offset(request),
        "/bare-offset" => Reply::json(200, &slice(request, number(request, "offset", 0))),
        "/page" => page(request),
        "/bare-page" | "/same-page" | "/two-lists" => bare_page(request),
        "/full" => full(request),
        "/leaves-out" | "/turns" => without_list(request),
        "/link" | "/same-link" | "/away" => link(request, other),
        "/next-link" | "/away-body" => next_link(request, other),
        "/keyset" => keyset(request),
        "/same-token" => Reply::json(200, &json!({"items": slice(request, 0), "next_token": "again"})),
        "/fails" if start_of(request) >= 4 => Reply::json(500, &json!({"error": "the third page is gone"})),
        "/breaks" if start_of(request) >= 4 => breaks(),
        "/fails" | "/breaks" => by_token(request, "next_token"),
        "/endless" => endless(request),
        _ => Reply::json(404, &json!({"error": "no such list"})),
    }
}

fn number(request: &Received, name: &str, default: u64) -> u64 {
    request.parameter(name).and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn count(request: &Received) -> u64 {
    number(request, "count", 5)
}

fn size(request: &Received) -> u64 {
    number(request, "size", 2)
}

/// The items from one on, as many as a page has.
fn slice(request: &Received, start: u64) -> Value {
    let end = (start + size(request)).min(count(request));
    (start..end).map(|n| json!({"id": n + 1})).collect()
}

/// The item that a token stands for: tokens are not numbers, so that nobody counts on it.
fn start_of(request: &Received) -> u64 {
    let token = request.parameter("next_token").or_else(|| request.parameter("cursor"));
    token.and_then(|token| token.strip_prefix("t/").and_then(|n| n.parse().ok())).unwrap_or(0)
}

fn token(request: &Received, start: u64) -> Value {
    let next = start + size(request);
    if next < count(request) { json!(format!("t/{next}")) } else { Value::Null }
}

fn by_token(request: &Received, name: &str) -> Reply {
    let start = start_of(request);
    Reply::json(200, &json!({"items": slice(request, start), name: token(request, start)}))
}

fn more(request: &Received) -> Reply {
    let start = start_of(request);
    let next = start + size(request);
    Reply::json(
        200,
        &json!({"items": slice(request, start), "has_more": next < count(request), "next": format!("t/{next}")}),
    )
}

fn offset(request: &Received) -> Reply {
    let items = slice(request, number(request, "offset", 0));
    Reply::json(200, &json!({"items": items, "total": count(request)}))
}

fn page(request: &Received) -> Reply {
    let items = slice(request, (number(request, "page", 1) - 1) * size(request));
    Reply::json(200, &json!({"items": items, "total_pages": count(request).div_ceil(size(request))}))
}

fn bare_page(request: &Received) -> Reply {
    let start = (number(request, "page", 1) - 1) * size(request);
    match request.path() {
        "/same-page" => Reply::json(200, &slice(request, 0)),
        "/two-lists" => Reply::json(200, &json!({"result": {"items": slice(request, start)}, "a": [], "b": []})),
        _ => Reply::json(200, &slice(request, start)),
    }
}

fn full(request: &Received) -> Reply {
    let start = start_of(request);
    Reply::json(200, &json!({"items": slice(request, start), "meta": {"after": token(request, start)}}))
}

fn without_list(request: &Received) -> Reply {
    let at = number(request, "page", 1);
    let start = (at - 1) * size(request);
    match request.path() {
        "/turns" if at > 2 => Reply::json(200, &json!({"error": "too many pages"})),
        _ if start >= count(request) => Reply::json(200, &json!({"page": at})),
        _ => Reply::json(200, &json!({"items": slice(request, start), "page": at})),
    }
}

fn link(request: &Received, other: &str) -> Reply {
    let at = number(request, "p", 1);
    let start = (at - 1) * size(request);
    let reply = Reply::json(200, &slice(request, start));
    let target = match request.path() {
        "/same-link" => "/same-link?p=1".to_owned(),
        "/away" => format!("{other}/away?p=2"),
        _ => format!("/link?p={}", at + 1),
    };
    let last = format!("</link?p=99>; rel=\"last\", <{target}>; rel=\"next\"");
    if start + size(request) < count(request) { reply.header("link", &last) } else { reply }
}

fn next_link(request: &Received, other: &str) -> Reply {
    let at = number(request, "p", 1);
    let start = (at - 1) * size(request);
    let next = match request.path() {
        "/away-body" => json!(format!("{other}/next-link?p=2")),
        _ if start + size(request) < count(request) => json!(format!("next-link?p={}", at + 1)),
        _ => Value::Null,
    };
    Reply::json(200, &json!({"items": slice(request, start), "links": {"next": next}}))
}

fn keyset(request: &Received) -> Reply {
    let start = number(request, "starting_after", 0);
    Reply::json(200, &json!({"data": slice(request, start), "has_more": start + size(request) < count(request)}))
}

fn breaks() -> Reply {
    let mut reply = Reply::new(200, "application/json", r#"{"items": ["#).header("content-length", "100");
    // A pause, so that the bytes before the break have left.
    reply.body.extend([Step::Wait(Duration::from_millis(20)), Step::Break]);
    reply
}

fn endless(request: &Received) -> Reply {
    let next = start_of(request) + 1;
    Reply::json(200, &json!({"items": [{"id": next}], "next_token": format!("t/{next}")}))
}
