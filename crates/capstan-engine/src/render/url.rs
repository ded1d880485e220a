//! The URL: base URI, path and query.

use std::borrow::Cow;

use serde_json::Value;

use super::{Misfit, PartText, Renderer, Reveal};
use crate::encode;
use crate::plan::{Base, InputId, ListStyle, Part, PathPart, QueryParameter, Segment, Source, VariableId};
use crate::value::{Slots, as_text};

const HOST_ONLY: &str = "is a part of the host: letters, digits, `-` and `.` only";
const NO_DOTS: &str = "must not be `.` or `..`: that would lead to another endpoint";

impl<'a> Renderer<'a> {
    pub(super) fn base(&mut self) {
        if let Some(base) = &self.context.overrides.base {
            self.url.push_str(base.text(self.context.reveal));
            return;
        }
        match &self.context.operation.request.base {
            Base::Uri { scheme, authority, path } => {
                let had_credential = self.has_credential;
                self.url.push_str(scheme);
                self.url.push_str("://");
                let from = self.url.len();
                authority
                    .iter()
                    .enumerate()
                    .for_each(|(i, part)| self.authority_part(part, from, i + 1 == authority.len()));
                // Where a request goes is no credential, though it may be bound like one.
                self.has_credential = had_credential;
                self.open_host = open_host(authority);
                self.path(path);
            }
            Base::Variable { variable, path } => {
                self.variable_base(*variable);
                self.has_credential = false;
                self.path(path);
            }
            Base::Missing => self.misfits.push(Misfit::NoBase),
        }
    }

    /// Writes a part of host and port. A slot takes host characters only, so that no value can
    /// end the host. One exception: the last slot behind a written host may begin with `/` and be
    /// the path (`https://api.example.com{basePath}`), which moves nothing.
    pub(super) fn authority_part(&mut self, part: &'a Part, from: usize, is_last: bool) {
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
        match part.slot() {
            Part::Variable(id) => self.misfits.push(Misfit::Variable(*id, HOST_ONLY)),
            Part::Input(id) => {
                let name = self.context.operation.inputs[id.index()].name.clone();
                self.misfits.push(Misfit::Parameter(format!("`{name}` {HOST_ONLY}")));
            }
            Part::Literal(_) | Part::Expression(_) | Part::Nested(_) => {
                self.misfits.push(Misfit::Parameter(format!("a placeholder of the base URI {HOST_ONLY}")));
            }
        }
    }

    /// Writes a path from a value; `false` when it leads out of itself.
    pub(super) fn base_path(&mut self, value: &str) -> bool {
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
    pub(super) fn variable_base(&mut self, id: VariableId) {
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

    pub(super) fn path(&mut self, parts: &'a [PathPart]) {
        for part in parts {
            match part {
                PathPart::Literal(text) => self.url.push_str(text),
                PathPart::Segment(segment) => self.segment(segment),
            }
        }
    }

    /// Writes a segment. What fills it stays one segment, is not empty, and is no dot segment:
    /// `.` and `..` mean the same to a URL parser however they are encoded.
    pub(super) fn segment(&mut self, segment: &'a Segment) {
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

    pub(super) fn segment_misfit(&mut self, segment: &Segment, why: &'static str) {
        let misfit = segment.parts.iter().find_map(|part| match part.slot() {
            Part::Input(id) => {
                Some(Misfit::Parameter(format!("`{}` {why}", self.context.operation.inputs[id.index()].name)))
            }
            Part::Variable(id) => Some(Misfit::Variable(*id, why)),
            Part::Literal(_) | Part::Expression(_) | Part::Nested(_) => None,
        });
        self.misfits.push(misfit.unwrap_or_else(|| Misfit::Parameter(format!("a segment of the path {why}"))));
    }

    pub(super) fn separator(&mut self) {
        self.url.push(if self.has_query { '&' } else { '?' });
        self.has_query = true;
    }

    pub(super) fn queries(&mut self) {
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
            self.has_credential |= value.is_secret();
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

    pub(super) fn query(&mut self, parameter: &'a QueryParameter) {
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
                let present = self.write_encoded(&mut value, template, encode::component);
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

    pub(super) fn query_value(&mut self, parameter: &QueryParameter, value: &Value) {
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

    pub(super) fn pair(&mut self, name: &str, value: &str) {
        self.separator();
        self.url.push_str(name);
        self.url.push('=');
        encode::component(&mut self.url, value);
    }

    pub(super) fn encoded_pair(&mut self, name: &str, value: &str) {
        self.separator();
        self.url.push_str(name);
        self.url.push('=');
        self.url.push_str(value);
    }
}

/// The input, or expression, that decides where a request goes: it fills the last label of the host, so that
/// its value can name any machine.
fn open_host(authority: &[Part]) -> Option<Option<InputId>> {
    let host_end = authority.iter().position(|p| matches!(p, Part::Literal(text) if text.contains(':')));
    let host = &authority[..host_end.unwrap_or(authority.len())];
    let closing = host_end.is_some_and(|end| matches!(&authority[end], Part::Literal(text) if !text.starts_with(':')));
    match host.last()?.slot() {
        Part::Input(id) if !closing => Some(Some(*id)),
        Part::Expression(_) if !closing => Some(None),
        Part::Input(_) | Part::Variable(_) | Part::Expression(_) | Part::Literal(_) | Part::Nested(_) => None,
    }
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
