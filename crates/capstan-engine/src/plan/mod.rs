//! The plan: what runs. Immutable, free of secrets, and printable.
//!
//! Everything that can be parsed has been parsed: URLs are pieces, templates are parts,
//! JSONPaths and patterns are compiled, names are ids.

mod auth;
mod body;
mod catalogue;
mod display;
mod find;
mod operation;
mod output;
mod pages;
mod policy;
mod template;

use std::sync::Arc;

use capstan_spec::source::{SourceMap, Span};

pub(crate) use auth::{Auth, Credential, Tls};
pub(crate) use body::{Body, Encoding, FormField, JsonNode, MultipartPart};
pub use catalogue::{Catalogue, FixedView, InputView, OperationView, OutputView, PaginationView};
pub(crate) use operation::{
    Base, Binary, Fixed, HeaderParameter, Input, Needs, Operation, PathPart, QueryParameter, Request, Segment, Source,
};
pub use operation::{ListStyle, OperationId, Place};
pub(crate) use output::{Decode, Output, Outputs, Shape};
pub(crate) use pages::{Advance, Pagination, folded};
pub use policy::Rate;
pub(crate) use policy::{Backoff, Breaker, Policy, Retry, Timeout};
pub(crate) use template::{ExpressionId, Expressions, InputId, Part, Template, VariableId};

/// A compiled capability.
#[derive(Debug)]
pub struct Plan {
    pub(crate) file: Arc<str>,
    pub(crate) title: Option<Arc<str>>,
    pub(crate) description: Option<Arc<str>>,
    pub(crate) variables: Vec<Variable>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) expressions: Expressions,
    pub(crate) sources: Arc<SourceMap>,
}

/// A variable whose value comes from outside the file.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    /// The name in placeholders, which is also its mask.
    pub(crate) name: Arc<str>,
    /// The namespace of its binding.
    pub(crate) namespace: Option<Arc<str>>,
    /// The key at the source.
    pub(crate) key: Arc<str>,
    /// The location of the source; `None` is the process environment.
    pub(crate) location: Option<(Arc<str>, Span)>,
    /// Where it is declared, or first used when nothing declares it.
    pub(crate) span: Span,
    /// Whether the file binds it.
    pub(crate) declared: bool,
}

impl Plan {
    /// The read-only view of the plan that adapters work from.
    pub fn catalogue(&self) -> Catalogue<'_> {
        Catalogue::new(self)
    }

    /// The name of the file it was compiled from, as the caller gave it.
    pub fn file(&self) -> &str {
        &self.file
    }

    pub(crate) fn operation(&self, id: OperationId) -> &Operation {
        &self.operations[id.index()]
    }

    /// `file:line:column` of a place in the files.
    pub(crate) fn locate(&self, span: Span) -> Option<String> {
        let (file, position) = self.sources.locate(span)?;
        Some(format!("{file}:{}:{}", position.line, position.column))
    }
}
