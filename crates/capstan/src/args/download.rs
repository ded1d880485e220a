//! Answers into files: the arguments of `capstan call` that write them.

use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use clap::Args;

/// Where the answer goes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct DownloadArgs {
    /// Write the answer to this file; - is standard output
    ///
    /// Binary answers (`outputRawFormat: binary`) go there piece by piece. The file has its name
    /// only once it is whole; until then it is FILE.part. In a folder, a binary answer gets the
    /// name that the API gives it.
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["all", "each"])]
    pub(crate) output: Option<PathBuf>,

    /// Write a binary answer here, to a new file of the name that the API gives it
    #[arg(short = 'O', long, conflicts_with_all = ["output", "all", "each"])]
    pub(crate) remote_name: bool,

    /// Go on with an interrupted --output, where the API can and the body is still the same
    #[arg(long = "continue", requires = "output")]
    pub(crate) go_on: bool,
}

impl DownloadArgs {
    /// The file that the answer goes to, where it is not standard output.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| path.as_os_str() != "-" && !is_folder(path))
    }

    /// The folder that the answer goes to, under a name that it brings.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match self.remote_name {
            true => Some(Path::new("")),
            false => self.output.as_deref().filter(|path| is_folder(path)),
        }
    }
}

fn is_folder(path: &Path) -> bool {
    path.is_dir() || path.to_string_lossy().ends_with(['/', MAIN_SEPARATOR])
}
