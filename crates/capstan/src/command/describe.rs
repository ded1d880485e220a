//! `capstan describe`.

use crate::args::catalogue::DescribeArgs;
use crate::exit::Exit;

/// Runs the command.
pub(crate) fn run(_args: DescribeArgs) -> Exit {
    Exit::Done
}
