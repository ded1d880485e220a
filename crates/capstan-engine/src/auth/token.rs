//! Token requests and their answers (RFC 6749; RFC 7523 and RFC 8693 extend it).
//!
//! Pure: what is asked becomes a form, what is answered a token or a reason.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Map, Value};

use super::jwt;
use super::key::PrivateKey;
use super::proof::given;
use super::world::World;
use super::{Assertion, ClientProof, Grant, OAuth2, Signer};
use crate::bindings::Secret;
use crate::encode;
use crate::limits::{ASSERTION_LIFETIME, MESSAGE_CHARS_MAX, TOKEN_LIFETIME_MAX};

/// RFC 7523, section 2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// RFC 8693, section 3.
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// What is posted to a token endpoint.
pub(crate) struct Form {
    pub(crate) body: String,
    /// The value of the Authorization header.
    pub(crate) authorization: Option<String>,
    /// What was signed for it, which must not show.
    pub(crate) assertions: Vec<String>,
}

/// A token that was given.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) access_token: Secret,
    /// `None` where the server does not say.
    pub(crate) lifetime: Option<Duration>,
    pub(crate) refresh_token: Option<Secret>,
    /// The token of the user's identity, which is of no use here and must not show.
    pub(crate) id_token: Option<Secret>,
}

/// All that a form is made from.
pub(crate) struct Asking<'a> {
    pub(crate) oauth2: &'a OAuth2<Secret>,
    pub(crate) endpoint: &'a str,
    /// The refresh token that took the place of the one given.
    pub(crate) rotated: Option<&'a Secret>,
    /// The ways of clients' proofs that the server's metadata lists.
    pub(crate) methods: Option<&'a [String]>,
    pub(crate) world: &'a World,
    /// Reads a private key.
    pub(crate) key: &'a dyn Fn(&Secret) -> Result<std::sync::Arc<PrivateKey>, BadSigner>,
}

/// Why nothing can be signed.
#[derive(Clone, Debug)]
pub(crate) struct BadSigner {
    pub(crate) why: String,
    pub(crate) help: Option<&'static str>,
}

impl Asking<'_> {
    /// The form.
    pub(crate) fn form(&self) -> Result<Form, BadSigner> {
        let mut form = Form { body: String::new(), authorization: None, assertions: Vec::new() };
        self.grant(&mut form)?;
        let oauth2 = self.oauth2;
        let scopes: Vec<&str> = oauth2.scopes.iter().map(Secret::expose).filter(|s| !s.is_empty()).collect();
        if !scopes.is_empty() {
            form.add("scope", &scopes.join(" "));
        }
        form.add_given("audience", &oauth2.audience);
        form.add_given("resource", &oauth2.resource);
        self.client(&mut form)?;
        oauth2.parameters.iter().for_each(|(name, value)| form.add(name, value.expose()));
        Ok(form)
    }

    fn grant(&self, form: &mut Form) -> Result<(), BadSigner> {
        match &self.oauth2.grant {
            Grant::ClientCredentials => form.add("grant_type", "client_credentials"),
            Grant::RefreshToken(token) => {
                form.add("grant_type", "refresh_token");
                form.add("refresh_token", self.rotated.unwrap_or(token).expose());
            }
            Grant::JwtBearer(assertion) => {
                form.add("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
                let assertion = self.assertion(assertion)?;
                form.add("assertion", &assertion);
                form.assertions.push(assertion);
            }
            Grant::TokenExchange {
                subject_token,
                subject_token_type,
                actor_token,
                actor_token_type,
                requested_token_type,
            } => {
                form.add("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
                form.add("subject_token", subject_token.expose());
                form.add("subject_token_type", &token_type(subject_token_type));
                if let Some(actor) = given(actor_token) {
                    form.add("actor_token", actor);
                    form.add("actor_token_type", &token_type(actor_token_type));
                }
                if requested_token_type.is_some() {
                    form.add("requested_token_type", &token_type(requested_token_type));
                }
            }
        }
        Ok(())
    }

    fn assertion(&self, assertion: &Assertion<Secret>) -> Result<String, BadSigner> {
        match assertion {
            Assertion::Ready(assertion) => Ok(assertion.expose().to_owned()),
            Assertion::Signed { issuer, subject, audience, claims, signer } => {
                let audience = given(audience).unwrap_or(self.endpoint);
                let mut all = self.claims(issuer.expose(), subject.expose(), audience);
                for (name, value) in claims {
                    all.insert(name.to_string(), value.expose().into());
                }
                self.sign(&all, signer)
            }
        }
    }

    fn claims(&self, issuer: &str, subject: &str, audience: &str) -> Map<String, Value> {
        let now = self.world.now();
        let mut claims = Map::new();
        claims.insert("iss".to_owned(), issuer.into());
        claims.insert("sub".to_owned(), subject.into());
        claims.insert("aud".to_owned(), audience.into());
        claims.insert("iat".to_owned(), now.as_secs().into());
        claims.insert("exp".to_owned(), (now + ASSERTION_LIFETIME).as_secs().into());
        claims.insert("jti".to_owned(), self.world.nonce().into());
        claims
    }

    fn sign(&self, claims: &Map<String, Value>, signer: &Signer<Secret>) -> Result<String, BadSigner> {
        let key = (self.key)(&signer.key)?;
        let signed = jwt::sign(claims, &key, given(&signer.key_id), given(&signer.algorithm));
        signed.map_err(|why| BadSigner { why, help: None })
    }

    fn client(&self, form: &mut Form) -> Result<(), BadSigner> {
        let id = given(&self.oauth2.client.id).unwrap_or_default();
        let in_form = |form: &mut Form, secret: &Secret| {
            form.add("client_id", id);
            form.add("client_secret", secret.expose());
        };
        match &self.oauth2.client.proof {
            ClientProof::None if id.is_empty() => {}
            ClientProof::None => form.add("client_id", id),
            ClientProof::Post(secret) => in_form(form, secret),
            ClientProof::Secret(secret) if self.wants_form() => in_form(form, secret),
            ClientProof::Secret(secret) | ClientProof::Basic(secret) => {
                form.authorization = Some(basic(id, secret.expose()));
            }
            ClientProof::PrivateKeyJwt(signer) => {
                let assertion = self.sign(&self.claims(id, id, self.endpoint), signer)?;
                form.add("client_id", id);
                form.add("client_assertion_type", ASSERTION_TYPE);
                form.add("client_assertion", &assertion);
                form.assertions.push(assertion);
            }
        }
        Ok(())
    }

    /// Whether the server takes a client's secret in the form only.
    fn wants_form(&self) -> bool {
        let lists = |methods: &[String], wanted: &str| methods.iter().any(|method| method == wanted);
        self.methods.is_some_and(|m| lists(m, "client_secret_post") && !lists(m, "client_secret_basic"))
    }
}

impl Form {
    fn add(&mut self, name: &str, value: &str) {
        if !self.body.is_empty() {
            self.body.push('&');
        }
        encode::form(&mut self.body, name);
        self.body.push('=');
        encode::form(&mut self.body, value);
    }

    fn add_given(&mut self, name: &str, value: &Option<Secret>) {
        given(value).into_iter().for_each(|value| self.add(name, value));
    }
}

/// The type of a token, in full: short names are those of RFC 8693, section 3.
fn token_type(written: &Option<Secret>) -> String {
    match given(written) {
        None => ACCESS_TOKEN.to_owned(),
        Some(name) if name.contains(':') => name.to_owned(),
        Some(name) => format!("urn:ietf:params:oauth:token-type:{name}"),
    }
}

/// RFC 6749, section 2.3.1: both are encoded as in a form first. A blank is `%20`, for there are
/// servers that undo the percent signs alone.
fn basic(id: &str, secret: &str) -> String {
    let mut pair = String::new();
    encode::component(&mut pair, id);
    pair.push(':');
    encode::component(&mut pair, secret);
    format!("Basic {}", STANDARD.encode(pair))
}

/// Reads the answer of a token endpoint (RFC 6749, sections 5.1 and 5.2).
///
/// # Errors
/// What the server says, or what is wrong with what it says; without any token.
pub(crate) fn read(status: StatusCode, body: &[u8]) -> Result<Granted, String> {
    let value: Option<Map<String, Value>> = serde_json::from_slice(body).ok();
    let text = |name: &str| value.as_ref().and_then(|v| v.get(name)).and_then(Value::as_str);
    // Some servers refuse with 200.
    if let Some(error) = text("error") {
        let description = text("error_description").map(|d| format!(": {d}")).unwrap_or_default();
        let said: String = format!("`{error}`{description}").chars().take(MESSAGE_CHARS_MAX).collect();
        return Err(format!("it answers {said}"));
    }
    if !status.is_success() {
        return Err(format!("it answers {status}"));
    }
    let Some(value) = &value else { return Err("its answer is no JSON object".to_owned()) };
    let Some(token) = text("access_token").filter(|token| !token.is_empty()) else {
        return Err("its answer has no `access_token`".to_owned());
    };
    if let Some(kind) = text("token_type").filter(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        let kind: String = kind.chars().take(40).collect();
        return Err(format!("its token is of type `{kind}`, and only `Bearer` can be sent"));
    }
    let secret = |name: &str| text(name).filter(|t| !t.is_empty()).map(Secret::new);
    Ok(Granted {
        access_token: Secret::new(token),
        lifetime: value.get("expires_in").and_then(seconds),
        refresh_token: secret("refresh_token"),
        id_token: secret("id_token"),
    })
}

/// A number of seconds; some servers write it as a text.
fn seconds(value: &Value) -> Option<Duration> {
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    // What outlives every run needs no renewal, and may be too long for a clock.
    Duration::try_from_secs_f64(number).ok().filter(|lifetime| *lifetime <= TOKEN_LIFETIME_MAX)
}

#[cfg(test)]
mod tests;
