//! `capstan call`.

use std::path::PathBuf;

use clap::Args;

/// Call an operation of a capability
#[derive(Debug, Args)]
pub(crate) struct CallArgs {
    /// The capability file
    pub(crate) file: PathBuf,
    /// The operation: `name`, `namespace.name` or `METHOD /path`
    pub(crate) operation: String,
}
