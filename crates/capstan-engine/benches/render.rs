//! Rendering a request against writing it by hand: `format!` and a URL parser.
//!
//! The hand-written side encodes its values too; what differs is that it knows the operation.

#![expect(clippy::print_stdout, reason = "the figures are what a benchmark is for")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use capstan_engine::bindings::MapEnvironment;
use capstan_engine::{Engine, EngineBuilder, Invocation, Reveal};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

const CALLS: u32 = 200_000;

fn main() {
    let engine = kinde();
    let rows = [
        ("getOrganization", Invocation::new("getOrganization").param("code", "org_1ccfb819462")),
        (
            "getOrganizationUserRoles",
            Invocation::new("getOrganizationUserRoles")
                .param("org_code", "org_1ccfb819462")
                .param("user_id", "kp_5fc30d0547734f30aca617450202169f"),
        ),
    ];
    for (name, invocation) in &rows {
        let rendered = time(|| drop(black_box(engine.render(black_box(invocation), Reveal::Secret))));
        let by_hand = time(|| drop(black_box(hand_written(name))));
        let ratio = rendered.as_secs_f64() / by_hand.as_secs_f64();
        println!("render {name}: {rendered:?} a request, by hand {by_hand:?}, ratio {ratio:.2}");
    }
}

/// The mean of many calls, after a warm-up.
fn time(mut call: impl FnMut()) -> Duration {
    (0..CALLS / 10).for_each(|_| call());
    let start = Instant::now();
    (0..CALLS).for_each(|_| call());
    start.elapsed() / CALLS
}

fn kinde() -> Engine {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../capabilities/kinde-organizations.yaml");
    let environment = [("KINDE_SUBDOMAIN", "acme"), ("KINDE_ACCESS_TOKEN", "tok_0123456789abcdef")];
    let environment: MapEnvironment = environment.map(|(k, v)| (k.to_owned(), v.to_owned())).into_iter().collect();
    let builder = EngineBuilder::open(file).expect("the capability of the project loads");
    builder.environment(Arc::new(environment)).build().expect("an engine without overrides")
}

/// The same request, written for this one operation.
fn hand_written(operation: &str) -> (http::Method, url::Url, http::HeaderMap) {
    let subdomain = black_box("acme");
    let encode = |text: &'static str| utf8_percent_encode(black_box(text), NON_ALPHANUMERIC);
    let text = if operation == "getOrganization" {
        format!("https://{subdomain}.kinde.com/api/v1/organization?code={}", encode("org_1ccfb819462"))
    } else {
        format!(
            "https://{subdomain}.kinde.com/api/v1/organizations/{}/users/{}/roles",
            encode("org_1ccfb819462"),
            encode("kp_5fc30d0547734f30aca617450202169f")
        )
    };
    let url = url::Url::parse(&text).expect("a URL");
    let mut headers = http::HeaderMap::new();
    let token = format!("Bearer {}", black_box("tok_0123456789abcdef"));
    headers.insert(http::header::AUTHORIZATION, http::HeaderValue::from_str(&token).expect("a header"));
    headers.insert(http::header::ACCEPT, http::HeaderValue::from_static("application/json"));
    headers.insert(http::header::USER_AGENT, http::HeaderValue::from_static("capstan"));
    (http::Method::GET, url, headers)
}
