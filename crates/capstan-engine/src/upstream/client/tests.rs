//! The client against servers on loopback: slow, broken, too large, redirecting.

use std::error::Error;
use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, COOKIE, HOST};
use http::{HeaderName, HeaderValue, Method};

use super::super::testing::{Reply, Server, answer, get};
use super::super::{Payload, Response};
use super::*;
use crate::bindings::Scrubber;
use crate::exchange::{CallLimits, Exchange, Guards};
use crate::observe::Unobserved;
use crate::plan::Policy;

/// A client as the engine uses it: whole answers, within the bounds of a call.
struct Bounded {
    client: Client,
    limits: CallLimits,
}

impl Bounded {
    async fn send(&self, request: Request) -> Result<Response, UpstreamError> {
        let scrubber = Scrubber::new([]);
        let (limits, policy, guards) = (&self.limits, &Policy::default(), &Guards::default());
        let (upstream, observer) = (&self.client, &Unobserved);
        let cache =
            &crate::cache::Cache::new(std::sync::Arc::new(crate::cache::MemoryStore::default()), std::iter::empty());
        let exchange = Exchange {
            upstream,
            limits,
            policy,
            guards,
            observer,
            cache,
            scrubber: &scrubber,
            prover: None,
            bytes_max: limits.response_bytes_max,
        };
        exchange.whole(request).await.0
    }
}

/// The bounds that the tests change.
struct Bounds {
    timeout: Duration,
    response_bytes_max: u64,
    redirects_max: u32,
}

fn client() -> Bounded {
    with(|_| ())
}

fn with(change: impl FnOnce(&mut Bounds)) -> Bounded {
    let mut bounds = Bounds {
        timeout: limits::CALL_TIMEOUT,
        response_bytes_max: limits::RESPONSE_BYTES_MAX,
        redirects_max: limits::REDIRECTS_MAX,
    };
    change(&mut bounds);
    let Bounds { timeout, response_bytes_max, redirects_max } = bounds;
    let settings = ClientSettings { redirects_max, ..ClientSettings::default() };
    let client = Client::new(settings).expect("the settings are fit");
    let (timeout, attempts) = (Some(timeout), Some(1));
    Bounded { client, limits: CallLimits { timeout, attempts, response_bytes_max, ..CallLimits::default() } }
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("a Vec takes all bytes");
    encoder.finish().expect("a Vec takes all bytes")
}

fn sensitive(value: &'static str) -> HeaderValue {
    let mut value = HeaderValue::from_static(value);
    value.set_sensitive(true);
    value
}

fn headers(request: &mut Request, pairs: Vec<(HeaderName, HeaderValue)>) {
    request.headers = pairs;
}

/// Sends and gives the error, after checking what must hold for every error.
#[track_caller]
fn failure_of(result: Result<Response, UpstreamError>) -> (Code, String) {
    let error = result.expect_err("the call must fail");
    let mut text = error.to_string();
    let message = text.clone();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    assert!(!text.contains("hunter2"), "the query leaked: {text}");
    assert!(!message.ends_with('.') && !message.contains('\n'), "{message}");
    (error.code(), message)
}

#[tokio::test]
async fn a_whole_answer_comes_back() {
    let server = Server::start(|_| answer("201 Created", &["x-a: 1", "x-a: 2"], "{}")).await;
    let mut request = server.get("/a%20b?x=%2F&x=2");
    headers(&mut request, vec![(HeaderName::from_static("x-b"), HeaderValue::from_static("3"))]);
    let response = client().send(request).await.expect("the server answers");
    assert_eq!(response.status, 201);
    assert_eq!(response.version, http::Version::HTTP_11);
    assert_eq!(response.headers.get_all("x-a").iter().count(), 2);
    assert_eq!(&response.body[..], b"{}");
    assert_eq!(response.url, format!("{}/a%20b?x=%2F&x=2", server.url));
    let sent = server.received().remove(0);
    assert!(sent.starts_with("GET /a%20b?x=%2F&x=2 HTTP/1.1\r\n"), "{sent}");
    assert!(sent.contains("x-b: 3\r\n") && sent.contains("user-agent: capstan/"), "{sent}");
    assert!(!sent.contains("referer"), "{sent}");
}

#[tokio::test]
async fn connections_are_reused() {
    let server = Server::start(|_| answer("200 OK", &[], "ok")).await;
    let client = client();
    for _ in 0..3 {
        client.send(server.get("/")).await.expect("the server answers");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn compressed_bodies_are_unpacked() {
    let body = gzipped(b"hello hello hello");
    let server = Server::start(move |_| answer("200 OK", &["content-encoding: gzip"], &body)).await;
    let response = client().send(server.get("/")).await.expect("the server answers");
    assert_eq!(&response.body[..], b"hello hello hello");
    assert!(!response.headers.contains_key("content-encoding"));
    let sent = server.received().remove(0);
    assert!(sent.contains("accept-encoding: zstd,gzip,br"), "{sent}");
}

#[tokio::test]
async fn head_and_empty_answers_have_no_body_to_wait_for() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n";
    let server = Server::start(|_| Reply::Keep(head.to_vec())).await;
    let request = Request { method: Method::HEAD, ..server.get("/") };
    let response = client().send(request).await.expect("the length of a HEAD is no body");
    assert!(response.body.is_empty());

    let head = b"HTTP/1.1 204 No Content\r\ncontent-encoding: gzip\r\n\r\n";
    let server = Server::start(|_| Reply::Keep(head.to_vec())).await;
    let response = client().send(server.get("/")).await.expect("204 has no body");
    assert!(response.body.is_empty());
}

#[tokio::test]
async fn a_refused_connection_is_unreachable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("a bound listener has an address");
    drop(listener);
    let result = client().send(get(&format!("http://{address}/x?key=hunter2"))).await;
    let expected = format!("`http://{address}` refused the connection");
    assert_eq!(failure_of(result), (Code::Unreachable, expected));
}

#[tokio::test]
async fn a_name_without_address_is_unreachable() {
    let result = client().send(get("http://nowhere.invalid/x?key=hunter2")).await;
    let expected = "the name of `http://nowhere.invalid` has no address".to_owned();
    assert_eq!(failure_of(result), (Code::Unreachable, expected));
}

#[tokio::test]
async fn a_server_without_tls_is_explained() {
    let server = Server::start(|_| Reply::Close(Vec::new())).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound listener has an address");
    tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await; // As web servers do.
        }
    });
    let result = client().send(get(&format!("https://{address}/x?key=hunter2"))).await;
    let expected = format!("no secure connection to `https://{address}`: it does not speak TLS");
    assert_eq!(failure_of(result), (Code::Unreachable, expected));
    drop(server);
}

#[tokio::test]
async fn the_total_deadline_covers_a_slow_head_and_a_slow_body() {
    let client = with(|s| s.timeout = Duration::from_millis(150));
    for start in ["", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"] {
        let server = Server::start(|_| Reply::Hang(start.as_bytes().to_vec())).await;
        let result = client.send(server.get("/x?key=hunter2")).await;
        let expected = format!("no complete answer from `{}` within 150 ms (total timeout)", server.url);
        assert_eq!(failure_of(result), (Code::TimedOut, expected));
    }
}

#[tokio::test]
async fn the_total_deadline_covers_endless_redirects() {
    let server = Server::start(|request| {
        std::thread::sleep(Duration::from_millis(20));
        let step: u32 = request[5..].split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        answer("302 Found", &[&format!("location: /{}", step + 1)], "")
    })
    .await;
    let client = with(|s| (s.timeout, s.redirects_max) = (Duration::from_millis(150), 1000));
    assert_eq!(failure_of(client.send(server.get("/0")).await).0, Code::TimedOut);
}

#[tokio::test]
async fn a_body_over_the_cap_fails_before_and_while_reading() {
    let client = with(|s| s.response_bytes_max = 1024);
    let advertised = b"HTTP/1.1 200 OK\r\ncontent-length: 1025\r\n\r\n".to_vec();
    let streamed = {
        let mut bytes = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        bytes.extend_from_slice(&[b'x'; 1025]);
        bytes
    };
    let bomb = {
        let body = gzipped(&vec![0; 10_000_000]);
        let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", body.len());
        [head.into_bytes(), body].concat()
    };
    for bytes in [advertised, streamed, bomb] {
        let server = Server::start(move |_| Reply::Hang(bytes.clone())).await;
        let result = client.send(server.get("/x?key=hunter2")).await;
        let expected = format!("the response of `{}` is larger than the limit of 1 KiB", server.url);
        assert_eq!(failure_of(result), (Code::ResponseTooLarge, expected));
    }
}

#[tokio::test]
async fn a_body_at_the_cap_is_whole() {
    let client = with(|s| s.response_bytes_max = 1024);
    let server = Server::start(|_| answer("200 OK", &[], [b'x'; 1024])).await;
    let response = client.send(server.get("/")).await.expect("the cap is inclusive");
    assert_eq!(response.body.len(), 1024);
}

#[tokio::test]
async fn a_body_cut_off_is_broken() {
    let half = gzipped(&[b'x'; 5000]);
    let half = half[..half.len() / 2].to_vec();
    let cut = [
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc".to_vec(),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc".to_vec(),
        [b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 999\r\n\r\n".to_vec(), half].concat(),
    ];
    for bytes in cut {
        let server = Server::start(move |_| Reply::Close(bytes.clone())).await;
        let result = client().send(server.get("/x?key=hunter2")).await;
        let expected = format!("the response of `{}` broke off", server.url);
        assert_eq!(failure_of(result), (Code::BrokenResponse, expected));
    }
}

#[tokio::test]
async fn a_body_that_is_not_gzip_is_broken() {
    let truncated = gzipped(&[b'x'; 5000]);
    let truncated = truncated[..truncated.len() / 2].to_vec();
    for (body, fate) in [(b"not gzip at all".to_vec(), Fate::Certain), (truncated, Fate::Unknown)] {
        let gzip = move |_: &str| answer("200 OK", &["content-encoding: gzip"], &body);
        let server = Server::start(gzip).await;
        let result = client().send(server.get("/x?key=hunter2")).await;
        assert_eq!(result.as_ref().expect_err("it is broken").fate(), fate);
        let expected = format!("the response of `{}` is not in the encoding that it declares", server.url);
        assert_eq!(failure_of(result), (Code::BrokenResponse, expected));
    }
}

#[tokio::test]
async fn a_connection_without_an_answer_in_http_is_broken() {
    for bytes in ["", "SSH-2.0-OpenSSH_9.9\r\n", "HTTP/1.1 2"] {
        let server = Server::start(|_| Reply::Close(bytes.as_bytes().to_vec())).await;
        let result = client().send(server.get("/x?key=hunter2")).await;
        let expected = format!("`{}` closed the connection or does not answer in HTTP", server.url);
        assert_eq!(failure_of(result), (Code::BrokenResponse, expected));
    }
}

fn with_credentials(mut request: Request) -> Request {
    headers(
        &mut request,
        vec![
            (AUTHORIZATION, HeaderValue::from_static("Bearer hunter2")),
            (COOKIE, HeaderValue::from_static("session=hunter2")),
            (HeaderName::from_static("x-api-key"), sensitive("hunter2")),
            (HeaderName::from_static("x-other-key"), HeaderValue::from_static("hunter2")),
            (ACCEPT, HeaderValue::from_static("text/plain")),
            (ACCEPT_LANGUAGE, sensitive("hunter2")),
        ],
    );
    request
}

#[tokio::test]
async fn the_same_origin_gets_everything_again() {
    let server = Server::start(|request| match request.starts_with("GET /old") {
        true => answer("302 Found", &["location: new?a=b"], "moved"),
        false => answer("200 OK", &[], "here"),
    })
    .await;
    let response = client().send(with_credentials(server.get("/old"))).await.expect("followed");
    assert_eq!((&response.body[..], response.url), (&b"here"[..], format!("{}/new?a=b", server.url)));
    assert_eq!(server.received()[1].matches("hunter2").count(), 5);
}

#[tokio::test]
async fn another_origin_gets_harmless_headers_alone_even_on_the_way_back() {
    let home = Server::start(|request| match request {
        r if r.starts_with("GET /start") => {
            let elsewhere = request.lines().find_map(|l| l.strip_prefix("x-elsewhere: "));
            answer("307 Temporary Redirect", &[&format!("location: {}/x", elsewhere.unwrap_or(""))], "")
        }
        _ => answer("200 OK", &[], "home again"),
    })
    .await;
    let back = format!("location: {}/end", home.url);
    let away = Server::start(move |_| answer("302 Found", &[&back], "")).await;
    let mut request = with_credentials(home.get("/start"));
    let elsewhere = HeaderValue::from_str(&away.url).expect("a URL is a header value");
    request.headers.push((HeaderName::from_static("x-elsewhere"), elsewhere));
    request.headers.push((HOST, HeaderValue::from_static("home.example")));
    let response = client().send(request).await.expect("followed");
    assert_eq!(&response.body[..], b"home again");
    for later in [&away.received()[0], &home.received()[1]] {
        assert!(!later.contains("hunter2") && !later.contains("home.example"), "{later}");
        assert!(later.contains("accept: text/plain") && !later.contains("x-elsewhere"), "{later}");
    }
}

#[tokio::test]
async fn an_unmarked_api_key_does_not_arrive_at_another_origin() {
    let away = Server::start(|_| answer("200 OK", &[], "")).await;
    let location = format!("location: {}/x", away.url);
    let home = Server::start(move |_| answer("302 Found", &[&location], "")).await;
    let mut request = home.get("/");
    let key = HeaderName::from_static("x-api-key");
    headers(&mut request, vec![(key, HeaderValue::from_static("hunter2"))]);
    client().send(request).await.expect("followed");
    assert!(home.received()[0].contains("x-api-key: hunter2"));
    assert!(!away.received()[0].contains("x-api-key"), "{}", away.received()[0]);
}

#[tokio::test]
async fn a_post_becomes_a_get_or_keeps_its_body() {
    let server = Server::start(|request| match request.split(' ').nth(1) {
        Some("/end") => answer("200 OK", &[], ""),
        Some(path) => answer(&format!("{} Moved", &path[1..]), &["location: /end"], ""),
        None => answer("400 Bad Request", &[], ""),
    })
    .await;
    let client = client();
    for (status, kept) in [("301", false), ("302", false), ("303", false), ("307", true), ("308", true)] {
        let mut request = server.get(&format!("/{status}"));
        request.method = Method::POST;
        request.body = Some(Payload::from("{\"a\":1}"));
        headers(&mut request, vec![(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        client.send(request).await.expect("followed");
        let last = server.received().pop().expect("the server was asked");
        let method = if kept { "POST" } else { "GET" };
        assert!(last.starts_with(&format!("{method} /end ")), "{status}: {last}");
        assert_eq!(last.ends_with("{\"a\":1}"), kept, "{status}: {last}");
        assert_eq!(last.contains("content-type"), kept, "{status}: {last}");
    }
}

#[tokio::test]
async fn other_methods_keep_their_name() {
    let server = Server::start(|request| match request.contains(" /end ") {
        true => answer("200 OK", &[], ""),
        false => answer("301 Moved", &["location: /end"], ""),
    })
    .await;
    for method in [Method::HEAD, Method::PUT, Method::DELETE] {
        let request = Request { method: method.clone(), ..server.get("/") };
        client().send(request).await.expect("followed");
        assert!(server.received().last().is_some_and(|r| r.starts_with(method.as_str())));
    }
}

#[tokio::test]
async fn a_body_does_not_travel_to_another_origin() {
    let away = Server::start(|_| answer("200 OK", &[], "")).await;
    let location = format!("location: {}/x", away.url);
    let home = Server::start(move |_| answer("308 Moved", &[&location], "")).await;
    let mut request = home.get("/");
    request.method = Method::POST;
    request.body = Some(Payload::from("hunter2"));
    let (code, message) = failure_of(client().send(request).await);
    assert_eq!(code, Code::RefusedRedirect);
    assert!(message.contains("with a body to another origin"), "{message}");
    assert!(away.received().is_empty());
}

#[tokio::test]
async fn foolish_locations_are_refused() {
    for (location, reason) in [
        ("ftp://files.example/x?hunter2", "redirects to a `ftp:` address"),
        ("javascript:alert(1)", "redirects to a `javascript:` address"),
        ("http://[::1", "redirects to `http://[::1`, which is not a URL"),
        ("http://[::1?key=hunter2", "redirects to `http://[::1`, which is not a URL"),
        ("http://[::1#hunter2", "redirects to `http://[::1`, which is not a URL"),
        ("/loop", "the redirects run in a circle"),
    ] {
        let line = format!("location: {location}");
        let server = Server::start(move |_| answer("302 Found", &[&line], "")).await;
        let (code, message) = failure_of(client().send(server.get("/loop")).await);
        assert_eq!(code, Code::RefusedRedirect);
        assert!(message.contains(reason), "{message}");
    }
}

#[tokio::test]
async fn the_number_of_redirects_is_bounded() {
    let server = Server::start(|request| {
        let step: u32 = request[5..].split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        match step {
            3 => answer("200 OK", &[], "end"),
            _ => answer("302 Found", &[&format!("location: /{}", step + 1)], ""),
        }
    })
    .await;
    let three = with(|s| s.redirects_max = 3);
    assert_eq!(&three.send(server.get("/0")).await.expect("three are allowed").body[..], b"end");
    let two = with(|s| s.redirects_max = 2);
    let (code, message) = failure_of(two.send(server.get("/0")).await);
    assert_eq!(code, Code::RefusedRedirect);
    assert!(message.starts_with("more than 2 redirects"), "{message}");
}

#[tokio::test]
async fn a_redirect_status_without_location_is_an_answer() {
    let server = Server::start(|_| answer("304 Not Modified", &[], "")).await;
    assert_eq!(client().send(server.get("/")).await.expect("an answer").status, 304);
    let server = Server::start(|_| answer("302 Found", &[], "body")).await;
    assert_eq!(client().send(server.get("/")).await.expect("an answer").status, 302);
}

#[tokio::test]
async fn dropping_the_call_closes_the_connection() {
    let (closed, mut was_closed) = tokio::sync::mpsc::channel::<()>(1);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound listener has an address");
    tokio::spawn(async move {
        use tokio::io::AsyncReadExt;
        let (mut stream, _) = listener.accept().await.expect("the client connects");
        let mut bytes = [0; 1024];
        while stream.read(&mut bytes).await.is_ok_and(|n| n > 0) {}
        closed.send(()).await.expect("the test waits");
    });
    let client = client();
    let call = client.send(get(&format!("http://{address}/")));
    assert!(tokio::time::timeout(Duration::from_millis(50), call).await.is_err());
    let wait = tokio::time::timeout(Duration::from_secs(5), was_closed.recv());
    assert!(wait.await.is_ok_and(|closed| closed.is_some()));
}

#[test]
fn loopback_is_told_from_names_that_look_like_it() {
    let is = |text: &str| is_loopback(&Url::parse(text).expect("a URL"));
    for url in ["http://localhost", "http://a.localhost:1", "http://127.9.9.9", "http://[::1]:8"] {
        assert!(is(url), "{url}");
    }
    for url in ["http://localhost.example", "http://notlocalhost", "http://10.0.0.1", "http://0.0.0.0"] {
        assert!(!is(url), "{url}");
    }
}

#[tokio::test]
async fn names_below_localhost_lead_to_this_machine() {
    let server = Server::start(|_| answer("200 OK", &[], "here")).await;
    for name in ["localhost", "a.localhost", "no-service-knows.this.localhost"] {
        let url = server.url.replace("127.0.0.1", name);
        let response = client().send(get(&url)).await.expect("the name needs no service");
        assert_eq!(response.body, "here");
    }
}

#[tokio::test]
async fn only_http_urls_are_sent() {
    for url in ["file:///etc/passwd", "no url", "/x"] {
        assert_eq!(failure_of(client().send(get(url)).await).0, Code::BadSettings);
    }
}
