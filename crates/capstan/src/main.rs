//! The `capstan` command: arguments in, engine calls, data on stdout and talk on stderr.
//!
//! The environment and the terminal are read here and passed down.

mod args;
mod command;
mod exit;
mod report;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = args::Args::parse();
    command::run(args).into()
}
