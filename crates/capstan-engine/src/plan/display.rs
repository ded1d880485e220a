//! A plan as text for people and for snapshots.

use std::fmt::{self, Write as _};

use super::operation::{Base, Operation, PathPart, Source};
use super::output::{Decode, Shape};
use super::template::{Part, Template};
use super::{Auth, Body, Credential, JsonNode, Plan};
use crate::auth::{Grant, OAuth1Signature, OAuth2, Proof, Server};

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for variable in &self.variables {
            let from = variable.location.as_ref().map_or("environment", |(location, _)| location);
            writeln!(f, "variable {} = {} of {from}", variable.name, variable.key)?;
        }
        for operation in &self.operations {
            writeln!(f)?;
            self.operation_text(f, operation)?;
        }
        Ok(())
    }
}

impl Plan {
    fn operation_text(&self, f: &mut fmt::Formatter<'_>, operation: &Operation) -> fmt::Result {
        let show = Show { plan: self, operation };
        writeln!(f, "operation {}.{}", operation.namespace, operation.name)?;
        for input in &operation.inputs {
            let required = if input.required { " required" } else { "" };
            let implied = if input.declared { "" } else { " implied" };
            writeln!(f, "  input {}: {} in {}{required}{implied}", input.name, input.kind, input.place)?;
        }
        writeln!(f, "  request {} {}", operation.request.method, show.url())?;
        for query in &operation.request.query {
            writeln!(f, "  query {} = {} ({:?})", query.name, show.source(&query.value), query.style)?;
        }
        for header in &operation.request.headers {
            writeln!(f, "  header {}: {}", header.name, show.source(&header.value))?;
        }
        for (name, value) in &operation.request.cookies {
            writeln!(f, "  cookie {name} = {}", show.source(value))?;
        }
        if let Some(body) = show.body() {
            writeln!(f, "  body {body}")?;
        }
        if let Some(auth) = show.auth() {
            writeln!(f, "  authentication {auth}")?;
        }
        if let Some(pagination) = &operation.pagination {
            let recognised = if pagination.is_recognised { " recognised" } else { "" };
            writeln!(f, "  pages by {}{recognised}", pagination.advance.kind())?;
        }
        writeln!(f, "  answer {} read {}", operation.outputs.format, show.decode())?;
        for output in &operation.outputs.outputs {
            writeln!(f, "  output {} = {}", output.name, shape(&output.shape))?;
        }
        Ok(())
    }
}

/// An operation with the names that its ids stand for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Show<'p> {
    pub(super) plan: &'p Plan,
    pub(super) operation: &'p Operation,
}

impl Show<'_> {
    fn part(&self, part: &Part) -> String {
        match part {
            Part::Literal(text) => text.to_string(),
            Part::Variable(id) => format!("{{{{{}}}}}", self.plan.variables[id.index()].name),
            Part::Input(id) => format!("{{{}}}", self.operation.inputs[id.index()].name),
            Part::Expression(id) => format!("{{{{ {} }}}}", self.plan.expressions.source(*id)),
            Part::Nested(inner) => format!("{} escaped twice", self.part(inner)),
        }
    }

    fn parts(&self, parts: &[Part]) -> String {
        parts.iter().map(|p| self.part(p)).collect()
    }

    pub(super) fn template(&self, template: &Template) -> String {
        self.parts(&template.parts)
    }

    fn path(&self, path: &[PathPart]) -> String {
        let text = |part: &PathPart| match part {
            PathPart::Literal(text) => text.to_string(),
            PathPart::Segment(segment) => self.parts(&segment.parts),
        };
        path.iter().map(text).collect()
    }

    fn url(&self) -> String {
        let request = &self.operation.request;
        let mut url = match &request.base {
            Base::Uri { scheme, authority, path } => format!("{scheme}://{}{}", self.parts(authority), self.path(path)),
            Base::Variable { variable, path } => {
                format!("{}{}", self.part(&Part::Variable(*variable)), self.path(path))
            }
            Base::Missing => "(no base URI)".to_owned(),
        };
        url.push_str(&self.path(&request.path));
        if !request.query_literal.is_empty() {
            let _ = write!(url, "?{}", self.path(&request.query_literal)); // a String takes all
        }
        url
    }

    fn source(&self, source: &Source) -> String {
        match source {
            Source::Input(id) => self.part(&Part::Input(*id)),
            Source::Template(template) => format!("\"{}\"", self.template(template)),
            Source::Json(node) => self.node(node),
        }
    }

    fn node(&self, node: &JsonNode) -> String {
        match node {
            JsonNode::Literal(text) => text.to_string(),
            JsonNode::Value(source) => self.source(source),
            JsonNode::Text(template) => format!("\"{}\"", self.template(template)),
            JsonNode::Array(items) => {
                let items: Vec<String> = items.iter().map(|i| self.node(i)).collect();
                format!("[{}]", items.join(", "))
            }
            JsonNode::Object(members) => format!("{{{}}}", self.members(members)),
            JsonNode::Extended(id, members) => {
                format!("{{...{}, {}}}", self.part(&Part::Input(*id)), self.members(members))
            }
        }
    }

    fn members(&self, members: &[(Box<str>, JsonNode)]) -> String {
        let members: Vec<String> = members.iter().map(|(k, n)| format!("{k}: {}", self.node(n))).collect();
        members.join(", ")
    }

    fn body(&self) -> Option<String> {
        Some(match &self.operation.request.body {
            Body::None => return None,
            Body::Whole(id) => format!("whole {}", self.part(&Part::Input(*id))),
            Body::Json(node) => format!("json {}", self.node(node)),
            Body::Form(fields) => {
                let fields: Vec<String> =
                    fields.iter().map(|field| format!("{}={}", field.name, self.source(&field.value))).collect();
                format!("form {}", fields.join("&"))
            }
            Body::FormText(template) => format!("form {}", self.template(template)),
            Body::Multipart(parts) => {
                let parts: Vec<String> =
                    parts.iter().map(|part| format!("{}={}", part.name, self.source(&part.value))).collect();
                format!("multipart {}", parts.join(", "))
            }
            Body::Text(template) => format!("text {}", self.template(template)),
            Body::Xml(template) => format!("xml {}", self.template(template)),
            Body::Sparql(template) => format!("sparql {}", self.template(template)),
        })
    }

    /// Credentials, variables by name.
    pub(super) fn credentials(&self, credentials: &[Credential]) -> String {
        let text = |credential: &Credential| match credential {
            Credential::Bearer(token) => format!("bearer {}", self.template(token)),
            Credential::Basic(user, password) => format!("basic {}:{}", self.template(user), self.template(password)),
            Credential::Header(name, value) => format!("header {name}: {}", self.template(value)),
            Credential::Query(name, value) => format!("query {name}={}", self.template(value)),
            Credential::Cookie(name, value) => format!("cookie {name}={}", self.template(value)),
        };
        credentials.iter().map(text).collect::<Vec<_>>().join(", ")
    }

    /// A proof by its kind and what tells one from another, secrets by their names.
    pub(super) fn proof(&self, proof: &Proof<Template>) -> String {
        let text = |template: &Template| self.template(template);
        match proof {
            Proof::Digest(digest) => format!("digest {}:{}", text(&digest.username), text(&digest.password)),
            Proof::OAuth2(oauth2) => self.oauth2(oauth2),
            Proof::OAuth1(oauth1) => {
                let (how, secret) = match &oauth1.signature {
                    OAuth1Signature::RsaSha256 { key } => ("RSA-SHA256", key),
                    OAuth1Signature::HmacSha1 { consumer_secret, .. } => ("HMAC-SHA1", consumer_secret),
                    OAuth1Signature::HmacSha256 { consumer_secret, .. } => ("HMAC-SHA256", consumer_secret),
                    OAuth1Signature::Plaintext { consumer_secret, .. } => ("PLAINTEXT", consumer_secret),
                };
                format!("oauth1 {how} of {} by {}", text(&oauth1.consumer_key), self.hidden(secret))
            }
            Proof::AwsSigV4(aws) => {
                let (region, service) = (text(&aws.region), text(&aws.service));
                format!("awsSigV4 of {} for {service} in {region}", text(&aws.access_key))
            }
        }
    }

    fn oauth2(&self, oauth2: &OAuth2<Template>) -> String {
        let grant = match &oauth2.grant {
            Grant::ClientCredentials => "client_credentials",
            Grant::RefreshToken(_) => "refresh_token",
            Grant::JwtBearer(_) => "jwt_bearer",
            Grant::TokenExchange { .. } => "token_exchange",
        };
        let client = oauth2.client.id.as_ref().map(|id| format!(" of {}", self.template(id))).unwrap_or_default();
        let server = match &oauth2.server {
            Server::Endpoint(endpoint) => self.template(endpoint),
            Server::Issuer(issuer) => format!("the issuer {}", self.template(issuer)),
        };
        format!("oauth2 {grant}{client} from {server}")
    }

    /// A secret by its name; one that is written out has none.
    fn hidden(&self, template: &Template) -> String {
        match template.as_literal() {
            Some(text) if !text.starts_with("file:") => "***".to_owned(),
            Some(_) | None => self.template(template),
        }
    }

    fn auth(&self) -> Option<String> {
        if let Some(id) = self.operation.inferred_bearer {
            return Some(format!("inferred bearer {}", self.part(&Part::Variable(id))));
        }
        match &self.operation.request.auth {
            Auth::None => None,
            Auth::Unsupported { kind, .. } => Some(format!("{kind}, unsupported")),
            Auth::Credentials(all) => Some(self.credentials(all)),
            Auth::Proof(proof) => Some(self.proof(proof)),
        }
    }

    fn decode(&self) -> &'static str {
        match &self.operation.outputs.decode {
            Decode::Whole => "whole",
            Decode::Project(_) => "in one pass",
            Decode::Tree(_) => "as a tree",
            Decode::Opaque => "as it is",
            Decode::Unreadable(_) => "by a schema that cannot be read",
        }
    }
}

fn shape(shape: &Shape) -> String {
    match shape {
        Shape::Path { path, kind, .. } => match kind {
            Some(kind) => format!("{path} as {kind}"),
            None => path.to_string(),
        },
        Shape::Constant(value) => value.to_string(),
        Shape::Object { path, members } => {
            let members: Vec<String> = members.iter().map(|(n, s)| format!("{n}: {}", self::shape(s))).collect();
            let at = path.as_ref().map(|p| format!("{p} ")).unwrap_or_default();
            format!("{at}{{{}}}", members.join(", "))
        }
        Shape::Array { path, items } => format!("{path} [{}]", self::shape(items)),
        Shape::Map { path, values } => format!("{path} {{*: {}}}", self::shape(values)),
    }
}
