//! Naftiko and Ikanos text becomes a checked capability, or located diagnostics.
//!
//! This crate performs no I/O: imported files come through [`Files`], which the caller
//! implements, and nothing here knows what a request is.

pub mod diagnostic;
pub mod limits;
pub mod source;
