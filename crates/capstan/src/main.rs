//! The `capstan` command: arguments in, engine calls, data on stdout and talk on stderr.
//!
//! The environment and the terminal are read here and passed down.

mod args;
mod command;
mod exit;
mod find;
mod kept;
mod output;
mod params;
mod print;
mod progress;
mod report;
mod settings;
mod shell;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    if let Some(exit) = command::completions::answer(std::env::args_os().collect()) {
        return exit.into();
    }
    let terminal = terminal::Terminal::detect();
    command::run(args::Args::parse(), &terminal).into()
}
