//! The commands.

mod call;
pub(crate) mod completions;
mod describe;
mod explain;
mod list;
mod loading;
mod names;
mod schema;
pub(crate) mod table;
mod validate;

use crate::args::{Args, Command};
use crate::exit::Exit;
use crate::terminal::Terminal;

/// Runs a command.
pub(crate) fn run(args: Args, terminal: &Terminal) -> Exit {
    match args.command {
        Command::Call(args) => call::run(&args, terminal),
        Command::List(args) => list::run(&args, terminal),
        Command::Describe(args) => describe::run(&args, terminal),
        Command::Validate(args) => validate::run(&args, terminal),
        Command::Schema(args) => schema::run(&args, terminal),
        Command::Explain(args) => explain::run(&args, terminal),
        Command::Completions(args) => completions::run(&args, terminal),
    }
}
