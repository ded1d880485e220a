//! The crate through its front door, [`capstan_spec::load`].
//!
//! `cases` shows what a person sees for a file, `hostile` that no file is slow or breaks
//! anything, `properties` the same for any text, `schema` holds the JSON Schema against the
//! published ones.

#![expect(clippy::disallowed_methods, reason = "the tests read their cases")]
#![expect(clippy::print_stderr, reason = "a test that skips says why")]

mod cases;
mod harness;
mod hostile;
mod outline;
mod properties;
mod schema;
