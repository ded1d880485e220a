//! `capstan completions`.

use crate::args::catalogue::CompletionsArgs;
use crate::exit::Exit;

/// Runs the command.
pub(crate) fn run(_args: CompletionsArgs) -> Exit {
    Exit::Done
}
