//! Carries out proofs: keeps tokens and nonces, signs what is about to be sent, and learns from
//! what comes back.
//!
//! A token is fetched once for all that wait for it: they share one future, which the callers
//! drive themselves, so that nothing outlives the last of them. A token that was refused is
//! thrown away, but not its successor before that was accepted once: a credential that is not
//! allowed would otherwise ask for a token at each call.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use capstan_spec::diagnostic::Code;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, WeakShared};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use http::{HeaderName, HeaderValue, StatusCode};
use rustls::SignatureScheme;
use url::Url;

use super::body::Hash;
use super::discovery::Metadata;
use super::fetch::{Fetch, NoToken, sensitive};
use super::key::{BadKey, PrivateKey};
use super::message::Target;
use super::proof::{TOKEN_NAME, given};
use super::token::BadSigner;
use super::world::hex;
use super::{AwsSigV4, Digest, OAuth1, OAuth1Signature, OAuth2, Proof, World, challenge, digest, oauth1, sigv4};
use crate::bindings::{Files, Scrubber, Secret, locate};
use crate::limits::{KEY_BYTES_MAX, TOKEN_SKEW};
use crate::observe::Observer;
use crate::upstream::identity::BadIdentity;
use crate::upstream::{Payload, Request, TlsIdentity, Upstream, UpstreamError};

/// What a keeper reaches the outside through.
pub(crate) struct KeeperDoors {
    pub(crate) world: World,
    pub(crate) files: Arc<dyn Files>,
    /// What the locations of keys are relative to.
    pub(crate) folder: PathBuf,
    pub(crate) scrubber: Arc<Scrubber>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) user_agent: HeaderValue,
    /// Whether credentials may travel in plain HTTP.
    pub(crate) insecure_http: bool,
    /// Whether nothing is fetched: a replay has no tokens.
    pub(crate) is_replay: bool,
}

/// Keys that were read, each once.
#[derive(Default)]
pub(super) struct Keys(Mutex<HashMap<Secret, Arc<PrivateKey>>>);

impl Keys {
    /// The key of a text: itself, or what is in the file that it names.
    pub(super) fn get(&self, text: &Secret, doors: &KeeperDoors) -> Result<Arc<PrivateKey>, BadSigner> {
        if let Some(known) = lock(&self.0).get(text) {
            return Ok(known.clone());
        }
        let bytes = doors.pem(text).map_err(|why| BadSigner { why, help: None })?;
        let bad = |bad: BadKey| BadSigner { why: format!("the private key {}", bad.why), help: Some(bad.help) };
        let key = Arc::new(PrivateKey::read(&bytes).map_err(bad)?);
        lock(&self.0).insert(text.clone(), key.clone());
        Ok(key)
    }
}

/// How connections are made safe, as it was bound: PEM, or the locations of files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct TlsTexts {
    pub(crate) certificate: Option<Secret>,
    pub(crate) key: Option<Secret>,
    pub(crate) authority: Option<Secret>,
}

/// Keeps tokens and nonces. Lives as long as its engine.
pub(crate) struct Keeper {
    doors: Arc<KeeperDoors>,
    keys: Arc<Keys>,
    /// Certificates that were read.
    identities: Mutex<HashMap<TlsTexts, Arc<TlsIdentity>>>,
    tokens: Mutex<HashMap<OAuth2<Secret>, Arc<Slot>>>,
    sessions: Mutex<HashMap<SessionKey, Arc<Session>>>,
}

/// An origin, and who calls it.
type SessionKey = (String, Digest<Secret>);

/// Whether a request is to be signed anew and sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// The answer stands.
    No,
    /// A new proof may do.
    Resign,
}

impl KeeperDoors {
    /// The bytes of a PEM text, or of the file that it names.
    pub(crate) fn pem(&self, text: &Secret) -> Result<Vec<u8>, String> {
        let written = text.expose().trim();
        if written.get(..5).is_none_or(|scheme| !scheme.eq_ignore_ascii_case("file:")) {
            return Ok(written.as_bytes().to_vec());
        }
        let path = locate(written, &self.folder).map_err(|error| error.message)?;
        let bytes = self.files.read(&path, KEY_BYTES_MAX);
        let bytes = bytes.map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
        self.scrubber.keep("KEY", &Secret::new(String::from_utf8_lossy(&bytes).trim()));
        Ok(bytes)
    }
}

impl Keeper {
    pub(crate) fn new(doors: KeeperDoors) -> Self {
        Keeper {
            doors: Arc::new(doors),
            keys: Arc::default(),
            identities: Mutex::default(),
            tokens: Mutex::default(),
            sessions: Mutex::default(),
        }
    }

    /// What stands behind the texts of an identity, read once.
    ///
    /// # Errors
    /// A file cannot be read, or holds something else.
    pub(crate) fn identity(&self, texts: &TlsTexts) -> Result<Arc<TlsIdentity>, UpstreamError> {
        if let Some(known) = lock(&self.identities).get(texts) {
            return Ok(known.clone());
        }
        let pem = |text: &Option<Secret>| text.as_ref().map(|text| self.doors.pem(text)).transpose();
        let unread = |why| no_signature(BadSigner { why, help: None });
        let certificate = pem(&texts.certificate).map_err(unread)?;
        let (key, authority) = (pem(&texts.key).map_err(unread)?, pem(&texts.authority).map_err(unread)?);
        let identity = TlsIdentity::read(certificate.as_deref().zip(key.as_deref()), authority.as_deref());
        let identity = Arc::new(identity.map_err(|BadIdentity { what, bad }| {
            no_signature(BadSigner { why: format!("{what} {}", bad.why), help: Some(bad.help) })
        })?);
        lock(&self.identities).insert(texts.clone(), identity.clone());
        Ok(identity)
    }

    /// Proves a request. What is needed for it is fetched through `via`.
    ///
    /// # Errors
    /// No token was given, a key cannot be used, or a file cannot be read that the proof covers.
    pub(crate) async fn sign(
        &self,
        proof: &Proof<Secret>,
        request: &mut Request,
        via: &Arc<dyn Upstream>,
    ) -> Result<(), UpstreamError> {
        match proof {
            Proof::OAuth2(_) if self.doors.is_replay => {
                set(request, AUTHORIZATION, &format!("Bearer {{{{{TOKEN_NAME}}}}}"))
            }
            Proof::OAuth2(oauth2) => {
                let token = self.token(oauth2, via, request).await?;
                set(request, AUTHORIZATION, &format!("Bearer {}", token.text.expose()))
            }
            Proof::Digest(digest) => self.digest(digest, request).await,
            Proof::OAuth1(oauth1) => self.oauth1(oauth1, request).await,
            Proof::AwsSigV4(aws) => self.aws(aws, request).await,
        }
    }

    /// Learns from the head of an answer, and tells whether the request is worth a second proof.
    pub(crate) fn answered(
        &self,
        proof: &Proof<Secret>,
        request: &Request,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Again {
        match proof {
            Proof::OAuth2(_) if self.doors.is_replay && status == StatusCode::UNAUTHORIZED => Again::Resign,
            Proof::OAuth2(oauth2) => self.token_answered(oauth2, request, status),
            Proof::Digest(digest) => self.digest_answered(digest, request, status, headers),
            Proof::OAuth1(_) | Proof::AwsSigV4(_) => Again::No,
        }
    }
}

/// Tokens.
impl Keeper {
    async fn token(
        &self,
        oauth2: &OAuth2<Secret>,
        via: &Arc<dyn Upstream>,
        request: &Request,
    ) -> Result<Arc<Token>, UpstreamError> {
        let slot = lock(&self.tokens).entry(oauth2.clone()).or_default().clone();
        let waiting = {
            let mut state = lock(&slot.state);
            if let Holding::Token(token) = &state.holding
                && token.is_fresh(self.doors.world.now())
            {
                return Ok(token.clone());
            }
            let under_way = match &state.holding {
                Holding::Fetch(fetch) => fetch.upgrade(),
                Holding::Nothing | Holding::Token(_) => None,
            };
            under_way.unwrap_or_else(|| {
                let fetch = Fetch {
                    oauth2: oauth2.clone(),
                    rotated: state.rotated.clone(),
                    known: state.metadata.clone(),
                    doors: self.doors.clone(),
                    keys: self.keys.clone(),
                    via: via.clone(),
                    connection: request.connection.clone(),
                    api: request.url.clone(),
                };
                let fetching = fill(slot.clone(), fetch).boxed().shared();
                state.holding = fetching.downgrade().map_or(Holding::Nothing, Holding::Fetch);
                fetching
            })
        };
        waiting.await.map_err(UpstreamError::from)
    }

    fn token_answered(&self, oauth2: &OAuth2<Secret>, request: &Request, status: StatusCode) -> Again {
        let Some(slot) = lock(&self.tokens).get(oauth2).cloned() else { return Again::No };
        let mut state = lock(&slot.state);
        let Holding::Token(token) = &state.holding else {
            // Somebody else has thrown it away already.
            return if status == StatusCode::UNAUTHORIZED { Again::Resign } else { Again::No };
        };
        let is_same =
            header(request, &AUTHORIZATION).and_then(|text| text.strip_prefix("Bearer ")) == Some(token.text.expose());
        match (status == StatusCode::UNAUTHORIZED, is_same) {
            (false, true) => {
                token.is_accepted.store(true, Ordering::Relaxed);
                Again::No
            }
            (false, false) => Again::No,
            (true, false) => Again::Resign,
            (true, true) if token.is_successor && !token.is_accepted.load(Ordering::Relaxed) => Again::No,
            (true, true) => {
                state.holding = Holding::Nothing;
                state.has_refused = true;
                Again::Resign
            }
        }
    }
}

/// The token of one credential.
#[derive(Default)]
struct Slot {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    holding: Holding,
    /// The refresh token that took the place of the one given.
    rotated: Option<Secret>,
    /// The issuer's metadata, once it is known.
    metadata: Option<Arc<Metadata>>,
    /// Whether the last token was refused by the API.
    has_refused: bool,
}

#[derive(Default)]
enum Holding {
    #[default]
    Nothing,
    Token(Arc<Token>),
    /// A fetch that its callers hold; when the last of them is gone, so is it.
    Fetch(WeakShared<BoxFuture<'static, Result<Arc<Token>, NoToken>>>),
}

struct Token {
    text: Secret,
    /// Since 1970; `None` where it is good until it is refused.
    stale_at: Option<Duration>,
    is_accepted: AtomicBool,
    /// Whether it took the place of one that was refused.
    is_successor: bool,
}

impl Token {
    fn is_fresh(&self, now: Duration) -> bool {
        self.stale_at.is_none_or(|stale_at| now < stale_at)
    }
}

async fn fill(slot: Arc<Slot>, fetch: Fetch) -> Result<Arc<Token>, NoToken> {
    let fetched = fetch.run().await;
    let now = fetch.doors.world.now();
    let mut state = lock(&slot.state);
    state.holding = Holding::Nothing;
    let fetched = fetched?;
    state.metadata = Some(fetched.metadata);
    state.rotated = fetched.granted.refresh_token.or(state.rotated.take());
    // A token of a minute would never be fresh by the skew of an hour's.
    let early = |lifetime: Duration| TOKEN_SKEW.min(lifetime / 4);
    let token = Arc::new(Token {
        text: fetched.granted.access_token,
        stale_at: fetched.granted.lifetime.map(|lifetime| now + lifetime - early(lifetime)),
        is_accepted: AtomicBool::new(false),
        is_successor: std::mem::take(&mut state.has_refused),
    });
    state.holding = Holding::Token(token.clone());
    Ok(token)
}

/// Challenges.
impl Keeper {
    async fn digest(&self, digest: &Digest<Secret>, request: &mut Request) -> Result<(), UpstreamError> {
        let url = parse(&request.url)?;
        let Some(session) = lock(&self.sessions).get(&(origin(&url), digest.clone())).cloned() else {
            // Nothing is known yet: the first request asks for the challenge.
            return Ok(());
        };
        let target = Target::of(&url);
        let uri = target.origin_form();
        let body_hash = match session.challenge.covers_body() {
            Some(hash) => Some(hex(&hash.of_body(request.body.as_ref()).await?)),
            None => None,
        };
        let body_hash = body_hash.as_deref();
        let message = digest::Message { method: request.method.as_str(), uri: &uri, body_hash };
        let count = session.count.fetch_add(1, Ordering::Relaxed) + 1;
        let once = digest::Use { client_nonce: &session.client_nonce, count };
        let (username, password) = (digest.username.expose(), digest.password.expose());
        let answer = session.challenge.answer(username, password, &message, &once);
        let answer = answer.ok_or_else(|| UpstreamError::new(Code::BadSettings, "the body was not hashed"))?;
        set(request, AUTHORIZATION, &answer)
    }

    fn digest_answered(
        &self,
        digest: &Digest<Secret>,
        request: &Request,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Again {
        let Ok(url) = parse(&request.url) else { return Again::No };
        let key = (origin(&url), digest.clone());
        let mut sessions = lock(&self.sessions);
        let sent = header(request, &AUTHORIZATION).and_then(sent_nonce);
        if status != StatusCode::UNAUTHORIZED {
            if let Some(session) = sessions.get_mut(&key) {
                if sent.as_ref() == Some(&session.challenge.nonce) {
                    session.is_accepted.store(true, Ordering::Relaxed);
                }
                if let Some(next) = next_nonce(headers) {
                    let challenge = session.challenge.with_nonce(&next);
                    let mut following = Session::new(challenge, self.doors.world.nonce());
                    following.is_accepted = AtomicBool::new(true);
                    *session = Arc::new(following);
                }
            }
            return Again::No;
        }
        let Some(challenge) = digest::strongest(headers) else { return Again::No };
        match refusal(sent.as_deref(), sessions.get(&key).map(|session| &**session), challenge.is_stale) {
            Refusal::Another(again) => return again,
            Refusal::Password => {
                sessions.remove(&key);
                return Again::No;
            }
            Refusal::Nonce { is_proven } => {
                let session = Session { is_proven, ..Session::new(challenge, self.doors.world.nonce()) };
                sessions.insert(key, Arc::new(session));
            }
        }
        Again::Resign
    }
}

/// What was refused.
enum Refusal {
    /// A nonce, or that there was none.
    Nonce { is_proven: bool },
    /// User or password: a second try would only lock the account sooner.
    Password,
    /// Another proof than the one that is kept, which must not pay for it.
    Another(Again),
}

/// What was refused with a proof for this nonce, while a session is kept.
fn refusal(sent: Option<&str>, session: Option<&Session>, is_stale: bool) -> Refusal {
    let (Some(sent), Some(session)) = (sent, session) else {
        return match (sent, session) {
            (None, None) => Refusal::Nonce { is_proven: false },
            // While this request was on its way, another got a nonce.
            (None, Some(_)) => Refusal::Another(Again::Resign),
            (Some(_), _) if is_stale => Refusal::Nonce { is_proven: true },
            (Some(_), _) => Refusal::Password,
        };
    };
    let is_accepted = session.is_accepted.load(Ordering::Relaxed);
    // A nonce that has become old proves user and password as one that was accepted does.
    let is_proven = is_stale || is_accepted || session.is_proven;
    match sent == session.challenge.nonce {
        // Without a word on it, a nonce that was good before has become old.
        true if is_stale || is_accepted => Refusal::Nonce { is_proven },
        true => Refusal::Password,
        false => Refusal::Another(if is_proven { Again::Resign } else { Again::No }),
    }
}

/// A challenge that is being answered.
struct Session {
    challenge: digest::Challenge,
    client_nonce: String,
    /// How often the server's nonce was used.
    count: AtomicU32,
    is_accepted: AtomicBool,
    /// Whether user and password were accepted with a nonce before this one.
    is_proven: bool,
}

impl Session {
    fn new(challenge: digest::Challenge, client_nonce: String) -> Self {
        let (count, is_accepted) = (AtomicU32::new(0), AtomicBool::new(false));
        Session { challenge, client_nonce, count, is_accepted, is_proven: false }
    }
}

/// The nonce of a proof.
fn sent_nonce(authorization: &str) -> Option<String> {
    challenge::parameters(authorization.strip_prefix("Digest ")?).get("nonce").map(str::to_owned)
}

/// The nonce that the server wants next (RFC 7616, section 3.5).
fn next_nonce(headers: &HeaderMap) -> Option<String> {
    let info = headers.get("authentication-info")?.to_str().ok()?;
    challenge::parameters(info).get("nextnonce").map(str::to_owned)
}

/// Signatures.
impl Keeper {
    async fn oauth1(&self, proof: &OAuth1<Secret>, request: &mut Request) -> Result<(), UpstreamError> {
        let url = parse(&request.url)?;
        let is_form = header(request, &CONTENT_TYPE)
            .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded"));
        let body = request.body.as_ref();
        let form = body.filter(|_| is_form).and_then(Payload::to_wire_bytes);
        let form = form.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok());
        if is_form && form.is_none() && body.is_some_and(|body| body.as_bytes().is_none()) {
            let message = "oauth1 signs the fields of a form, and this one is a file";
            return Err(UpstreamError::new(Code::BadSettings, message));
        }
        let is_empty = body.is_none_or(|body| body.length() == Some(0));
        let hash = oauth1::covers_body(&proof.signature, is_empty).filter(|_| form.is_none());
        let body_hash = match hash {
            Some(hash) => Some(hash.of_body(body).await?),
            None => None,
        };
        let message = oauth1::Message {
            method: request.method.as_str(),
            target: Target::of(&url),
            form,
            body_hash: body_hash.as_deref(),
        };
        let nonce = self.doors.world.nonce();
        let claims = oauth1::Claims {
            consumer_key: proof.consumer_key.expose(),
            token: given(&proof.token),
            realm: given(&proof.realm),
            timestamp: self.doors.world.now().as_secs(),
            nonce: &nonce,
        };
        let secrets = |consumer: &'_ Secret, token: &'_ Option<Secret>| {
            (consumer.expose().to_owned(), given(token).unwrap_or_default().to_owned())
        };
        let header = match &proof.signature {
            OAuth1Signature::RsaSha256 { key } => {
                let key = self.keys.get(key, &self.doors).map_err(no_signature)?;
                let sign = |base: &[u8]| key.sign(SignatureScheme::RSA_PKCS1_SHA256, base);
                oauth1::header(&message, &claims, &oauth1::Method::Rsa(&sign))
            }
            OAuth1Signature::HmacSha1 { consumer_secret, token_secret } => {
                let (consumer, token) = secrets(consumer_secret, token_secret);
                oauth1::header(&message, &claims, &oauth1::Method::HmacSha1(&consumer, &token))
            }
            OAuth1Signature::HmacSha256 { consumer_secret, token_secret } => {
                let (consumer, token) = secrets(consumer_secret, token_secret);
                oauth1::header(&message, &claims, &oauth1::Method::HmacSha256(&consumer, &token))
            }
            OAuth1Signature::Plaintext { consumer_secret, token_secret } => {
                let (consumer, token) = secrets(consumer_secret, token_secret);
                oauth1::header(&message, &claims, &oauth1::Method::Plaintext(&consumer, &token))
            }
        };
        let why = || BadSigner { why: "the key does not sign with RSA".to_owned(), help: None };
        set(request, AUTHORIZATION, &header.ok_or_else(|| no_signature(why()))?)
    }

    async fn aws(&self, proof: &AwsSigV4<Secret>, request: &mut Request) -> Result<(), UpstreamError> {
        let url = parse(&request.url)?;
        let service = proof.service.expose();
        let may_be_unsigned = service == "s3" && url.scheme() == "https";
        let is_in_memory = request.body.as_ref().is_none_or(|body| body.as_bytes().is_some());
        let body_hash = match is_in_memory || !may_be_unsigned {
            true => hex(&Hash::Sha256.of_body(request.body.as_ref()).await?),
            false => sigv4::UNSIGNED.to_owned(),
        };
        let message = sigv4::Message {
            method: request.method.as_str(),
            target: Target::of(&url),
            headers: signed_headers(request),
            body_hash: &body_hash,
        };
        let credentials = sigv4::Credentials {
            access_key: proof.access_key.expose(),
            secret_key: proof.secret_key.expose(),
            session_token: given(&proof.session_token),
            region: proof.region.expose(),
            service,
        };
        for (name, value) in sigv4::headers(&message, &credentials, self.doors.world.now().as_secs()) {
            set(request, HeaderName::from_static(name), &value)?;
        }
        Ok(())
    }
}

/// What of a request is signed: nothing that is changed on the way.
fn signed_headers(request: &Request) -> Vec<(String, String)> {
    let is_signed = |name: &HeaderName| {
        let ours = ["x-amz-date", "x-amz-content-sha256", "x-amz-security-token"];
        *name == CONTENT_TYPE || (name.as_str().starts_with("x-amz-") && !ours.contains(&name.as_str()))
    };
    let headers = request.headers.iter().filter(|(name, _)| is_signed(name));
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

fn no_signature(bad: BadSigner) -> UpstreamError {
    UpstreamError::from(super::fetch::no_signature(bad))
}

fn parse(url: &str) -> Result<Url, UpstreamError> {
    Url::parse(url).map_err(|_| UpstreamError::new(Code::BadSettings, "the URL of the request cannot be used"))
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// Sets a header that must not show, in place of any of its name.
fn set(request: &mut Request, name: HeaderName, value: &str) -> Result<(), UpstreamError> {
    let Ok(value) = HeaderValue::from_str(value) else {
        let message = format!("the value of `{name}` has a line break or another control character");
        return Err(UpstreamError::new(Code::UnfitVariable, message));
    };
    request.headers.retain(|(known, _)| *known != name);
    request.headers.push((name, sensitive(value)));
    Ok(())
}

fn header<'r>(request: &'r Request, name: &HeaderName) -> Option<&'r str> {
    request.headers.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.to_str().ok())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind these locks is whole between any two statements.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keeper")
    }
}

#[cfg(test)]
mod tests;
