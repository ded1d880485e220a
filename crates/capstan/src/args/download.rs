//! Answers into files: the arguments of `capstan call` that write them.

use std::path::PathBuf;

use clap::Args;

/// Where the answer goes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct DownloadArgs {
    /// Write the answer to this file; - is standard output
    ///
    /// Binary answers (`outputRawFormat: binary`) go there piece by piece. The file has its name
    /// only once it is whole; until then it is FILE.part.
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["all", "each", "dry_run"])]
    pub(crate) output: Option<PathBuf>,

    /// Go on with an interrupted --output, where the API can and the body is still the same
    #[arg(long = "continue", requires = "output")]
    pub(crate) go_on: bool,
}

impl DownloadArgs {
    /// The file that the answer goes to, where it is not standard output.
    pub(crate) fn file(&self) -> Option<&PathBuf> {
        self.output.as_ref().filter(|path| path.as_os_str() != "-")
    }
}
