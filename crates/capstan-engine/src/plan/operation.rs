//! An operation and the request that it sends.

use std::fmt;
use std::sync::Arc;

use capstan_spec::document::{Method, ValueType};
use capstan_spec::source::Span;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue};

use super::auth::{Auth, Tls};
use super::body::{Body, JsonNode};
use super::output::Outputs;
use super::pages::Pagination;
use super::policy::Policy;
use super::template::{InputId, Part, Template, VariableId};
use crate::upstream::Coding;

/// Names an operation of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperationId(pub(crate) u32);

impl OperationId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a parameter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The path.
    Path,
    /// The query.
    Query,
    /// A header.
    Header,
    /// A cookie.
    Cookie,
    /// The payload.
    Body,
    /// A field of a form.
    Form,
    /// The base URI.
    BaseUri,
    /// The credential.
    Authentication,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Place::Path => "path",
            Place::Query => "query",
            Place::Header => "header",
            Place::Cookie => "cookie",
            Place::Body => "body",
            Place::Form => "form",
            Place::BaseUri => "base URI",
            Place::Authentication => "authentication",
        })
    }
}

/// How a list is written into the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListStyle {
    /// The name is repeated.
    Repeat,
    /// The name is repeated with `[]` behind it.
    Brackets,
    /// The values stand in one, this character between them.
    Joined(char),
}

/// A consumed operation, compiled.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) id: OperationId,
    pub(crate) namespace: Arc<str>,
    pub(crate) resource: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) description: Option<Arc<str>>,
    pub(crate) base_written: Arc<str>,
    pub(crate) path_written: Arc<str>,
    pub(crate) span: Span,
    pub(crate) inputs: Vec<Input>,
    pub(crate) fixed: Vec<Fixed>,
    pub(crate) request: Request,
    pub(crate) outputs: Outputs,
    /// What the document says of a binary answer.
    pub(crate) binary: Binary,
    /// How its pages are followed, where it has pages.
    pub(crate) pagination: Option<Pagination>,
    /// What its calls do when the far side fails.
    pub(crate) policy: Policy,
    /// The variables it needs, by the part of the request that needs them.
    pub(crate) variables: Needs,
    /// The variable that is sent as a bearer token because nothing says how it is used.
    pub(crate) inferred_bearer: Option<VariableId>,
}

impl Input {
    /// Whether a caller may give it by this name.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        *self.name == *name || self.alias.as_deref() == Some(name)
    }
}

/// What the document says of a binary answer.
#[derive(Debug, Default)]
pub(crate) struct Binary {
    /// What it is.
    pub(crate) media_type: Option<Arc<str>>,
    /// Bytes that it has at most.
    pub(crate) bytes_max: Option<u64>,
}

/// What a caller gives.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) name: Arc<str>,
    /// A second name: that of the parameter whose template reads this input.
    pub(crate) alias: Option<Arc<str>>,
    pub(crate) kind: ValueType,
    pub(crate) item_kind: Option<ValueType>,
    pub(crate) required: bool,
    pub(crate) place: Place,
    pub(crate) description: Option<Arc<str>>,
    pub(crate) default: Option<serde_json::Value>,
    pub(crate) one_of: Vec<serde_json::Value>,
    pub(crate) pattern: Option<crate::pattern::Pattern>,
    pub(crate) max_length: Option<u64>,
    pub(crate) minimum: Option<f64>,
    pub(crate) maximum: Option<f64>,
    /// Whether the document declares it; otherwise a placeholder implies it.
    pub(crate) declared: bool,
    pub(crate) span: Span,
}

/// A parameter whose value the document fixes.
#[derive(Debug)]
pub(crate) struct Fixed {
    pub(crate) name: Arc<str>,
    pub(crate) place: Place,
    pub(crate) value: Source,
    pub(crate) description: Option<Arc<str>>,
}

/// Where a value comes from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// An input as it is.
    Input(InputId),
    /// A text with slots.
    Template(Template),
    /// A JSON value with slots.
    Json(Box<JsonNode>),
}

impl Source {
    /// The input that it is.
    pub(crate) fn as_input(&self) -> Option<InputId> {
        match self {
            Source::Input(id) => Some(*id),
            Source::Template(_) | Source::Json(_) => None,
        }
    }
}

/// The request of an operation.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) base: Base,
    /// The path behind the base URI, which begins with `/` or is empty.
    pub(crate) path: Vec<PathPart>,
    /// Encoded pairs that the path itself carries behind a `?`.
    pub(crate) query_literal: Vec<PathPart>,
    pub(crate) query: Vec<QueryParameter>,
    pub(crate) headers: Vec<HeaderParameter>,
    pub(crate) cookies: Vec<(Box<str>, Source)>,
    pub(crate) body: Body,
    pub(crate) compression: Option<Coding>,
    pub(crate) auth: Auth,
    pub(crate) tls: Option<Tls>,
    pub(crate) accept: HeaderValue,
}

/// The base URI.
#[derive(Clone, Debug)]
pub(crate) enum Base {
    /// A URI whose scheme is written.
    Uri {
        /// `http` or `https`.
        scheme: Box<str>,
        /// Host and port. Slots take host characters only.
        authority: Vec<Part>,
        /// The path, without its last slash.
        path: Vec<PathPart>,
    },
    /// A variable holds the URI up to the host at least.
    Variable {
        /// The variable.
        variable: VariableId,
        /// What stands behind it.
        path: Vec<PathPart>,
    },
    /// The document has none.
    Missing,
}

/// A part of a path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PathPart {
    /// Encoded text that stands for itself, slashes included.
    Literal(Box<str>),
    /// A segment with slots.
    Segment(Segment),
}

/// One path segment: between slashes, whatever the slots hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Segment {
    /// Its parts; literals are encoded.
    pub(crate) parts: Vec<Part>,
    /// Whether a slash in a value separates segments: `{key+}`.
    pub(crate) greedy: bool,
}

/// A parameter in the query. The name is encoded.
#[derive(Debug)]
pub(crate) struct QueryParameter {
    pub(crate) name: Box<str>,
    pub(crate) value: Source,
    pub(crate) style: ListStyle,
}

/// A parameter in a header.
#[derive(Debug)]
pub(crate) struct HeaderParameter {
    pub(crate) name: HeaderName,
    pub(crate) value: Source,
}

/// The variables that an operation needs. They are kept apart because a caller may replace the
/// base URI or the authentication, and then needs none of theirs.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    pub(crate) base: Vec<VariableId>,
    pub(crate) auth: Vec<VariableId>,
    pub(crate) rest: Vec<VariableId>,
}

impl Operation {
    /// The content type that the document fixes.
    pub(crate) fn content_type(&self) -> Option<&str> {
        let header = self.request.headers.iter().find(|header| header.name == CONTENT_TYPE)?;
        match &header.value {
            Source::Template(template) => template.as_literal(),
            Source::Input(_) | Source::Json(_) => None,
        }
    }
}

impl Needs {
    /// All of them, each once, sorted.
    pub(crate) fn all(&self) -> Vec<VariableId> {
        let mut all: Vec<VariableId> = self.base.iter().chain(&self.auth).chain(&self.rest).copied().collect();
        all.sort();
        all.dedup();
        all
    }
}
