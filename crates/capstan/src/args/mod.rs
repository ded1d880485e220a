//! Arguments as typed in, one file for each command.

pub(crate) mod cache;
pub(crate) mod call;
pub(crate) mod catalogue;
pub(crate) mod download;
pub(crate) mod each;
pub(crate) mod pages;
pub(crate) mod upload;

use clap::{Parser, Subcommand};

/// Run Naftiko and Ikanos capability files: point at a file, name an operation, get data.
#[derive(Parser)]
#[command(name = "capstan", version, propagate_version = true)]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    Call(Box<call::CallArgs>),
    List(catalogue::ListArgs),
    Describe(catalogue::DescribeArgs),
    Validate(catalogue::ValidateArgs),
    Schema(catalogue::SchemaArgs),
    Explain(catalogue::ExplainArgs),
    Completions(catalogue::CompletionsArgs),
}
