//! A plan and slots become a request. No await, no parsing; nothing here can reach the network.
//!
//! Every value is written by the encoder of its place. What no encoding can make harmless is a
//! misfit: all misfits of a request are found before any is reported.

mod body;
mod headers;
mod multipart;
mod url;

use std::borrow::Cow;

use http::header::CONTENT_ENCODING;
use http::{HeaderName, HeaderValue};
use serde_json::Value;

use crate::attachment::Attachment;
use crate::auth::{Proof, TlsTexts};
use crate::bindings::Secret;
use crate::encode;
use crate::overrides::BoundOverrides;
use crate::plan::{InputId, Operation, Part, Plan, Source, Template, VariableId};
use crate::upstream;
use crate::value::{Slots, as_text};
pub(crate) use url::BaseText;

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
    /// The files, input by input; empty where there is none at all.
    pub(crate) files: &'a [Vec<Attachment>],
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
    /// A parameter chooses the machine that a credential would go to.
    OpenHost(Option<InputId>),
    /// The authentication cannot be sent yet.
    Unsupported(&'static str, capstan_spec::source::Span),
}

/// A rendered request, and what must be known before it is sent.
pub(crate) struct Rendered {
    pub(crate) request: upstream::Request,
    /// Whether a credential is in it, or will be.
    pub(crate) has_credential: bool,
    /// The proof that is made when it is sent.
    pub(crate) proof: Option<Proof<Secret>>,
    /// How its connection is made safe.
    pub(crate) tls: Option<TlsTexts>,
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
        proof: None,
        last_variable: None,
        open_host: None,
        misfits: Vec::new(),
    };
    renderer.base();
    renderer.path(&context.operation.request.path);
    renderer.queries();
    renderer.header_parameters();
    renderer.authentication();
    renderer.override_headers();
    renderer.cookie_header();
    let tls = renderer.tls();
    let body = renderer.body();
    renderer.defaults();
    if let Some(input) = renderer.open_host.filter(|_| renderer.has_credential) {
        renderer.misfits.push(Misfit::OpenHost(input));
    }
    if !renderer.misfits.is_empty() {
        return Err(renderer.misfits);
    }
    let method =
        http::Method::from_bytes(context.operation.request.method.as_str().as_bytes()).unwrap_or(http::Method::GET);
    let connection = upstream::Connection::default();
    let request = upstream::Request { method, url: renderer.url, headers: renderer.headers, body, connection };
    // What the caller sets is the caller's: nothing takes its place.
    let is_set = context.overrides.headers.iter().any(|(name, _)| *name == http::header::AUTHORIZATION);
    let proof = renderer.proof.filter(|_| !is_set);
    Ok(Rendered { request, has_credential: renderer.has_credential, proof, tls })
}

struct Renderer<'a> {
    context: &'a Context<'a>,
    slots: &'a Slots,
    url: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    cookies: String,
    has_query: bool,
    has_credential: bool,
    proof: Option<Proof<Secret>>,
    /// The variable that was written last: to blame for what its text breaks.
    last_variable: Option<VariableId>,
    /// What decides where the request goes, where the caller does: an input, or an expression.
    open_host: Option<Option<InputId>>,
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
            Part::Variable(id) => {
                self.has_credential = true;
                self.last_variable = Some(*id);
                self.variable(*id)
            }
            Part::Nested(inner) => match self.text(inner) {
                PartText::Value(value) => {
                    let mut escaped = String::with_capacity(value.len());
                    encode::json_text(&mut escaped, &value);
                    PartText::Value(escaped.into())
                }
                other => other,
            },
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
            let local = name.rsplit('.').next().unwrap_or(&name);
            let variables = operation.variables.all();
            self.has_credential |= variables.iter().any(|v| *self.context.plan.variables[v.index()].name == *local);
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

    /// Writes a template where the author's text is encoded like a value; `false` when an optional
    /// input is absent.
    fn write_encoded(&mut self, out: &mut String, template: &'a Template, encode: fn(&mut String, &str)) -> bool {
        let mut present = true;
        for part in &template.parts {
            match self.text(part) {
                PartText::Literal(text) => encode(out, text),
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
        template.parts.iter().any(|p| matches!(p.slot(), Part::Variable(_) | Part::Expression(_)))
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

    fn body(&mut self) -> Option<upstream::Payload> {
        let request = &self.context.operation.request;
        let payload = body::write(self, &request.body)?;
        let coding = self.context.overrides.compression.or(request.compression);
        let Some(coding) = coding.filter(|_| !self.has_header(&CONTENT_ENCODING)) else { return Some(payload) };
        self.headers.push((CONTENT_ENCODING, coding.name()));
        Some(payload.coded(coding))
    }

    /// The files that an input is.
    fn attachments(&self, id: InputId) -> &'a [Attachment] {
        self.context.files.get(id.index()).map_or(&[], Vec::as_slice)
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
