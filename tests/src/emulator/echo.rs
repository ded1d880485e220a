//! A server that answers with what it was asked, for cases about the bytes of a request.
//!
//! Every path answers 200 with `{"method", "target", "headers": [[name, value], …], "body"}`;
//! a body that is no UTF-8 comes as `"body_base64"`, an absent one as `"body": null`. The `quiet`
//! form answers `{"ok": true}` instead: for cases with a secret, whose own answer must not show it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Received, Reply, Server};

/// An echo that describes each request.
pub(crate) fn start() -> Server {
    Server::start(|request| Reply::json(200, &describe(request)))
}

/// An echo that only records.
pub(crate) fn start_quiet() -> Server {
    Server::start(|_| Reply::json(200, &json!({"ok": true})))
}

/// The request as JSON.
pub(super) fn describe(request: &Received) -> Value {
    let headers = request.headers.iter();
    let headers: Vec<Value> = headers.map(|(name, value)| json!([name, String::from_utf8_lossy(value)])).collect();
    let mut description = json!({"method": request.method, "target": request.target, "headers": headers});
    let (key, body) = match std::str::from_utf8(&request.body) {
        Ok("") => ("body", Value::Null),
        Ok(text) => ("body", Value::from(text)),
        Err(_) => ("body_base64", Value::from(STANDARD.encode(&request.body))),
    };
    description[key] = body;
    description
}
