//! An authorization server, an API behind it, and one behind digest authentication, after the RFCs.
//!
//! | path | answer |
//! |---|---|
//! | `/token` | RFC 6749: `issued-token-N` for the client `me` with `client-secret-4711` (header or form), for the refresh token `refresh-token-1`, for any assertion and for any exchange |
//! | `/token-form` | the same, but the secret only in the form |
//! | `/token-dead` | the same, but the first token is one that the API refuses |
//! | `/token-html`, `/token-slow`, `/token-away` | no token: a page, nothing for a minute, a redirect to another origin |
//! | `/tenant/.well-known/openid-configuration` | metadata of the issuer `{server}/tenant` |
//! | `/.well-known/oauth-authorization-server/stranger` | metadata of another issuer |
//! | `/api` | 200 for an issued token, else 401 |
//! | `/digest-int` | the same, and the proof covers the body (`auth-int`) |
//! | `/digest`, `/digest-stale` | RFC 7616 with SHA-256 for `me` with `digest-secret-1`; the second says once that the nonce is stale |

use std::sync::Mutex;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{Received, Reply, Server, percent_decode};

const SECRET: &str = "client-secret-4711";

#[derive(Default)]
struct State {
    issued: u32,
    nonce: u32,
    was_stale: bool,
    /// The count of the nonce that was used last.
    count: u32,
}

/// An authorization server; `other` is where it must not lead.
pub(crate) fn start(other: String) -> Server {
    let state = Mutex::new(State::default());
    Server::start(move |request| {
        let mut state = state.lock().expect("no holder of this lock panics");
        let host = format!("http://{}", request.header("host").unwrap_or_default());
        match request.path() {
            "/token" => token(request, &mut state, "/token"),
            "/token-form" if request.header("authorization").is_some() => refuse("invalid_client", "the form, please"),
            "/token-form" => token(request, &mut state, "/token"),
            "/token-dead" => token(request, &mut state, "/token-dead"),
            "/token-html" => Reply::new(200, "text/html", "<h1>Log in</h1>"),
            "/token-slow" => Reply { delay: Duration::from_secs(60), ..Reply::empty(200) },
            "/token-away" => Reply::empty(307).header("location", &format!("{other}/token")),
            "/tenant/.well-known/openid-configuration" => Reply::json(
                200,
                &json!({
                    "issuer": format!("{host}/tenant"), "token_endpoint": format!("{host}/token-form"),
                    "token_endpoint_auth_methods_supported": ["client_secret_post"],
                }),
            ),
            "/.well-known/oauth-authorization-server/stranger" => {
                Reply::json(200, &json!({ "issuer": other, "token_endpoint": format!("{other}/token") }))
            }
            "/api" => api(request, &state),
            "/digest" | "/digest-stale" | "/digest-int" => digest(request, &mut state),
            _ => Reply::json(404, &json!({ "error": "no such path" })),
        }
    })
}

fn refuse(error: &str, description: &str) -> Reply {
    Reply::json(400, &json!({ "error": error, "error_description": description }))
}

fn fields(request: &Received) -> Vec<(String, String)> {
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (percent_decode(name, true), percent_decode(value, true))).collect()
}

fn token(request: &Received, state: &mut State, path: &str) -> Reply {
    let fields = fields(request);
    let field = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    let basic = format!("Basic {}", STANDARD.encode(format!("me:{SECRET}")));
    let is_client = request.header("authorization") == Some(basic)
        || (field("client_id") == Some("me") && field("client_secret") == Some(SECRET))
        || field("client_assertion").is_some_and(|jwt| jwt.split('.').count() == 3);
    let short = field("grant_type").unwrap_or_default().rsplit(':').next().unwrap_or_default();
    match short {
        "client_credentials" if !is_client => {
            // A careless server repeats what it was sent.
            let sent = field("client_secret").unwrap_or_default();
            return refuse("invalid_client", &format!("no such client {sent}"));
        }
        "refresh_token" if field("refresh_token") != Some("refresh-token-1") => {
            return refuse("invalid_grant", "the refresh token is used up");
        }
        "jwt-bearer" if field("assertion").is_none_or(|jwt| jwt.split('.').count() != 3) => {
            return refuse("invalid_grant", "that is no assertion");
        }
        "token-exchange" if field("subject_token").is_none() => {
            return refuse("invalid_request", "no token to exchange");
        }
        "client_credentials" | "refresh_token" | "jwt-bearer" | "token-exchange" => {}
        _ => return refuse("unsupported_grant_type", short),
    }
    state.issued += 1;
    let name = if path == "/token-dead" && state.issued == 1 { "dead" } else { "issued" };
    let token = format!("{name}-token-{:04}", state.issued);
    Reply::json(200, &json!({ "access_token": token, "token_type": "bearer", "expires_in": 3600 }))
}

fn api(request: &Received, state: &State) -> Reply {
    let given = request.header("authorization").unwrap_or_default();
    match given.strip_prefix("Bearer issued-token-").and_then(|number| number.parse::<u32>().ok()) {
        Some(number) if number <= state.issued => Reply::json(200, &json!({ "ok": true })),
        // As careless as the other.
        Some(_) | None => Reply::json(401, &json!({ "error": format!("refused: {given}") })),
    }
}

fn digest(request: &Received, state: &mut State) -> Reply {
    let given = request.header("authorization").unwrap_or_default();
    let value = |name: &str| {
        let (_, rest) = given.split_once(&format!(" {name}="))?;
        Some(rest.trim_start_matches('"').split(['"', ',']).next().unwrap_or_default().to_owned())
    };
    let get = |name: &str| value(name).unwrap_or_default();
    let secret = hash("me:the realm:digest-secret-1");
    let qop = if request.path() == "/digest-int" { "auth-int" } else { "auth" };
    let mut subject = format!("{}:{}", request.method, request.target);
    if qop == "auth-int" {
        subject.push_str(&format!(":{}", hash(&request.body)));
    }
    let (subject, nonce) = (hash(&subject), state.nonce);
    let expected = hash(format!("{secret}:nonce-{nonce}:{}:{}:{qop}:{subject}", get("nc"), get("cnonce")));
    let count = u32::from_str_radix(&get("nc"), 16).unwrap_or(0);
    let is_stale = request.path() == "/digest-stale" && !state.was_stale;
    if get("response") == expected && count > state.count && !is_stale {
        state.count = count;
        return Reply::json(200, &json!({ "ok": true, "body": String::from_utf8_lossy(&request.body) }));
    }
    state.was_stale |= is_stale && !given.is_empty();
    state.nonce += 1;
    state.count = 0;
    let stale = if is_stale && !given.is_empty() { ", stale=true" } else { "" };
    let offer = |algorithm: &str| {
        format!(
            "Digest realm=\"the realm\", nonce=\"nonce-{}\", qop=\"{qop}\", algorithm={algorithm}{stale}",
            state.nonce
        )
    };
    Reply::empty(401).header("www-authenticate", &offer("MD5")).header("www-authenticate", &offer("SHA-256"))
}

fn hash(bytes: impl AsRef<[u8]>) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes.as_ref());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
