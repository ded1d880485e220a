//! An answer becomes outputs: bytes are read by their declared format into a tree, the tree is
//! looked into by the compiled paths of the outputs. Pure, and bounded in depth and weight.
//!
//! Each format has its reader, compiled at load with the schema, selector or descriptor that it
//! needs. What the JSON of a format looks like stands at the head of its file and in
//! `guide/formats.md`.

mod outputs;

mod extract;
mod notices;

mod malformed;
mod reader;
mod schema;

mod avro;
mod budget;
mod columns;
mod cursor;
mod delimited;
mod html;
mod json;
mod markdown;
mod protobuf;
mod text;
mod xml;
mod yaml;

#[cfg(test)]
mod tests;

pub(crate) use extract::described;
pub use malformed::{Malformed, Place};
pub(crate) use notices::Notices;
pub(crate) use outputs::{decode, decode_page};
pub use reader::Reader;
pub use schema::{SchemaError, SchemaFolder};
