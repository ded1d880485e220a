//! Authentication becomes credentials and the places they go to.

mod proof;

use capstan_spec::Text;
use capstan_spec::diagnostic::{Code, Diagnostic};
use capstan_spec::document::{self, ApiKey, Authentication, Placement};
use capstan_spec::source::Span;
use http::HeaderName;

use super::names::{Implied, Scope};
use crate::encode;
use crate::plan::{Auth, Credential, Place, Template, Tls};

/// Compiles the authentication of a consumed API.
pub(super) fn compile(written: Option<&Authentication>, scope: &mut Scope<'_>) -> Auth {
    let Some(written) = written else { return Auth::None };
    match written {
        Authentication::Bearer(bearer) => {
            let token = template(bearer.token.as_ref(), "token", bearer.span, scope);
            credentials(token.map(|t| vec![Credential::Bearer(t)]))
        }
        Authentication::Basic(basic) => {
            let username = template(basic.username.as_ref(), "username", basic.span, scope);
            // Many APIs take a key as the user name and no password.
            let password = match &basic.password {
                Some(password) => template(Some(password), "password", basic.span, scope),
                None => Some(Template::literal("")),
            };
            credentials(username.zip(password).map(|(u, p)| vec![Credential::Basic(u, p)]))
        }
        Authentication::ApiKey(key) => api_key(key, scope),
        Authentication::OAuth2(oauth2) if oauth2.token.is_some() => {
            let token = template(oauth2.token.as_ref(), "token", oauth2.span, scope);
            credentials(token.map(|t| vec![Credential::Bearer(t)]))
        }
        Authentication::Digest(_)
        | Authentication::OAuth2(_)
        | Authentication::OAuth1(_)
        | Authentication::AwsSigV4(_) => {
            proof::compile(written, scope).map_or(Auth::None, |p| Auth::Proof(Box::new(p)))
        }
    }
}

fn credentials(found: Option<Vec<Credential>>) -> Auth {
    found.map_or(Auth::None, Auth::Credentials)
}

fn unsupported(kind: &'static str, span: Span, scope: &mut Scope<'_>) -> Auth {
    scope.sink.push(
        Diagnostic::new(Code::UnsupportedAuthentication, span, format!("`{kind}` authentication cannot be sent yet"))
            .help("in a header, in the query and in a cookie a key can; or call with `--auth 'apikey:header:NAME:{{KEY}}'`"),
    );
    Auth::Unsupported { kind, span }
}

/// Compiles how connections are made safe.
pub(super) fn tls(written: &document::Tls, scope: &mut Scope<'_>) -> Tls {
    let mut part =
        |text: &Option<Text>, key| text.as_ref().and_then(|text| template(Some(text), key, written.span, scope));
    let certificate = part(&written.certificate, "certificate");
    let key = part(&written.key, "key");
    let authority = part(&written.authority, "authority");
    if certificate.is_some() != key.is_some() {
        let (missing_key, there) = if key.is_none() { ("key", "certificate") } else { ("certificate", "key") };
        let message = format!("`{there}` without `{missing_key}`");
        scope.sink.push(
            Diagnostic::new(Code::MissingKey, written.span, message)
                .help(format!("add `{missing_key}: file:./client.pem`, or a variable that holds it in PEM")),
        );
    }
    Tls { certificate, key, authority }
}

fn template(text: Option<&Text>, key: &str, span: Span, scope: &mut Scope<'_>) -> Option<Template> {
    let Some(text) = text else {
        missing(key, span, scope);
        return None;
    };
    // The braces forgotten: a text that spells a bound variable is that variable.
    let bare = text.value.trim();
    if !bare.contains(['{', '$', ' ']) && scope.is_declared(bare) {
        scope.sink.push(
            Diagnostic::new(Code::NonStandardForm, text.span, format!("`{bare}` stands here without braces"))
                .help(format!("the standard form is `{{{{{bare}}}}}`")),
        );
        return Some(scope.template(&format!("{{{{{bare}}}}}"), text.span, &Implied::required(Place::Authentication)));
    }
    Some(scope.template(&text.value, text.span, &Implied::required(Place::Authentication)))
}

fn missing(key: &str, span: Span, scope: &mut Scope<'_>) {
    scope.sink.push(
        Diagnostic::new(Code::MissingKey, span, format!("an authentication without `{key}`"))
            .help(format!("add `{key}: \"{{{{VARIABLE}}}}\"`")),
    );
}

fn api_key(key: &ApiKey, scope: &mut Scope<'_>) -> Auth {
    let mut found = Vec::new();
    for (name, value) in &key.headers.entries {
        let value = template(Some(value), "value", key.span, scope);
        found.extend(header_name(name, scope).zip(value).map(|(n, v)| Credential::Header(n, v)));
    }
    if key.key.is_none() && key.value.is_none() && !found.is_empty() {
        return Auth::Credentials(found);
    }
    let Some(name) = &key.key else {
        missing("key", key.span, scope);
        return Auth::None;
    };
    let Some(value) = template(key.value.as_ref(), "value", key.span, scope) else { return Auth::None };
    match key.placement.map_or(Placement::Header, |p| p.value) {
        Placement::Header => found.extend(header_name(name, scope).map(|n| Credential::Header(n, value))),
        Placement::Query => found.push(Credential::Query(encode::to_component(&name.value), value)),
        Placement::Cookie => found.push(Credential::Cookie(encode::to_component(&name.value), value)),
        Placement::Body => return unsupported("apikey in the body", key.span, scope),
    }
    Auth::Credentials(found)
}

fn header_name(name: &Text, scope: &mut Scope<'_>) -> Option<HeaderName> {
    let found = HeaderName::from_bytes(name.value.as_bytes()).ok();
    if found.is_none() {
        scope.sink.push(
            Diagnostic::new(Code::BadHeaderName, name.span, format!("`{}` is not a header name", name.value))
                .help("a header name has letters, digits and `-`"),
        );
    }
    found
}
