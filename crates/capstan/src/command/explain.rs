//! `capstan explain`.

use crate::args::catalogue::ExplainArgs;
use crate::exit::Exit;

/// Runs the command.
pub(crate) fn run(_args: ExplainArgs) -> Exit {
    Exit::Done
}
