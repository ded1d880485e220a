//! Naftiko and Ikanos text becomes a checked capability, or located diagnostics.
//!
//! ```text
//! text → tree of spanned nodes → Document → Capability
//! ```
//!
//! This crate performs no I/O: imported files come through [`Files`], which the caller
//! implements, and nothing here knows what a request is. Loading cannot fail: it returns what it
//! understood, and diagnostics for the rest.

mod amending;
pub mod capability;
mod check;
pub mod diagnostic;
pub mod document;
pub mod limits;
mod nearest;
pub mod placeholder;
pub mod quantity;
mod reader;
pub mod schema;
pub mod source;
mod yaml;

pub use amending::{Amending, Scope, Setting, SettingEntry, SettingValue};
pub use capability::{Capability, Files, Loaded, load, load_amended};
pub use nearest::nearest;
pub use reader::Text;
