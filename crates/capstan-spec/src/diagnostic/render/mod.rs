//! Diagnostics as text for people, as JSON for scripts, as SARIF for code hosts.
//!
//! Each takes the [`SourceMap`](crate::source::SourceMap) of the load that found the problems.
//! Nothing here prints: text goes to a [`std::fmt::Write`], the others are JSON values.

mod json;
mod position;
mod sarif;
mod snippet;
mod text;
mod visible;

#[cfg(test)]
mod tests;

pub use json::json;
pub use sarif::sarif;
pub use text::{Style, footer, text};
pub use visible::visible;
