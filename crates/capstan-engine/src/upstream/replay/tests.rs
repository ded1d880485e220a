//! Recording and replaying, against each other and against a browser's archive.

use std::time::{Duration, UNIX_EPOCH};

use http::Method;
use serde_json::{Value, json};

use super::super::{Connection, Recorder, Request};
use super::*;
use crate::bindings::Secret;

/// Answers every request with the same response.
struct Fixed(Response);

impl Upstream for Fixed {
    fn send(&self, _request: Request) -> Sending<'_> {
        Box::pin(std::future::ready(Ok(self.0.clone().into())))
    }
}

fn scrubber(secrets: &[(&str, &str)]) -> Arc<Scrubber> {
    let named = secrets.iter().map(|(name, text)| ((*name).to_owned(), Secret::new(*text)));
    Arc::new(Scrubber::new(named))
}

fn request(method: Method, url: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Request {
    let header = |(name, value): &(&str, &str)| {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
        (name, HeaderValue::from_str(value).expect("a header value"))
    };
    Request {
        method,
        url: url.to_owned(),
        headers: headers.iter().map(header).collect(),
        body: body.map(|bytes| Bytes::copy_from_slice(bytes).into()),
        connection: Connection::default(),
    }
}

/// The whole answer.
async fn ask(replay: &Replay, request: Request) -> Result<Response, UpstreamError> {
    replay.send(request).await?.read(u64::MAX).await
}

fn get(url: &str) -> Request {
    request(Method::GET, url, &[], None)
}

fn response(body: &[u8]) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.append("set-cookie", HeaderValue::from_static("session=s3cr3t-cookie"));
    headers.append("x-echo", HeaderValue::from_static("hunter22"));
    Response {
        status: StatusCode::CREATED,
        version: Version::HTTP_2,
        headers,
        body: Bytes::copy_from_slice(body),
        url: String::new(),
    }
}

async fn record(request: Request, response: Response, scrubber: &Arc<Scrubber>) -> Value {
    let recorder = Recorder::new(Arc::new(Fixed(response)), scrubber.clone())
        .with_clock(|| UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    let incoming = recorder.send(request).await.expect("the fixed upstream answers");
    incoming.read(u64::MAX).await.expect("its body is in memory");
    recorder.to_har()
}

fn replay(har: &Value, scrubber: &Arc<Scrubber>) -> Replay {
    Replay::from_har(har.to_string().as_bytes(), scrubber.clone()).expect("a HAR archive")
}

#[tokio::test]
async fn a_recording_is_a_har_without_secrets() {
    let scrubber = scrubber(&[("TOKEN", "hunter22"), ("ORG", "acme-org")]);
    let mut sent = request(
        Method::POST,
        "https://acme-org.kinde.com/a?key=hunter22&x=a%20b",
        &[("authorization", "Bearer other-token"), ("content-type", "application/json")],
        Some(br#"{"token":"hunter22"}"#),
    );
    let mut sensitive = HeaderValue::from_static("abc");
    sensitive.set_sensitive(true);
    sent.headers.push((HeaderName::from_static("x-key"), sensitive));
    let mut har = record(sent, response(br#"{"id":"acme-org"}"#), &scrubber).await;
    let text = har.to_string();
    for secret in ["hunter22", "acme-org", "other-token", "s3cr3t-cookie", "\"abc\""] {
        assert!(!text.contains(secret), "{secret} leaked: {text}");
    }
    let entry = &mut har["log"]["entries"][0];
    assert!(entry["time"].is_number() && entry["timings"]["wait"].is_number());
    entry["time"] = json!(1.5);
    entry["timings"] = json!({ "send": 0, "wait": 1.5, "receive": 0 });
    har["log"]["creator"]["version"] = json!("[version]");
    insta::assert_json_snapshot!(har);
}

#[tokio::test]
async fn a_recording_answers_with_and_without_the_secrets() {
    let knowing = scrubber(&[("TOKEN", "hunter22"), ("ORG", "acme-org")]);
    let sent = get("https://acme-org.kinde.com/a?key=hunter22");
    let har = record(sent.clone(), response(b"{}"), &knowing).await;
    let with = ask(&replay(&har, &knowing), sent).await.expect("it was recorded");
    let ignorant = scrubber(&[]);
    let masked = get("https://{{ORG}}.kinde.com/a?key=%7B%7BTOKEN%7D%7D");
    let without = ask(&replay(&har, &ignorant), masked).await.expect("it was recorded");
    for answer in [with, without] {
        assert_eq!((answer.status, answer.version), (StatusCode::CREATED, Version::HTTP_2));
        assert_eq!(&answer.body[..], b"{}");
        assert_eq!(answer.headers["set-cookie"], "***");
    }
}

#[tokio::test]
async fn credentials_by_name_are_hidden_and_still_match() {
    let nothing = scrubber(&[]);
    let headers = [("X-Api-Key", "s3cr3t"), ("content-type", "application/json")];
    let body = br#"{"client_secret":"s3cr3t","user":"ann"}"#;
    let url = |key: &str| format!("http://h/?api_key={key}&page=1");
    let sent = request(Method::POST, &url("s3cr3t"), &headers, Some(body));
    let har = record(sent.clone(), response(b"{}"), &nothing).await;
    assert!(!har.to_string().contains("s3cr3t"), "{har}");
    let replay = replay(&har, &nothing);
    replay.send(sent.clone()).await.expect("it was recorded");
    let rotated = Request {
        url: url("other"),
        body: Some(Payload::from(br#"{"user":"ann","client_secret":"other"}"#.as_slice())),
        ..sent.clone()
    };
    replay.send(rotated).await.expect("another key asks for the same");
    let page = Request { url: "http://h/?api_key=s3cr3t&page=2".to_owned(), ..sent };
    let error = ask(&replay, page).await.expect_err("another page").to_string();
    assert!(error.contains("`page` is `1`, not `2`") && !error.contains("s3cr3t"), "{error}");
}

#[tokio::test]
async fn a_secret_under_many_encodings_is_not_in_the_query_string() {
    let scrubber = scrubber(&[("TOKEN", "hunter/22")]);
    let sent = get("http://h/?x=hunter%25252F22");
    let har = record(sent.clone(), response(b"{}"), &scrubber).await;
    let request = &har["log"]["entries"][0]["request"];
    assert_eq!(request["queryString"], json!([{ "name": "x", "value": "{{TOKEN}}" }]));
    assert!(!request.to_string().contains("hunter"), "{request}");
    ask(&replay(&har, &scrubber), sent).await.expect("it was recorded");
}

#[tokio::test]
async fn bytes_that_are_no_text_survive() {
    let scrubber = scrubber(&[("TOKEN", "hunter22")]);
    let mime = [("content-type", "application/octet-stream")];
    let sent = request(Method::PUT, "http://h/", &mime, Some(b"\xff\x00hunter22"));
    let har = record(sent.clone(), response(b"\xfe\xff"), &scrubber).await;
    assert_eq!(har["log"]["entries"][0]["response"]["content"]["encoding"], "base64");
    let answer = ask(&replay(&har, &scrubber), sent.clone()).await.expect("it was recorded");
    assert_eq!(&answer.body[..], b"\xfe\xff");
    let other = Request { body: Some(Payload::from(b"\xff\x01hunter22".as_slice())), ..sent };
    let error = ask(&replay(&har, &scrubber), other).await.expect_err("another body");
    assert!(error.to_string().ends_with("where the body is another"), "{error}");
}

fn har(entries: &[(&str, &str, Option<&str>, &str)]) -> Value {
    let entry = |(method, url, body, answer): &(&str, &str, Option<&str>, &str)| {
        let mut request = json!({ "method": method, "url": url });
        if let Some(body) = body {
            request["postData"] = json!({ "mimeType": "application/json", "text": body });
        }
        let content = json!({ "size": answer.len(), "mimeType": "text/plain", "text": answer });
        json!({ "request": request, "response": { "status": 200, "content": content } })
    };
    json!({ "log": { "entries": entries.iter().map(entry).collect::<Vec<_>>() } })
}

#[tokio::test]
async fn several_answers_come_in_order_and_the_last_repeats() {
    let har =
        har(&[("GET", "http://h/a", None, "1"), ("GET", "http://h/b", None, "x"), ("GET", "http://h/a", None, "2")]);
    let replay = replay(&har, &scrubber(&[]));
    for expected in ["1", "2", "2"] {
        let answer = ask(&replay, get("http://h/a")).await.expect("it was recorded");
        assert_eq!(answer.body, expected);
    }
}

#[tokio::test]
async fn json_bodies_choose_the_answer_by_value() {
    let har = har(&[
        ("POST", "http://h/", Some(r#"{"a":1,"b":2}"#), "one"),
        ("POST", "http://h/", Some(r#"{"a":2,"b":2}"#), "two"),
    ]);
    let replay = replay(&har, &scrubber(&[]));
    let json = [("content-type", "application/json")];
    let sent = request(Method::POST, "http://h/", &json, Some(br#"{"b": 2, "a": 2}"#));
    assert_eq!(ask(&replay, sent).await.expect("it was recorded").body, "two");
}

#[tokio::test]
async fn what_was_not_recorded_is_explained_by_the_nearest() {
    let har = har(&[
        ("GET", "https://h/users", None, ""),
        ("GET", "https://h/organizations?code=org_1&page=2", None, ""),
        ("POST", "https://h/organizations", Some("{}"), ""),
    ]);
    let replay = replay(&har, &scrubber(&[("TOKEN", "hunter22")]));
    for (method, url, expected) in [
        (
            Method::GET,
            "https://h/organizations?code=org_2&page=2",
            "entry 2 is nearest, where the query's `code` is `org_1`, not `org_2`",
        ),
        (
            Method::GET,
            "https://h/organizations?page=2&token=hunter22",
            "where the query has `code` as well and the query has no `token`",
        ),
        (
            Method::GET,
            "https://h/organizations?page=2&code=org_1",
            "entry 2 is nearest, where the query has another order",
        ),
        (Method::GET, "https://h/user", "the path is `/users`, not `/user`"),
        (Method::DELETE, "https://h/users", "the method is `GET`, not `DELETE`"),
        (Method::GET, "http://h/users", "the server is `https://h`, not `http://h`"),
        (Method::POST, "https://h/organizations", "entry 3 is nearest, where the body is another"),
    ] {
        let error = ask(&replay, request(method, url, &[], None)).await.expect_err("not recorded");
        assert_eq!(error.code(), Code::NotRecorded);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.to_string().contains("hunter22"), "{error}");
        assert!(!error.to_string().contains(['?', '&']), "{error}");
    }
}

#[tokio::test]
async fn a_browser_archive_is_understood() {
    let har = json!({ "log": { "entries": [
        { "request": { "method": "GET", "url": "https://h/blocked" },
          "response": { "status": 0, "content": { "size": -1 } } },
        { "request": { "method": "POST", "url": "https://h/form", "postData":
            { "mimeType": "application/x-www-form-urlencoded",
              "params": [{ "name": "a", "value": "b c" }] } },
          "response": { "status": 200, "httpVersion": "h3", "headers": [
            { "name": ":status", "value": "200" },
            { "name": "Content-Encoding", "value": "br" },
            { "name": "Content-Length", "value": "3" },
            { "name": "Set-Cookie", "value": "a=1\nb=2" }],
            "content": { "size": 5, "text": "aGVsbG8=", "encoding": "base64" } } },
        { "request": { "method": "GET", "url": "https://h/evicted" },
          "response": { "status": 200, "content": { "size": 99 } } }
    ] } });
    let replay = replay(&har, &scrubber(&[]));
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let sent = request(Method::POST, "https://h/form", &form, Some(b"a=b+c"));
    let answer = ask(&replay, sent).await.expect("it was recorded");
    assert_eq!((&answer.body[..], answer.version), (&b"hello"[..], Version::HTTP_3));
    assert!(!answer.headers.contains_key("content-encoding"));
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 2);
    let blocked = ask(&replay, get("https://h/blocked")).await.expect_err("it got no answer");
    assert_eq!(blocked.code(), Code::NotRecorded);
    let evicted = ask(&replay, get("https://h/evicted")).await.expect_err("its body is not there");
    let expected = "entry 3 of the recording has a response whose body was left out";
    assert_eq!((evicted.code(), evicted.to_string().as_str()), (Code::BadRecording, expected));
}

#[tokio::test]
async fn an_archive_that_is_none_is_refused_without_its_text() {
    for text in ["", "hunter22", "{\"log\": {\"entries\": \"hunter22\"}}", "{}"] {
        let error = Replay::from_har(text.as_bytes(), scrubber(&[])).err().expect("it is no HAR");
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(error.code(), Code::BadRecording);
        assert!(cause.is_some_and(|cause| cause.contains("line") && !cause.contains("hunter")));
    }
    let replay = replay(&har(&[]), &scrubber(&[]));
    let error = ask(&replay, get("http://h/")).await.expect_err("the recording is empty");
    assert_eq!(error.to_string(), "the recording is empty and has no answer to `GET http://h/`");
}

/// Answers with a status and headers for each path, fails for others, and redirects as the client does.
struct Paths;

impl Upstream for Paths {
    fn send(&self, request: Request) -> Sending<'_> {
        Box::pin(async move {
            let body = || crate::upstream::Body::whole(Bytes::from_static(b"{\"a\":1}"));
            if request.url.ends_with("/refused") {
                return Err(UpstreamError::new(Code::Unreachable, "refused by hunter22"));
            }
            let mut headers = HeaderMap::new();
            headers.insert(
                "set-cookie",
                HeaderValue::from_static("s=x; Path=/; Secure; Expires=Fri, 02 Jan 2026 03:04:05 GMT"),
            );
            let mut redirects = Vec::new();
            let mut url = request.url.clone();
            if url.ends_with("/moved") {
                let mut from = HeaderMap::new();
                from.insert("location", HeaderValue::from_static("there?key=hunter22"));
                let to = url.replace("/moved", "/there?key=hunter22");
                let next = Box::new(Request { url: to.clone(), method: Method::GET, body: None, ..request });
                let (status, version) = (StatusCode::FOUND, Version::HTTP_11);
                redirects.push(crate::upstream::Redirected {
                    status,
                    version,
                    headers: from,
                    from: url,
                    to: to.clone(),
                    next,
                });
                url = to;
            }
            Ok(Incoming { status: StatusCode::OK, version: Version::HTTP_11, headers, url, redirects, body: body() })
        })
    }
}

#[tokio::test]
async fn every_request_on_the_wire_is_an_entry() {
    let scrubber = scrubber(&[("TOKEN", "hunter22")]);
    let recorder = Recorder::new(Arc::new(Paths), scrubber.clone());
    assert!(recorder.send(get("http://h/refused")).await.is_err());
    let moved = request(Method::POST, "http://h/moved", &[("cookie", "a=b; c=d")], Some(b"x"));
    recorder.send(moved.clone()).await.expect("an answer").read(u64::MAX).await.expect("whole");
    drop(recorder.send(get("http://h/left")).await.expect("an answer"));
    drop(recorder.send(get("http://h/never-sent")));
    let har = recorder.to_har();
    let entries = har["log"]["entries"].as_array().expect("a list");
    let statuses: Vec<_> = entries.iter().map(|entry| entry["response"]["status"].as_u64()).collect();
    assert_eq!(statuses, [Some(0), Some(302), Some(200), Some(200)]);
    assert_eq!(entries[0]["_error"], "refused by {{TOKEN}}");
    assert_eq!(entries[1]["request"]["cookies"], json!([{"name": "a", "value": "***"}, {"name": "c", "value": "***"}]));
    assert_eq!(entries[1]["response"]["redirectURL"], "there?key=***");
    assert_eq!(entries[2]["request"]["method"], "GET");
    let cookie =
        json!({"name": "s", "value": "***", "path": "/", "secure": true, "expires": "2026-01-02T03:04:05.000Z"});
    assert_eq!(entries[2]["response"]["cookies"][0], cookie);
    assert_eq!(entries[3]["_error"], "not read to its end");
    assert!(!har.to_string().contains("hunter22"), "{har}");
    let replay = replay(&har, &scrubber);
    let answer = ask(&replay, moved).await.expect("a redirect is followed to its entry");
    assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, &b"{\"a\":1}"[..]));
    for path in ["refused", "left"] {
        let error = ask(&replay, get(&format!("http://h/{path}"))).await.expect_err("it has no whole answer");
        assert_eq!(error.code(), Code::NotRecorded);
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_left_out() {
    struct Large;
    struct Zeros(u64);
    impl crate::upstream::Chunks for Zeros {
        fn next(&mut self) -> crate::upstream::NextChunk<'_> {
            self.0 = self.0.saturating_sub(1);
            let chunk = (self.0 > 0).then(|| Bytes::from_static(&[0; 1 << 20]));
            Box::pin(std::future::ready(Ok(chunk)))
        }
    }
    impl Upstream for Large {
        fn send(&self, request: Request) -> Sending<'_> {
            let body =
                crate::upstream::Body::chunks(None, Box::new(Zeros(2 + (limits::RECORDED_BODY_BYTES_MAX >> 20))));
            let (headers, redirects) = (HeaderMap::new(), Vec::new());
            let (status, version) = (StatusCode::OK, Version::HTTP_11);
            Box::pin(std::future::ready(Ok(Incoming { status, version, headers, url: request.url, redirects, body })))
        }
    }
    let recorder = Recorder::new(Arc::new(Large), scrubber(&[]));
    let mut incoming = recorder.send(get("http://h/")).await.expect("an answer");
    let mut bytes = 0;
    while let Some(chunk) = incoming.body.chunk().await.expect("it does not break") {
        bytes += chunk.len() as u64;
    }
    assert_eq!(bytes, limits::RECORDED_BODY_BYTES_MAX + (1 << 20), "all of it passes");
    let har = recorder.to_har();
    let content = &har["log"]["entries"][0]["response"]["content"];
    assert_eq!((content.get("text"), content["size"].as_u64()), (None, Some(bytes)));
    let error = ask(&replay(&har, &scrubber(&[])), get("http://h/")).await.expect_err("there is no body");
    assert!(error.to_string().contains("left out"), "{error}");
}

#[tokio::test]
async fn a_replay_in_order_takes_requests_in_their_order_only() {
    let scrubber = scrubber(&[]);
    let recorder = Recorder::new(Arc::new(Paths), scrubber.clone());
    for path in ["a", "moved", "b"] {
        recorder.send(get(&format!("http://h/{path}"))).await.expect("an answer").read(u64::MAX).await.expect("whole");
    }
    let replay = replay(&recorder.to_har(), &scrubber).in_order();
    ask(&replay, get("http://h/a")).await.expect("it is first");
    let error = ask(&replay, get("http://h/b")).await.expect_err("another is next");
    assert_eq!(
        error.to_string(),
        "`GET http://h/b` is out of order: entry 2 is next, `GET http://h/moved`, where the path is `/moved`, not `/b`"
    );
    ask(&replay, get("http://h/moved")).await.expect("it is next, with the entry that it leads to");
    ask(&replay, get("http://h/b")).await.expect("it is last");
    let error = ask(&replay, get("http://h/b")).await.expect_err("nothing is left");
    assert!(error.to_string().contains("has ended"), "{error}");
}

#[test]
fn locations_lead_on_from_urls_with_masks() {
    let to = |location| resolved("https://{{ORG}}.h:1/a/b?c", location).expect("a URL");
    assert_eq!(to("d?e"), "https://{{ORG}}.h:1/a/d?e");
    assert_eq!(to("/d"), "https://{{ORG}}.h:1/d");
    assert_eq!(to("../d"), "https://{{ORG}}.h:1/d");
    assert_eq!(to("?d"), "https://{{ORG}}.h:1/a/b?d");
    assert_eq!(to("//x/y"), "https://x/y");
    assert_eq!(to("http://x/y"), "http://x/y");
}
