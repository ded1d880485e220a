//! The commands that look at capabilities and call nothing.

use std::path::PathBuf;

use clap::Args;

/// List the operations of capabilities
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Files and folders
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
}

/// Describe an operation
#[derive(Debug, Args)]
pub(crate) struct DescribeArgs {
    /// The capability file
    pub(crate) file: PathBuf,
    /// The operation; absent, the whole capability
    pub(crate) operation: Option<String>,
}

/// Check capability files
#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    /// Files and folders
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
}

/// Print the JSON Schema of capability files
#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {}

/// Explain a code
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The code: `CAP0012`
    pub(crate) code: String,
}

/// Print a completion script
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: String,
}
