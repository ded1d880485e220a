//! `capstan list`.

use crate::args::catalogue::ListArgs;
use crate::exit::Exit;

/// Runs the command.
pub(crate) fn run(_args: ListArgs) -> Exit {
    Exit::Done
}
