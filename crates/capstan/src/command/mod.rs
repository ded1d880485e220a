//! The commands.

mod call;
mod completions;
mod describe;
mod explain;
mod list;
mod schema;
mod validate;

use crate::args::{Args, Command};
use crate::exit::Exit;
use crate::terminal::Terminal;

/// Runs a command.
pub(crate) fn run(args: Args, terminal: &Terminal) -> Exit {
    match args.command {
        Command::Call(args) => call::run(&args, terminal),
        Command::List(args) => list::run(args),
        Command::Describe(args) => describe::run(args),
        Command::Validate(args) => validate::run(args),
        Command::Schema(args) => schema::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Completions(args) => completions::run(args),
    }
}
