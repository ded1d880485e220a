//! What of an answer is kept.

use std::sync::Arc;

use capstan_spec::document::{RawFormat, ValueType};
use capstan_spec::source::Span;

use crate::decode::{Reader, SchemaError};
use crate::jsonpath::{JsonPath, Projection};

/// The outputs of an operation and how the answer is read for them.
#[derive(Debug)]
pub(crate) struct Outputs {
    /// The declared format.
    pub(crate) format: RawFormat,
    /// How the answer is read.
    pub(crate) decode: Decode,
    /// The outputs; empty means the body itself.
    pub(crate) outputs: Vec<Output>,
}

/// How an answer is read, chosen from the outputs.
#[derive(Debug)]
pub(crate) enum Decode {
    /// Every output is the whole body: it is checked and passed through, no tree is built.
    Whole,
    /// Every output is at one place of its own: one pass over the text picks them.
    Project(Projection),
    /// A tree is built.
    Tree(Reader),
    /// The body is handed on as bytes.
    Opaque,
    /// The schema cannot be read, so the operation cannot be called.
    Unreadable(SchemaError),
}

impl Decode {
    /// Whether a list of one comes as its element, and an empty list not at all.
    pub(crate) fn lone_is_list(&self) -> bool {
        match self {
            Decode::Tree(reader) => reader.lone_is_list(),
            Decode::Whole | Decode::Project(_) | Decode::Opaque | Decode::Unreadable(_) => false,
        }
    }
}

/// A named output.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) name: Arc<str>,
    pub(crate) shape: Shape,
    pub(crate) span: Span,
}

/// What an output is made of.
#[derive(Debug)]
pub(crate) enum Shape {
    /// What a path finds.
    Path { path: JsonPath, kind: Option<ValueType>, max_length: Option<usize> },
    /// A fixed value.
    Constant(serde_json::Value),
    /// An object of further outputs, relative to what the path finds.
    Object { path: Option<JsonPath>, members: Vec<(Arc<str>, Shape)> },
    /// A list of further outputs, relative to the elements of what the path finds.
    Array { path: JsonPath, items: Box<Shape> },
    /// A map of further outputs, relative to the values of what the path finds.
    Map { path: JsonPath, values: Box<Shape> },
}
