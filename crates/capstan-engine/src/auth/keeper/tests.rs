//! What a keeper keeps: tokens that are fetched once, renewed early and thrown away, and nonces
//! that are counted.

use std::collections::VecDeque;
use std::sync::atomic::AtomicU64;
use std::time::{SystemTime, UNIX_EPOCH};

use http::header::WWW_AUTHENTICATE;
use http::{Method, Version};
use serde_json::json;

use super::super::{Client, ClientProof, Grant, Server};
use super::*;
use crate::bindings::MapFiles;
use crate::observe::Unobserved;
use crate::upstream::Connection;
use crate::upstream::{Response, Sending};

/// Answers token requests from a script, and keeps their bodies.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<(u16, serde_json::Value)>>,
    came: Mutex<Vec<String>>,
}

impl Upstream for Script {
    fn send(&self, request: Request) -> Sending<'_> {
        let body = request.body.as_ref().and_then(Payload::as_bytes).cloned().unwrap_or_default();
        lock(&self.came).push(format!("{} {}", request.url, String::from_utf8_lossy(&body)));
        let (status, body) = lock(&self.answers).pop_front().unwrap_or((404, json!({})));
        let response = Response {
            status: StatusCode::from_u16(status).expect("it is a status"),
            version: Version::HTTP_11,
            headers: HeaderMap::new(),
            body: body.to_string().into(),
            url: request.url,
        };
        Box::pin(async move {
            // The others come while this one is under way.
            tokio::task::yield_now().await;
            Ok(response.into())
        })
    }
}

struct Bench {
    keeper: Keeper,
    script: Arc<Script>,
    via: Arc<dyn Upstream>,
    seconds: Arc<AtomicU64>,
}

fn bench(answers: &[(u16, serde_json::Value)]) -> Bench {
    let seconds = Arc::new(AtomicU64::new(1_000_000));
    let clock = seconds.clone();
    let now = move || -> SystemTime { UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::Relaxed)) };
    let doors = KeeperDoors {
        world: World::clocked(now),
        files: Arc::new(MapFiles::default()),
        folder: PathBuf::new(),
        scrubber: Arc::new(Scrubber::new([])),
        observer: Arc::new(Unobserved),
        user_agent: HeaderValue::from_static("test"),
        insecure_http: false,
        is_replay: false,
    };
    let script = Arc::new(Script { answers: Mutex::new(answers.iter().cloned().collect()), came: Mutex::default() });
    Bench { keeper: Keeper::new(doors), via: script.clone(), script, seconds }
}

fn token(text: &str, lifetime: u64) -> (u16, serde_json::Value) {
    (200, json!({ "access_token": text, "token_type": "Bearer", "expires_in": lifetime }))
}

fn request() -> Request {
    let url = "https://api.example/x?y=1".to_owned();
    Request { method: Method::GET, url, headers: Vec::new(), body: None, connection: Connection::default() }
}

fn oauth2(grant: Grant<Secret>, server: Server<Secret>) -> Proof<Secret> {
    let client = Client { id: Some(Secret::new("me")), proof: ClientProof::Post(Secret::new("client-secret")) };
    let (scopes, parameters) = (Vec::new(), Vec::new());
    Proof::OAuth2(Box::new(OAuth2 { server, grant, client, scopes, audience: None, resource: None, parameters }))
}

fn client_credentials() -> Proof<Secret> {
    oauth2(Grant::ClientCredentials, Server::Endpoint(Secret::new("https://login.example/token")))
}

impl Bench {
    /// The Authorization header that a request gets.
    async fn signed(&self, proof: &Proof<Secret>) -> Result<Request, UpstreamError> {
        let mut request = request();
        self.keeper.sign(proof, &mut request, &self.via).await.map(|()| request)
    }

    async fn authorization(&self, proof: &Proof<Secret>) -> String {
        match self.signed(proof).await {
            Ok(request) => header(&request, &AUTHORIZATION).unwrap_or_default().to_owned(),
            Err(error) => error.to_string(),
        }
    }

    async fn call(&self, proof: &Proof<Secret>, status: u16) -> Again {
        let request = self.signed(proof).await.expect("it can be signed");
        let status = StatusCode::from_u16(status).expect("it is a status");
        self.keeper.answered(proof, &request, status, &HeaderMap::new())
    }

    fn came(&self) -> usize {
        lock(&self.script.came).len()
    }
}

#[tokio::test]
async fn two_hundred_calls_fetch_one_token() {
    let bench = Arc::new(bench(&[token("t1", 3600), token("t2", 3600)]));
    let proof = Arc::new(client_credentials());
    let all = || async {
        let calls = (0..200).map(|_| {
            let (bench, proof) = (bench.clone(), proof.clone());
            tokio::spawn(async move { bench.signed(&proof).await })
        });
        let signed = futures_util::future::join_all(calls).await;
        signed.into_iter().map(|r| r.expect("no task panics").expect("it can be signed")).collect::<Vec<_>>()
    };
    let first = all().await;
    assert!(first.iter().all(|r| header(r, &AUTHORIZATION) == Some("Bearer t1")));
    assert_eq!(bench.came(), 1);
    // All of them come back refused; whoever is first throws the token away.
    for request in &first {
        let again = bench.keeper.answered(&proof, request, StatusCode::UNAUTHORIZED, &HeaderMap::new());
        assert_eq!(again, Again::Resign);
    }
    let second = all().await;
    assert!(second.iter().all(|r| header(r, &AUTHORIZATION) == Some("Bearer t2")));
    assert_eq!(bench.came(), 2);
}

#[tokio::test]
async fn a_failed_fetch_fails_all_that_wait_and_is_tried_again_later() {
    let bench = Arc::new(bench(&[(401, json!({ "error": "invalid_client" })), token("t1", 60)]));
    let proof = client_credentials();
    let (one, other) = tokio::join!(bench.authorization(&proof), bench.authorization(&proof));
    assert!(one.contains("`https://login.example/token` gave no token: it answers `invalid_client`"), "{one}");
    assert_eq!((one, bench.came()), (other, 1));
    assert_eq!(bench.authorization(&proof).await, "Bearer t1");
}

#[tokio::test]
async fn a_fetch_that_nobody_waits_for_is_dropped() {
    let bench = bench(&[token("t1", 60), token("t2", 60)]);
    let proof = client_credentials();
    {
        let mut first = Box::pin(bench.authorization(&proof));
        assert!((&mut first).now_or_never().is_none());
    }
    assert_eq!(bench.authorization(&proof).await, "Bearer t2");
    assert_eq!(bench.came(), 2);
}

#[tokio::test]
async fn a_token_is_renewed_before_its_end() {
    let bench = bench(&[token("t1", 3600), token("t2", 40), token("t3", 40)]);
    let proof = client_credentials();
    let at = |seconds: u64| bench.seconds.store(1_000_000 + seconds, Ordering::Relaxed);
    assert_eq!(bench.authorization(&proof).await, "Bearer t1");
    at(3569);
    assert_eq!(bench.authorization(&proof).await, "Bearer t1");
    at(3570);
    assert_eq!(bench.authorization(&proof).await, "Bearer t2");
    // A short one is renewed after three quarters of its time.
    at(3599);
    assert_eq!(bench.authorization(&proof).await, "Bearer t2");
    at(3600);
    assert_eq!(bench.authorization(&proof).await, "Bearer t3");
}

#[tokio::test]
async fn a_successor_is_kept_until_it_was_accepted_once() {
    let answers: Vec<_> = (1..9).map(|number| token(&format!("t{number}"), 3600)).collect();
    let bench = bench(&answers);
    let proof = client_credentials();
    assert_eq!(bench.call(&proof, 401).await, Again::Resign);
    // The second token is refused as well: the client may not, and a third would not help.
    assert_eq!(bench.call(&proof, 401).await, Again::No);
    assert_eq!(bench.call(&proof, 401).await, Again::No);
    assert_eq!(bench.came(), 2);
    assert_eq!(bench.call(&proof, 200).await, Again::No);
    assert_eq!(bench.call(&proof, 401).await, Again::Resign);
    assert_eq!(bench.call(&proof, 403).await, Again::No);
    assert_eq!(bench.came(), 3);
}

#[tokio::test]
async fn a_rotated_refresh_token_takes_the_place_of_the_one_given() {
    let with =
        |text: &str, refresh: &str| (200, json!({ "access_token": text, "expires_in": 40, "refresh_token": refresh }));
    let bench = bench(&[with("t1", "r2"), token("t2", 40), token("t3", 40)]);
    let endpoint = Server::Endpoint(Secret::new("https://login.example/token"));
    let proof = oauth2(Grant::RefreshToken(Secret::new("r1")), endpoint);
    for time in [0, 100, 200] {
        bench.seconds.store(1_000_000 + time, Ordering::Relaxed);
        bench.authorization(&proof).await;
    }
    let came = lock(&bench.script.came).clone();
    let used: Vec<bool> = came.iter().map(|body| body.contains("refresh_token=r1")).collect();
    assert_eq!(used, [true, false, false]);
    assert!(came[1].contains("refresh_token=r2") && came[2].contains("refresh_token=r2"));
    assert_eq!(bench.keeper.doors.scrubber.scrub("t1 r2"), "t1 r2", "texts this short are masked by taint alone");
}

#[tokio::test]
async fn an_issuer_is_asked_once_and_in_both_places() {
    let metadata = json!({ "issuer": "https://login.example/a", "token_endpoint": "https://login.example/t" });
    let bench = bench(&[(404, json!({})), (200, metadata), token("first-token", 40), token("second-token", 40)]);
    let proof = oauth2(Grant::ClientCredentials, Server::Issuer(Secret::new("https://login.example/a")));
    assert_eq!(bench.authorization(&proof).await, "Bearer first-token");
    bench.seconds.store(1_000_100, Ordering::Relaxed);
    assert_eq!(bench.authorization(&proof).await, "Bearer second-token");
    let urls: Vec<String> =
        lock(&bench.script.came).iter().filter_map(|came| came.split(' ').next().map(str::to_owned)).collect();
    assert_eq!(
        urls,
        [
            "https://login.example/.well-known/oauth-authorization-server/a",
            "https://login.example/a/.well-known/openid-configuration",
            "https://login.example/t",
            "https://login.example/t",
        ]
    );
    assert_eq!(bench.keeper.doors.scrubber.scrub("second-token"), "{{OAUTH2_TOKEN}}");
}

#[tokio::test]
async fn nothing_is_asked_in_plain_http() {
    for endpoint in ["http://login.example/token", "http://localhost:1@login.example/", "ftp://login.example/"] {
        let bench = bench(&[token("t1", 40)]);
        let proof = oauth2(Grant::ClientCredentials, Server::Endpoint(Secret::new(endpoint)));
        let error = bench.signed(&proof).await.map(|_| ()).expect_err("it must not be asked");
        assert_eq!((error.code(), bench.came()), (Code::InsecureCredential, 0), "{endpoint}");
    }
    let metadata = json!({ "issuer": "https://login.example", "token_endpoint": "http://login.example/t" });
    let bench = bench(&[(200, metadata)]);
    let proof = oauth2(Grant::ClientCredentials, Server::Issuer(Secret::new("https://login.example")));
    let error = bench.signed(&proof).await.map(|_| ()).expect_err("it must not be asked");
    assert_eq!((error.code(), bench.came()), (Code::InsecureCredential, 1));
}

fn challenge(text: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(WWW_AUTHENTICATE, HeaderValue::from_static(text))])
}

const NONCE_1: &str = r#"Digest realm="r", nonce="n1", qop="auth", algorithm=SHA-256"#;
const NONCE_2: &str = r#"Digest realm="r", nonce="n2", qop="auth", algorithm=SHA-256"#;
const STALE: &str = r#"Digest realm="r", nonce="n2", qop="auth", algorithm=SHA-256, stale=true"#;

fn digest_proof() -> Proof<Secret> {
    Proof::Digest(Digest { username: Secret::new("me"), password: Secret::new("secret") })
}

#[tokio::test]
async fn a_nonce_is_counted_and_replaced() {
    let bench = bench(&[]);
    let proof = digest_proof();
    let answered =
        |request: &Request, status, headers: &HeaderMap| bench.keeper.answered(&proof, request, status, headers);
    let unproved = bench.signed(&proof).await.expect("it can be sent");
    assert_eq!(header(&unproved, &AUTHORIZATION), None);
    assert_eq!(answered(&unproved, StatusCode::UNAUTHORIZED, &challenge(NONCE_1)), Again::Resign);
    let first = bench.signed(&proof).await.expect("it can be signed");
    assert!(header(&first, &AUTHORIZATION).is_some_and(|h| h.contains("uri=\"/x?y=1\"") && h.contains("nc=00000001")));
    assert_eq!(answered(&first, StatusCode::OK, &HeaderMap::new()), Again::No);
    let second = bench.authorization(&proof).await;
    assert!(second.contains("nonce=\"n1\"") && second.contains("nc=00000002"), "{second}");
    // The nonce is old now, whether the server says so or not.
    assert_eq!(answered(&first, StatusCode::UNAUTHORIZED, &challenge(NONCE_2)), Again::Resign);
    let third = bench.authorization(&proof).await;
    assert!(third.contains("nonce=\"n2\"") && third.contains("nc=00000001"), "{third}");
    let next = HeaderMap::from_iter([(
        HeaderName::from_static("authentication-info"),
        HeaderValue::from_static("nextnonce=\"n3\""),
    )]);
    assert_eq!(answered(&first, StatusCode::OK, &next), Again::No);
    assert!(bench.authorization(&proof).await.contains("nonce=\"n3\""));
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_and_a_stale_nonce_again() {
    let bench = bench(&[]);
    let proof = digest_proof();
    let answered =
        |request: &Request, text| bench.keeper.answered(&proof, request, StatusCode::UNAUTHORIZED, &challenge(text));
    let unproved = request();
    assert_eq!(answered(&unproved, "Basic realm=\"r\""), Again::No);
    assert_eq!(answered(&unproved, NONCE_1), Again::Resign);
    let first = bench.signed(&proof).await.expect("it can be signed");
    assert_eq!(answered(&first, STALE), Again::Resign);
    let second = bench.signed(&proof).await.expect("it can be signed");
    assert_eq!(answered(&second, NONCE_1), Again::No);
    assert_eq!(bench.authorization(&proof).await, "");
}

#[tokio::test]
async fn a_refusal_is_held_against_the_nonce_that_it_was_for() {
    let bench = bench(&[]);
    let proof = digest_proof();
    let answered =
        |request: &Request, text| bench.keeper.answered(&proof, request, StatusCode::UNAUTHORIZED, &challenge(text));
    assert_eq!(answered(&request(), NONCE_1), Again::Resign);
    let (first, second) = (bench.signed(&proof).await, bench.signed(&proof).await);
    let (first, second) = (first.expect("it can be signed"), second.expect("it can be signed"));
    assert_eq!(bench.keeper.answered(&proof, &first, StatusCode::OK, &HeaderMap::new()), Again::No);
    // Both come back with a nonce that has ended; the second finds the successor of it.
    assert_eq!(answered(&first, NONCE_2), Again::Resign);
    assert_eq!(answered(&second, NONCE_1), Again::Resign);
    assert!(bench.authorization(&proof).await.contains("nonce=\"n2\""), "the good nonce is still there");
    // One that set out unsigned makes use of it, and says nothing against it when it is answered.
    assert_eq!(answered(&request(), NONCE_1), Again::Resign);
    assert_eq!(bench.keeper.answered(&proof, &request(), StatusCode::OK, &HeaderMap::new()), Again::No);
    assert!(bench.authorization(&proof).await.contains("nonce=\"n2\""));
}
