//! Tokens over the network: the issuer's metadata, then the token endpoint.
//!
//! Neither is recorded, neither is followed to another origin, and neither travels in plain HTTP.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use capstan_spec::diagnostic::Code;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderName, HeaderValue, Method};
use url::Url;

use super::discovery::{self, Metadata, Places};
use super::keeper::{KeeperDoors, Keys};
use super::proof::TOKEN_NAME;
use super::token::{self, Asking, BadSigner, Granted};
use super::{OAuth2, Server};
use crate::bindings::Secret;
use crate::encode;
use crate::limits::{TOKEN_BYTES_MAX, TOKEN_TIMEOUT};
use crate::observe::Event;
use crate::upstream::{Connection, Fate, Payload, Request, Response, Upstream, UpstreamError, failure};

/// Why there is no token; shared by all that wait for it.
#[derive(Clone, Debug)]
pub(crate) struct NoToken {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    /// How far the request for it had come. Where nothing was sent, nothing of the call was either.
    pub(crate) fate: Fate,
}

impl From<NoToken> for UpstreamError {
    fn from(no: NoToken) -> Self {
        let error = UpstreamError::new(no.code, no.message).with_fate(no.fate).of_proof();
        no.help.into_iter().fold(error, UpstreamError::with_help)
    }
}

/// All that a fetch needs. It owns what it holds, since callers share it.
pub(crate) struct Fetch {
    pub(crate) oauth2: OAuth2<Secret>,
    pub(crate) rotated: Option<Secret>,
    pub(crate) known: Option<Arc<Metadata>>,
    pub(crate) doors: Arc<KeeperDoors>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) via: Arc<dyn Upstream>,
    pub(crate) connection: Connection,
    /// The URL of the API that the token is for.
    pub(crate) api: String,
}

/// A token, and the metadata that led to it.
pub(crate) struct Fetched {
    pub(crate) granted: Granted,
    pub(crate) metadata: Arc<Metadata>,
}

impl Fetch {
    /// Fetches a token, within [`TOKEN_TIMEOUT`] whatever the call's own deadline is: other calls
    /// may wait for it.
    pub(crate) async fn run(&self) -> Result<Fetched, NoToken> {
        match tokio::time::timeout(TOKEN_TIMEOUT, self.fetch()).await {
            Ok(fetched) => fetched,
            Err(_elapsed) => Err(NoToken {
                code: Code::TimedOut,
                message: format!("no token came within {} s", TOKEN_TIMEOUT.as_secs()),
                help: None,
                fate: Fate::Certain,
            }),
        }
    }

    async fn fetch(&self) -> Result<Fetched, NoToken> {
        let metadata = match (&self.known, &self.oauth2.server) {
            (Some(known), _) => known.clone(),
            (None, Server::Endpoint(endpoint)) => {
                Arc::new(Metadata { token_endpoint: endpoint.expose().to_owned(), methods: None })
            }
            (None, Server::Issuer(issuer)) => Arc::new(self.discover(issuer.expose()).await?),
        };
        let endpoint = &metadata.token_endpoint;
        self.check(endpoint, "the token endpoint")?;
        let form = self.form(&metadata).map_err(no_signature)?;
        let response = self.post(endpoint, form).await?;
        let granted = token::read(response.status, &response.body).map_err(|why| refused(endpoint, &why))?;
        self.hide(&granted);
        Ok(Fetched { granted, metadata })
    }

    /// What is asked.
    fn form(&self, metadata: &Metadata) -> Result<token::Form, BadSigner> {
        let asking = Asking {
            oauth2: &self.oauth2,
            endpoint: &metadata.token_endpoint,
            rotated: self.rotated.as_ref(),
            methods: metadata.methods.as_deref(),
            world: &self.doors.world,
            key: &|text| self.keys.get(text, &self.doors),
        };
        let form = asking.form()?;
        for assertion in &form.assertions {
            self.doors.scrubber.add("ASSERTION", &Secret::new(assertion.as_str()));
        }
        Ok(form)
    }

    /// What came is as secret as what was bound.
    fn hide(&self, granted: &Granted) {
        let scrubber = &self.doors.scrubber;
        scrubber.add(TOKEN_NAME, &granted.access_token);
        granted.refresh_token.iter().for_each(|token| scrubber.add("REFRESH_TOKEN", token));
        granted.id_token.iter().for_each(|token| scrubber.add("ID_TOKEN", token));
    }

    async fn discover(&self, issuer: &str) -> Result<Metadata, NoToken> {
        let Some(places) = discovery::places(issuer) else {
            return Err(undiscovered(format!("`{}` is no issuer: it is not a URL", cut(issuer))));
        };
        let mut problems = Vec::new();
        for url in &places.urls {
            self.check(url, "the issuer")?;
            match self.metadata(&places, url).await {
                Ok(metadata) => return Ok(metadata),
                // A machine that is not there has no other document either.
                Err(Missing::Machine(no)) => return Err(no),
                Err(Missing::Document(why)) => problems.push(format!("`{url}` {why}")),
            }
        }
        Err(undiscovered(format!("the token endpoint of `{}` is not found: {}", cut(issuer), problems.join("; "))))
    }

    async fn metadata(&self, places: &Places, url: &str) -> Result<Metadata, Missing> {
        let response = self.send(self.request(Method::GET, url)).await;
        let response = response.map_err(|error| match error.code() {
            Code::RefusedRedirect | Code::ResponseTooLarge => Missing::Document(format!("cannot be used: {error}")),
            _ => Missing::Machine(unreachable(&error, url, "the issuer")),
        })?;
        if !response.status.is_success() {
            return Err(Missing::Document(format!("answers {}", response.status)));
        }
        places.read(&response.body).map_err(Missing::Document)
    }

    async fn post(&self, endpoint: &str, form: token::Form) -> Result<Response, NoToken> {
        let mut request = self.request(Method::POST, endpoint);
        request.headers.push((CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded")));
        if let Some(authorization) = form.authorization.and_then(|text| HeaderValue::from_str(&text).ok()) {
            request.headers.push((AUTHORIZATION, sensitive(authorization)));
        }
        request.headers.push((USER_AGENT, self.doors.user_agent.clone()));
        request.body = Some(Payload::from(Bytes::from(form.body)));
        self.send(request).await.map_err(|error| match error.code() {
            Code::RefusedRedirect => refused(endpoint, &error.to_string()),
            _ => unreachable(&error, endpoint, "the token endpoint"),
        })
    }

    async fn send(&self, request: Request) -> Result<Response, UpstreamError> {
        let url = self.doors.scrubber.scrub(&request.url).into_owned();
        let started = Instant::now();
        let response = self.via.send(request).await?.read(TOKEN_BYTES_MAX).await?;
        let took: Duration = started.elapsed();
        self.doors.observer.event(&Event::Token { from: url, status: response.status, took });
        Ok(response)
    }

    /// Neither a client's secret nor a token may travel where others can read it, and metadata
    /// that others can change leads elsewhere.
    fn check(&self, url: &str, what: &str) -> Result<(), NoToken> {
        let shown = failure::without_query(url);
        let insecure = |why: &str| NoToken {
            code: Code::InsecureCredential,
            message: format!("{what} `{}` {why}", cut(shown)),
            help: Some("use `https://`, or allow it with `--insecure-http`".to_owned()),
            fate: Fate::Certain,
        };
        let parsed = Url::parse(url).map_err(|_| undiscovered(format!("{what} `{}` is no URL", cut(shown))))?;
        match parsed.scheme() {
            "https" => Ok(()),
            "http" if self.doors.insecure_http => Ok(()),
            "http" if encode::is_loopback(parsed.host_str().unwrap_or_default()) => Ok(()),
            "http" => Err(insecure("would be asked over plain HTTP")),
            _ => Err(insecure("is neither https nor http")),
        }
    }

    /// A request of nobody's but ours. The API's client certificate and authorities are for the API:
    /// another machine is told no more than it has to know, and trusted as any other.
    fn request(&self, method: Method, url: &str) -> Request {
        let accept: (HeaderName, HeaderValue) = (ACCEPT, HeaderValue::from_static("application/json"));
        let origin = |url: &str| Url::parse(url).ok().map(|url| url.origin());
        let tls = self.connection.tls.clone().filter(|_| origin(url) == origin(&self.api));
        let connection = Connection { is_private: true, tls, ..self.connection.clone() };
        Request { method, url: url.to_owned(), headers: vec![accept], body: None, connection }
    }
}

enum Missing {
    Machine(NoToken),
    Document(String),
}

/// Marks a header as one that must not show.
pub(super) fn sensitive(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

/// Why a key did not sign.
pub(super) fn no_signature(bad: BadSigner) -> NoToken {
    NoToken { code: Code::UnusableKey, message: bad.why, help: bad.help.map(str::to_owned), fate: Fate::Certain }
}

fn refused(endpoint: &str, why: &str) -> NoToken {
    let message = format!("`{}` gave no token: {why}", failure::without_query(endpoint));
    let help = "check the client, its secret and the scopes; `capstan describe` names the variables they come from";
    NoToken { code: Code::TokenRefused, message, help: Some(help.to_owned()), fate: Fate::Certain }
}

fn undiscovered(message: String) -> NoToken {
    let help = "name it: `tokenEndpoint: https://…`".to_owned();
    NoToken { code: Code::NoTokenEndpoint, message, help: Some(help), fate: Fate::Certain }
}

fn unreachable(error: &UpstreamError, url: &str, what: &str) -> NoToken {
    use std::error::Error as _;
    let cause = error.source().map(|cause| format!(" ({cause})")).unwrap_or_default();
    let message = format!("{what} `{}` gave no answer: {error}{cause}", failure::without_query(url));
    // One that was sent may have used a refresh token up, and is not sent again.
    let fate = if error.fate() == Fate::Unsent { Fate::Unsent } else { Fate::Certain };
    NoToken { code: error.code(), message, help: None, fate }
}

fn cut(text: &str) -> String {
    text.chars().take(crate::limits::QUOTED_CHARS_MAX).collect()
}
