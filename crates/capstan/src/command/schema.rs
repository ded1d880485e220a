//! `capstan schema`.

use crate::args::catalogue::SchemaArgs;
use crate::exit::Exit;

/// Runs the command.
pub(crate) fn run(_args: SchemaArgs) -> Exit {
    Exit::Done
}
