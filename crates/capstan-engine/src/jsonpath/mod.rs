//! JSONPath (RFC 9535): a text is compiled once and applied often.
//!
//! The text is parsed by `jsonpath-rust`; its model is checked and lowered into a form of our own
//! (`query`), which `walk` and `filter` evaluate without allocating per node. Spellings that are
//! older than the standard are rewritten first (`legacy`). `project` reads wanted members from a
//! JSON text without building the rest. Nothing here knows of capabilities.
//!
//! ```
//! use capstan_engine::jsonpath::JsonPath;
//! use serde_json::json;
//!
//! let path = JsonPath::compile("$.users[*].name")?;
//! let document = json!({"users": [{"name": "Ada"}, {"name": "Grace"}]});
//! assert_eq!(path.nodes(&document), [&json!("Ada"), &json!("Grace")]);
//! assert_eq!(path.select(&document).to_value(), Some(json!(["Ada", "Grace"])));
//! # Ok::<(), capstan_engine::jsonpath::JsonPathError>(())
//! ```

mod path;
mod project;

mod bounds;
mod error;
mod legacy;
mod lower;
mod mends;
mod plain;
mod query;
mod scan;

mod filter;
mod walk;

#[cfg(test)]
mod tests;

pub use bounds::{FUNCTION_NESTING_MAX, NESTING_MAX, TEXT_BYTES_MAX};
pub use error::JsonPathError;
pub use path::{JsonPath, Selected};
pub use project::{Projection, project};
pub use query::SingularStep;
