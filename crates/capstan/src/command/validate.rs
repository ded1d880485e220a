//! `capstan validate`.

use crate::args::catalogue::ValidateArgs;
use crate::exit::Exit;

/// Runs the command.
pub(crate) fn run(_args: ValidateArgs) -> Exit {
    Exit::Done
}
