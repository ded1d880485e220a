//! Headers, cookies and credentials.

use std::borrow::Cow;

use base64::Engine as _;
use http::header::{ACCEPT, AUTHORIZATION, COOKIE, USER_AGENT};
use http::{HeaderName, HeaderValue};

use super::{Misfit, PartText, Renderer, Reveal};
use crate::auth::{Proof, TlsTexts};
use crate::bindings::Secret;
use crate::encode;
use crate::overrides::ShownCredential;
use crate::plan::{Auth, Credential, Part, Template};

const CONTROL: &str = "has a line break or another control character";

/// Stands for a credential that the document writes out.
const LITERAL_MASK: &str = "***";

impl<'a> Renderer<'a> {
    pub(super) fn header_parameters(&mut self) {
        let request = &self.context.operation.request;
        for parameter in &request.headers {
            self.last_variable = None;
            let (value, sensitive) = match self.source_text(&parameter.value) {
                Some(found) => found,
                None => continue,
            };
            let sensitive = sensitive || is_credential_header(&parameter.name);
            self.header(parameter.name.clone(), &value, sensitive);
        }
        for (name, source) in &request.cookies {
            if let Some((value, sensitive)) = self.source_text(source) {
                self.cookie(name, &value, sensitive);
            }
        }
    }

    /// Sets a header. A control character would end it and begin another: it is refused.
    pub(super) fn header(&mut self, name: HeaderName, value: &str, sensitive: bool) {
        match HeaderValue::from_bytes(value.trim_matches([' ', '\t']).as_bytes()) {
            Ok(mut header) => {
                header.set_sensitive(sensitive);
                self.has_credential |= sensitive;
                self.headers.retain(|(n, _)| *n != name);
                self.headers.push((name, header));
            }
            Err(_) => self.misfits.push(match self.last_variable {
                Some(id) => Misfit::Variable(id, CONTROL),
                None => Misfit::Parameter(format!("the value of the header `{name}` {CONTROL}")),
            }),
        }
    }

    pub(super) fn cookie(&mut self, name: &str, value: &str, sensitive: bool) {
        if value.contains(|c: char| c.is_control()) {
            let why = format!("the value of the cookie `{name}` has a line break or another control character");
            self.misfits.push(Misfit::Parameter(why));
            return;
        }
        if !self.cookies.is_empty() {
            self.cookies.push_str("; ");
        }
        self.cookies.push_str(name);
        self.cookies.push('=');
        if sensitive && self.context.reveal == Reveal::Masked {
            self.cookies.push_str(value);
        } else {
            encode::cookie(&mut self.cookies, value);
        }
        self.has_credential |= sensitive;
    }

    pub(super) fn cookie_header(&mut self) {
        if !self.cookies.is_empty() {
            let cookies = std::mem::take(&mut self.cookies);
            self.header(COOKIE, &cookies, true);
        }
    }

    pub(super) fn override_headers(&mut self) {
        self.last_variable = None;
        for (name, value) in &self.context.overrides.headers {
            let sensitive = value.is_secret() || is_credential_header(name);
            self.header(name.clone(), value.text(self.context.reveal), sensitive);
        }
    }

    pub(super) fn has_header(&self, name: &HeaderName) -> bool {
        self.headers.iter().any(|(n, _)| n == name)
    }

    pub(super) fn authentication(&mut self) {
        let context = self.context;
        if let Some(credential) = &context.overrides.auth {
            let credential = credential.as_credential(context.reveal);
            return self.override_credential(credential);
        }
        match &context.operation.request.auth {
            Auth::None => {
                if let Some(id) = context.operation.inferred_bearer.filter(|_| context.inferred_auth)
                    && !self.has_header(&AUTHORIZATION)
                {
                    let token = match self.variable(id) {
                        PartText::Value(token) => token,
                        PartText::Mask(mask) => mask.into(),
                        PartText::Literal(_) | PartText::Absent => return,
                    };
                    self.bearer(&token);
                }
            }
            Auth::Credentials(credentials) => credentials.iter().for_each(|c| self.credential(c)),
            Auth::Proof(proof) => self.proof(proof),
            Auth::Unsupported { kind, span } => self.misfits.push(Misfit::Unsupported(kind, *span)),
        }
    }

    /// Keeps what the proof is made from. Where secrets are masked, its name stands in its place.
    fn proof(&mut self, proof: &'a Proof<Template>) {
        self.last_variable = None;
        let mut unfit = false;
        let filled = proof.map(&mut |template| {
            // What may be missing is empty then; what may not was asked for before.
            if matches!(template.as_slot(), Some(Part::Variable(id)) if self.context.variables[id.index()].is_none()) {
                return Secret::new("");
            }
            let text = self.plain(template);
            unfit |= text.is_none();
            Secret::new(text.unwrap_or_default())
        });
        self.has_credential = true;
        if unfit || self.has_header(&AUTHORIZATION) {
            return;
        }
        if self.context.reveal == Reveal::Masked {
            let (scheme, name) = filled.placeholder();
            self.header(AUTHORIZATION, &format!("{scheme} {{{{{name}}}}}"), true);
        }
        self.proof = Some(filled);
    }

    /// How the connection is made safe: by the caller's words, or the document's.
    pub(super) fn tls(&mut self) -> Option<TlsTexts> {
        let context = self.context;
        if let Some(tls) = &context.overrides.tls {
            return Some(tls.clone());
        }
        let tls = context.operation.request.tls.as_ref()?;
        let mut text = |template: &'a Option<Template>| template.as_ref().and_then(|t| self.plain(t)).map(Secret::new);
        let (certificate, key) = (text(&tls.certificate), text(&tls.key));
        Some(TlsTexts { certificate, key, authority: text(&tls.authority) })
    }

    pub(super) fn credential(&mut self, credential: &'a Credential) {
        self.last_variable = None;
        match credential {
            Credential::Bearer(token) => {
                if let Some(token) = self.secret(token).filter(|_| !self.has_header(&AUTHORIZATION)) {
                    self.bearer(&token);
                }
            }
            Credential::Basic(username, password) => {
                if let (Some(username), Some(password)) = (self.plain(username), self.secret(password))
                    && !self.has_header(&AUTHORIZATION)
                {
                    self.basic(&username, &password);
                }
            }
            Credential::Header(name, value) => {
                if let Some(value) = self.secret(value).filter(|_| !self.has_header(name)) {
                    self.header(name.clone(), &value, true);
                }
            }
            Credential::Query(name, value) => {
                self.separator();
                self.url.push_str(name);
                self.url.push('=');
                let mut url = std::mem::take(&mut self.url);
                match value.as_literal().filter(|_| self.context.reveal == Reveal::Masked) {
                    Some(_) => url.push_str(LITERAL_MASK),
                    None => drop(self.write_encoded(&mut url, value, encode::component)),
                }
                self.url = url;
                self.has_credential = true;
            }
            Credential::Cookie(name, value) => {
                if let Some(value) = self.secret(value) {
                    self.cookie(name, &value, true);
                }
            }
        }
    }

    /// A credential as text. One that is written out in the document has no name to be masked by.
    fn secret(&mut self, template: &'a Template) -> Option<Cow<'a, str>> {
        match template.as_literal() {
            Some(text) if self.context.reveal == Reveal::Masked && !text.is_empty() => Some(LITERAL_MASK.into()),
            Some(_) | None => self.plain(template),
        }
    }

    pub(super) fn override_credential(&mut self, credential: ShownCredential<'_>) {
        match credential {
            ShownCredential::None => {}
            ShownCredential::Bearer(token) => self.bearer(token),
            ShownCredential::Basic(username, password) => self.basic(username, password),
            ShownCredential::Header(name, value) => self.header(name.clone(), value, true),
            ShownCredential::Query(name, value) => {
                self.separator();
                self.url.push_str(name);
                self.url.push('=');
                match self.context.reveal {
                    Reveal::Secret => encode::component(&mut self.url, value),
                    Reveal::Masked => self.url.push_str(value),
                }
                self.has_credential = true;
            }
        }
    }

    /// Sets the Authorization header. A token that says `Bearer` itself is not told twice.
    pub(super) fn bearer(&mut self, token: &str) {
        let token = token.trim();
        let bare = match token.get(..7) {
            Some(scheme) if scheme.eq_ignore_ascii_case("bearer ") => token[7..].trim_start(),
            Some(_) | None => token,
        };
        let mut text = String::with_capacity("Bearer ".len() + bare.len());
        text.extend(["Bearer ", bare]);
        self.header(AUTHORIZATION, &text, true);
    }

    pub(super) fn basic(&mut self, username: &str, password: &str) {
        let pair = format!("{username}:{password}");
        let text = match self.context.reveal {
            Reveal::Secret => base64::engine::general_purpose::STANDARD.encode(pair),
            Reveal::Masked => pair,
        };
        self.header(AUTHORIZATION, &format!("Basic {text}"), true);
    }

    pub(super) fn defaults(&mut self) {
        if !self.has_header(&ACCEPT) {
            self.headers.push((ACCEPT, self.context.operation.request.accept.clone()));
        }
        if !self.has_header(&USER_AGENT) {
            self.headers.push((USER_AGENT, self.context.user_agent.clone()));
        }
    }
}

/// Whether a header carries a credential whatever its value.
fn is_credential_header(name: &HeaderName) -> bool {
    matches!(name.as_str(), "authorization" | "proxy-authorization" | "cookie")
}
