//! A plan and slots become a request. No await, no parsing; nothing here can reach the network.
//!
//! Every value is written by the encoder of its place. What no encoding can make harmless is a
//! misfit: all misfits of a request are found before any is reported.

mod body;
mod multipart;

use std::borrow::Cow;

use base64::Engine as _;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, COOKIE, USER_AGENT};
use http::{HeaderName, HeaderValue};
use serde_json::Value;

use crate::bindings::Secret;
use crate::encode;
use crate::overrides::BoundOverrides;
use crate::plan::{
    Auth, Base, Credential, ListStyle, Operation, Part, PathPart, Plan, QueryParameter, Segment, Source, Template,
    VariableId,
};
use crate::upstream;
use crate::value::{Slots, as_text};

/// Whether secrets are written as they are, or as their masks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reveal {
    /// As they are: for sending.
    Secret,
    /// As `{{NAME}}`: for showing.
    Masked,
}

/// All that a request is rendered from.
pub(crate) struct Context<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) operation: &'a Operation,
    pub(crate) variables: &'a [Option<Secret>],
    pub(crate) overrides: &'a BoundOverrides,
    pub(crate) inferred_auth: bool,
    pub(crate) user_agent: &'a HeaderValue,
    pub(crate) reveal: Reveal,
}

/// What no encoding can make harmless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// A parameter's value.
    Parameter(String),
    /// A variable's value, which is not shown.
    Variable(VariableId, &'static str),
    /// The operation has no base URI.
    NoBase,
    /// The authentication cannot be sent yet.
    Unsupported(&'static str, capstan_spec::source::Span),
}

/// A rendered request, and what must be known before it is sent.
pub(crate) struct Rendered {
    pub(crate) request: upstream::Request,
    /// Whether a credential is in it.
    pub(crate) has_credential: bool,
}

/// Renders a request.
pub(crate) fn render(context: &Context<'_>, slots: &Slots) -> Result<Rendered, Vec<Misfit>> {
    let mut renderer = Renderer {
        context,
        slots,
        url: String::with_capacity(160),
        headers: Vec::with_capacity(6),
        cookies: String::new(),
        has_query: false,
        has_credential: false,
        misfits: Vec::new(),
    };
    renderer.base();
    renderer.path(&context.operation.request.path);
    renderer.queries();
    renderer.header_parameters();
    renderer.authentication();
    renderer.override_headers();
    renderer.cookie_header();
    let body = renderer.body();
    renderer.defaults();
    if !renderer.misfits.is_empty() {
        return Err(renderer.misfits);
    }
    let method =
        http::Method::from_bytes(context.operation.request.method.as_str().as_bytes()).unwrap_or(http::Method::GET);
    let request = upstream::Request { method, url: renderer.url, headers: renderer.headers, body };
    Ok(Rendered { request, has_credential: renderer.has_credential })
}

struct Renderer<'a> {
    context: &'a Context<'a>,
    slots: &'a Slots,
    url: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    cookies: String,
    has_query: bool,
    has_credential: bool,
    misfits: Vec<Misfit>,
}

/// The text of a part, before it is encoded.
enum PartText<'a> {
    /// Text of the document, encoded already where its place wants that.
    Literal(&'a str),
    /// A value, to be encoded.
    Value(Cow<'a, str>),
    /// A mask, written as it is.
    Mask(String),
    /// An absent optional input.
    Absent,
}

impl<'a> Renderer<'a> {
    /// The text of a part. A variable without a value renders as its mask: the caller has
    /// refused to go on already, or wants it so.
    fn text(&mut self, part: &'a Part) -> PartText<'a> {
        match part {
            Part::Literal(text) => PartText::Literal(text),
            Part::Variable(id) => self.variable(*id),
            Part::Input(id) => match &self.slots[id.index()] {
                Some(value) => PartText::Value(as_text(value)),
                None => PartText::Absent,
            },
            Part::Expression(id) => self.expression(*id),
        }
    }

    fn variable(&self, id: VariableId) -> PartText<'a> {
        match (&self.context.variables[id.index()], self.context.reveal) {
            (Some(secret), Reveal::Secret) => PartText::Value(secret.expose().into()),
            (Some(_), Reveal::Masked) | (None, _) => PartText::Mask(self.mask(id)),
        }
    }

    fn mask(&self, id: VariableId) -> String {
        format!("{{{{{}}}}}", self.context.plan.variables[id.index()].name)
    }

    fn expression(&mut self, id: crate::plan::ExpressionId) -> PartText<'a> {
        let operation = self.context.operation;
        let mut values = std::collections::BTreeMap::new();
        for (input, slot) in operation.inputs.iter().zip(self.slots) {
            if let Some(value) = slot {
                values.insert(input.name.to_string(), expression_value(value));
            }
        }
        for id in operation.variables.all() {
            let name = self.context.plan.variables[id.index()].name.to_string();
            let text = match self.variable(id) {
                PartText::Value(text) => text.into_owned(),
                PartText::Mask(mask) => mask,
                PartText::Literal(_) | PartText::Absent => continue,
            };
            values.insert(name, text.into());
        }
        let mut names: std::collections::BTreeMap<String, minijinja::Value> = values.clone();
        for name in self.context.plan.expressions.names(id) {
            if let Some((namespace, _)) = name.split_once('.') {
                names.insert(namespace.to_owned(), minijinja::Value::from_pairs(values.clone()));
            }
        }
        match self.context.plan.expressions.evaluate(id, minijinja::Value::from_pairs(names)) {
            Ok(text) => PartText::Value(text.into()),
            Err(error) => {
                let source = self.context.plan.expressions.source(id);
                self.misfits.push(Misfit::Parameter(format!("`{{{{{source}}}}}` cannot be evaluated: {error}")));
                PartText::Absent
            }
        }
    }

    /// Writes a template with an encoder for its values; `false` when an optional input is absent.
    fn write(&mut self, out: &mut String, template: &'a Template, encode: fn(&mut String, &str)) -> bool {
        let mut present = true;
        for part in &template.parts {
            match self.text(part) {
                PartText::Literal(text) => out.push_str(text),
                PartText::Value(value) => encode(out, &value),
                PartText::Mask(mask) => out.push_str(&mask),
                PartText::Absent => present = false,
            }
        }
        present
    }

    /// A template as plain text; `None` when an optional input is absent.
    fn plain(&mut self, template: &'a Template) -> Option<Cow<'a, str>> {
        if let Some(text) = template.as_literal() {
            return Some(text.into());
        }
        let mut out = String::new();
        self.write(&mut out, template, String::push_str).then_some(Cow::Owned(out))
    }

    fn is_tainted(template: &Template) -> bool {
        template.parts.iter().any(|p| matches!(p, Part::Variable(_) | Part::Expression(_)))
    }

    fn base(&mut self) {
        if let Some(base) = &self.context.overrides.base {
            self.url.push_str(base.text(self.context.reveal));
            return;
        }
        match &self.context.operation.request.base {
            Base::Uri { scheme, authority, path } => {
                self.url.push_str(scheme);
                self.url.push_str("://");
                let from = self.url.len();
                authority
                    .iter()
                    .enumerate()
                    .for_each(|(i, part)| self.authority_part(part, from, i + 1 == authority.len()));
                self.path(path);
            }
            Base::Variable { variable, path } => {
                self.variable_base(*variable);
                self.path(path);
            }
            Base::Missing => self.misfits.push(Misfit::NoBase),
        }
    }

    /// Writes a part of host and port. A slot takes host characters only, so that no value can
    /// end the host. One exception: the last slot behind a written host may begin with `/` and be
    /// the path (`https://api.example.com{basePath}`), which moves nothing.
    fn authority_part(&mut self, part: &'a Part, from: usize, is_last: bool) {
        let value = match self.text(part) {
            PartText::Literal(text) => return self.url.push_str(text),
            PartText::Mask(mask) => return self.url.push_str(&mask),
            PartText::Absent => return,
            PartText::Value(value) => value,
        };
        let behind_host = self.url[from..].ends_with(|c: char| c.is_ascii_alphanumeric());
        if is_last && behind_host && value.starts_with('/') && self.base_path(&value) {
            return;
        }
        if encode::is_host(&value) {
            return self.url.push_str(&value);
        }
        match part {
            Part::Variable(id) => self.misfits.push(Misfit::Variable(*id, HOST_ONLY)),
            Part::Input(id) => {
                let name = self.context.operation.inputs[id.index()].name.clone();
                self.misfits.push(Misfit::Parameter(format!("`{name}` {HOST_ONLY}")));
            }
            Part::Literal(_) | Part::Expression(_) => {
                self.misfits.push(Misfit::Parameter(format!("a placeholder of the base URI {HOST_ONLY}")));
            }
        }
    }

    /// Writes a path from a value; `false` when it leads out of itself.
    fn base_path(&mut self, value: &str) -> bool {
        let segments: Vec<&str> = value.trim_end_matches('/').split('/').skip(1).collect();
        if segments.iter().any(|s| matches!(*s, "" | "." | "..")) {
            return false;
        }
        for segment in segments {
            self.url.push('/');
            encode::component(&mut self.url, segment);
        }
        true
    }

    /// Writes a base URI that a variable holds.
    fn variable_base(&mut self, id: VariableId) {
        let value = match self.variable(id) {
            PartText::Value(value) => value,
            PartText::Mask(mask) => return self.url.push_str(&mask),
            PartText::Literal(_) | PartText::Absent => return,
        };
        match BaseText::parse(&value) {
            Some(base) => self.url.push_str(&base.0),
            None => self.misfits.push(Misfit::Variable(id, "must be a base URI, `https://host/path`")),
        }
    }

    fn path(&mut self, parts: &'a [PathPart]) {
        for part in parts {
            match part {
                PathPart::Literal(text) => self.url.push_str(text),
                PathPart::Segment(segment) => self.segment(segment),
            }
        }
    }

    /// Writes a segment. What fills it stays one segment, is not empty, and is no dot segment:
    /// `.` and `..` mean the same to a URL parser however they are encoded.
    fn segment(&mut self, segment: &'a Segment) {
        let from = self.url.len();
        for part in &segment.parts {
            match self.text(part) {
                PartText::Literal(text) => self.url.push_str(text),
                PartText::Mask(mask) => self.url.push_str(&mask),
                PartText::Absent => {}
                PartText::Value(value) if segment.greedy => {
                    for (i, piece) in value.split('/').enumerate() {
                        if i > 0 {
                            self.url.push('/');
                        }
                        encode::component(&mut self.url, piece);
                    }
                }
                PartText::Value(value) => encode::component(&mut self.url, &value),
            }
        }
        let written = &self.url[from..];
        let bad = match written {
            "" => Some("must not be empty: it is a part of the path"),
            _ if segment.greedy && written.split('/').any(|s| matches!(s, "." | "..")) => Some(NO_DOTS),
            "." | ".." => Some(NO_DOTS),
            _ => None,
        };
        if let Some(why) = bad {
            self.segment_misfit(segment, why);
        }
    }

    fn segment_misfit(&mut self, segment: &Segment, why: &'static str) {
        let misfit = segment.parts.iter().find_map(|part| match part {
            Part::Input(id) => {
                Some(Misfit::Parameter(format!("`{}` {why}", self.context.operation.inputs[id.index()].name)))
            }
            Part::Variable(id) => Some(Misfit::Variable(*id, why)),
            Part::Literal(_) | Part::Expression(_) => None,
        });
        self.misfits.push(misfit.unwrap_or_else(|| Misfit::Parameter(format!("a segment of the path {why}"))));
    }

    fn separator(&mut self) {
        self.url.push(if self.has_query { '&' } else { '?' });
        self.has_query = true;
    }

    fn queries(&mut self) {
        let request = &self.context.operation.request;
        if !request.query_literal.is_empty() {
            self.separator();
            for part in &request.query_literal {
                match part {
                    PathPart::Literal(text) => self.url.push_str(text),
                    PathPart::Segment(segment) => {
                        for part in &segment.parts {
                            match self.text(part) {
                                PartText::Literal(text) => self.url.push_str(text),
                                PartText::Mask(mask) => self.url.push_str(&mask),
                                PartText::Value(value) => encode::component(&mut self.url, &value),
                                PartText::Absent => {}
                            }
                        }
                    }
                }
            }
        }
        for parameter in &request.query {
            if !self.context.overrides.has_query(&parameter.name) {
                self.query(parameter);
            }
        }
        for (name, value) in &self.context.overrides.queries {
            self.separator();
            self.url.push_str(name);
            self.url.push('=');
            let text = value.text(self.context.reveal);
            if self.context.reveal == Reveal::Masked && value.is_secret() {
                self.url.push_str(text);
            } else {
                encode::component(&mut self.url, text);
            }
        }
    }

    fn query(&mut self, parameter: &'a QueryParameter) {
        match &parameter.value {
            Source::Input(id) => {
                let slots: &'a Slots = self.slots;
                if let Some(value) = &slots[id.index()] {
                    self.query_value(parameter, value);
                }
            }
            Source::Template(template) => {
                let from = self.url.len();
                let had_query = self.has_query;
                self.separator();
                self.url.push_str(&parameter.name);
                self.url.push('=');
                let mut value = std::mem::take(&mut self.url);
                let mark = value.len();
                let present = self.write_query(&mut value, template);
                let empty = value.len() == mark && template.as_literal().is_none();
                self.url = value;
                self.has_credential |= Self::is_tainted(template);
                if !present || empty {
                    self.url.truncate(from);
                    self.has_query = had_query;
                }
            }
            Source::Json(node) => {
                let mut text = String::new();
                if self.node(&mut text, node) {
                    self.pair(&parameter.name, &text);
                }
            }
        }
    }

    /// Writes a template into the query: its literals are the author's text, and encoded too.
    fn write_query(&mut self, out: &mut String, template: &'a Template) -> bool {
        let mut present = true;
        for part in &template.parts {
            match self.text(part) {
                PartText::Literal(text) => encode::component(out, text),
                PartText::Value(value) => encode::component(out, &value),
                PartText::Mask(mask) => out.push_str(&mask),
                PartText::Absent => present = false,
            }
        }
        present
    }

    fn query_value(&mut self, parameter: &QueryParameter, value: &Value) {
        match (value, parameter.style) {
            (Value::Null, _) => {}
            (Value::Array(items), ListStyle::Joined(mark)) => {
                if !items.is_empty() {
                    let items: Vec<Cow<'_, str>> = items.iter().map(as_text).collect();
                    let mut out = String::new();
                    for (i, item) in items.iter().enumerate() {
                        if i > 0 {
                            // The separator stays readable; a mark inside a value is encoded.
                            if mark == ',' {
                                out.push(',')
                            } else {
                                encode::component(&mut out, mark.encode_utf8(&mut [0; 4]))
                            }
                        }
                        encode::component(&mut out, item);
                    }
                    self.encoded_pair(&parameter.name, &out);
                }
            }
            (Value::Array(items), ListStyle::Repeat) => {
                items.iter().for_each(|item| self.pair(&parameter.name, &as_text(item)));
            }
            (Value::Array(items), ListStyle::Brackets) => {
                let name = format!("{}%5B%5D", parameter.name);
                items.iter().for_each(|item| self.pair(&name, &as_text(item)));
            }
            (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_), _) => {
                self.pair(&parameter.name, &as_text(value));
            }
        }
    }

    fn pair(&mut self, name: &str, value: &str) {
        self.separator();
        self.url.push_str(name);
        self.url.push('=');
        encode::component(&mut self.url, value);
    }

    fn encoded_pair(&mut self, name: &str, value: &str) {
        self.separator();
        self.url.push_str(name);
        self.url.push('=');
        self.url.push_str(value);
    }

    fn header_parameters(&mut self) {
        let request = &self.context.operation.request;
        for parameter in &request.headers {
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

    /// The text of a source, and whether a secret is in it; `None` when it is absent.
    fn source_text(&mut self, source: &'a Source) -> Option<(Cow<'a, str>, bool)> {
        match source {
            Source::Input(id) => {
                let slots: &'a Slots = self.slots;
                match slots[id.index()].as_ref()? {
                    Value::Null => None,
                    Value::Array(items) => {
                        let items: Vec<Cow<'_, str>> = items.iter().map(as_text).collect();
                        Some((items.join(",").into(), false))
                    }
                    value => Some((as_text(value), false)),
                }
            }
            Source::Template(template) => {
                let text = self.plain(template)?;
                Some((text, Self::is_tainted(template)))
            }
            Source::Json(node) => {
                let mut out = String::new();
                self.node(&mut out, node).then_some((out.into(), false))
            }
        }
    }

    /// Sets a header. A control character would end it and begin another: it is refused.
    fn header(&mut self, name: HeaderName, value: &str, sensitive: bool) {
        match HeaderValue::from_bytes(value.trim_matches([' ', '\t']).as_bytes()) {
            Ok(mut header) => {
                header.set_sensitive(sensitive);
                self.has_credential |= sensitive;
                self.headers.retain(|(n, _)| *n != name);
                self.headers.push((name, header));
            }
            Err(_) => self.misfits.push(Misfit::Parameter(format!(
                "the value of the header `{name}` has a line break or another control character"
            ))),
        }
    }

    fn cookie(&mut self, name: &str, value: &str, sensitive: bool) {
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

    fn cookie_header(&mut self) {
        if !self.cookies.is_empty() {
            let cookies = std::mem::take(&mut self.cookies);
            self.header(COOKIE, &cookies, true);
        }
    }

    fn override_headers(&mut self) {
        for (name, value) in &self.context.overrides.headers {
            let sensitive = value.is_secret() || is_credential_header(name);
            self.header(name.clone(), value.text(self.context.reveal), sensitive);
        }
    }

    fn has_header(&self, name: &HeaderName) -> bool {
        self.headers.iter().any(|(n, _)| n == name)
    }

    fn authentication(&mut self) {
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
            Auth::Unsupported { kind, span } => self.misfits.push(Misfit::Unsupported(kind, *span)),
        }
    }

    fn credential(&mut self, credential: &'a Credential) {
        match credential {
            Credential::Bearer(token) => {
                if let Some(token) = self.plain(token).filter(|_| !self.has_header(&AUTHORIZATION)) {
                    self.bearer(&token);
                }
            }
            Credential::Basic(username, password) => {
                if let (Some(username), Some(password)) = (self.plain(username), self.plain(password))
                    && !self.has_header(&AUTHORIZATION)
                {
                    self.basic(&username, &password);
                }
            }
            Credential::Header(name, value) => {
                if let Some(value) = self.plain(value).filter(|_| !self.has_header(name)) {
                    self.header(name.clone(), &value, true);
                }
            }
            Credential::Query(name, value) => {
                self.separator();
                self.url.push_str(name);
                self.url.push('=');
                let mut url = std::mem::take(&mut self.url);
                self.write_query(&mut url, value);
                self.url = url;
                self.has_credential = true;
            }
            Credential::Cookie(name, value) => {
                if let Some(value) = self.plain(value) {
                    self.cookie(name, &value, true);
                }
            }
        }
    }

    fn override_credential(&mut self, credential: crate::overrides::ShownCredential<'_>) {
        use crate::overrides::ShownCredential;
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
    fn bearer(&mut self, token: &str) {
        let token = token.trim();
        let bare = match token.get(..7) {
            Some(scheme) if scheme.eq_ignore_ascii_case("bearer ") => token[7..].trim_start(),
            Some(_) | None => token,
        };
        self.header(AUTHORIZATION, &format!("Bearer {bare}"), true);
    }

    fn basic(&mut self, username: &str, password: &str) {
        let pair = format!("{username}:{password}");
        let text = match self.context.reveal {
            Reveal::Secret => base64::engine::general_purpose::STANDARD.encode(pair),
            Reveal::Masked => pair,
        };
        self.header(AUTHORIZATION, &format!("Basic {text}"), true);
    }

    fn defaults(&mut self) {
        if !self.has_header(&ACCEPT) {
            self.headers.push((ACCEPT, self.context.operation.request.accept.clone()));
        }
        if !self.has_header(&USER_AGENT) {
            self.headers.push((USER_AGENT, self.context.user_agent.clone()));
        }
    }

    fn body(&mut self) -> Option<Bytes> {
        body::write(self, &self.context.operation.request.body)
    }
}

/// A value as expressions read it.
fn expression_value(value: &Value) -> minijinja::Value {
    match value {
        Value::Null => minijinja::Value::from(()),
        Value::Bool(value) => (*value).into(),
        Value::String(text) => text.as_str().into(),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(int), _, _) => int.into(),
            (None, Some(int), _) => int.into(),
            (None, None, float) => float.unwrap_or(f64::NAN).into(),
        },
        Value::Array(items) => items.iter().map(expression_value).collect(),
        Value::Object(members) => {
            minijinja::Value::from_pairs(members.iter().map(|(k, v)| (k.as_str(), expression_value(v))))
        }
    }
}

const HOST_ONLY: &str = "is a part of the host: letters, digits, `-` and `.` only";
const NO_DOTS: &str = "must not be `.` or `..`: that would lead to another endpoint";

/// Whether a header carries a credential whatever its value.
fn is_credential_header(name: &HeaderName) -> bool {
    matches!(name.as_str(), "authorization" | "proxy-authorization" | "cookie")
}

/// A base URI, checked and without its last slash.
pub(crate) struct BaseText(pub(crate) String);

impl BaseText {
    /// Takes `http(s)://host[:port][/path]`, and nothing that says more.
    pub(crate) fn parse(text: &str) -> Option<BaseText> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        if !matches!(scheme.as_str(), "http" | "https") {
            return None;
        }
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let path = path.trim_end_matches('/');
        let is_path = path.split('/').all(|s| !matches!(s, "." | "..")) && !path.contains(['?', '#', '\\']);
        let plain = encode::is_authority(authority) && is_path && !path.contains("//");
        plain.then(|| BaseText(format!("{scheme}://{authority}{}", encode::path_literal(path))))
    }
}
