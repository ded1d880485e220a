//! Bodies of requests: the arguments of `capstan call` that say how they go out.

use clap::{Args, ValueEnum};

/// How the body goes out.
#[derive(Debug, Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct UploadArgs {
    /// Compress the body of the request, for an API that takes it so
    #[arg(long, value_name = "CODING")]
    pub(crate) compress: Option<Compress>,
}

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Compress {
    /// gzip
    Gzip,
    /// Zstandard
    Zstd,
}
