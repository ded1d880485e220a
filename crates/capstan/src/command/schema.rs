//! `capstan schema`.

use crate::args::catalogue::SchemaArgs;
use crate::exit::Exit;
use crate::print;
use crate::terminal::Terminal;

/// Prints the JSON Schema of capability files.
pub(crate) fn run(_args: &SchemaArgs, terminal: &Terminal) -> Exit {
    print::json(&capstan_spec::schema::json_schema(), Exit::Done, terminal)
}
