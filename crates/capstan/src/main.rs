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

/// A call makes some hundred small allocations; the allocators of the systems differ in speed by
/// more than all else that a call does, and the one of musl, for the static binary, is the slowest.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if let Some(exit) = command::completions::answer(std::env::args_os().collect()) {
        return exit.into();
    }
    let terminal = terminal::Terminal::detect();
    command::run(args::Args::parse(), &terminal).into()
}
