//! `capstan describe`: all that a caller needs to know of one operation, or of a file.

mod data;
mod example;
mod text;

use std::path::Path;

use capstan_engine::bindings::{ProcessEnvironment, RealFiles};
use capstan_engine::{OperationView, Plan, VariableState};

use super::list::Layout;
use super::{loading, names};
use crate::args::catalogue::{DescribeArgs, DescribeFormat};
use crate::exit::Exit;
use crate::terminal::Terminal;
use crate::{print, report};

/// Describes an operation, or without one the whole file.
pub(crate) fn run(args: &DescribeArgs, terminal: &Terminal) -> Exit {
    let Some(plan) = loading::one(&args.file, terminal) else { return Exit::Capability };
    let layout = Layout::of(terminal, false);
    let Some(name) = &args.operation else {
        return print(args.format, || text::file(&plan, &layout), || data::file(&plan), terminal);
    };
    let id = match plan.find(name) {
        Ok(id) => id,
        Err(error) => return report::error(&error, None, terminal),
    };
    let subject = Subject::new(&plan, plan.catalogue().operation(id));
    print(args.format, || text::operation(&subject, &layout), || data::operation(&subject), terminal)
}

fn print(
    format: DescribeFormat,
    text: impl Fn() -> String,
    data: impl Fn() -> serde_json::Value,
    terminal: &Terminal,
) -> Exit {
    match format {
        DescribeFormat::Text => print::text(&text(), Exit::Done, terminal),
        DescribeFormat::Json => print::json(&data(), Exit::Done, terminal),
        DescribeFormat::Yaml => print::yaml(&data(), Exit::Done, terminal),
    }
}

/// An operation with what only its surroundings know.
struct Subject<'p> {
    plan: &'p Plan,
    operation: OperationView<'p>,
    /// The name to call it by.
    name: String,
    variables: Vec<VariableState>,
}

impl<'p> Subject<'p> {
    fn new(plan: &'p Plan, operation: OperationView<'p>) -> Self {
        let folder = Path::new(plan.file()).parent().unwrap_or(Path::new(""));
        let variables = plan.variable_states(operation.id(), &ProcessEnvironment, &RealFiles, folder);
        Subject { plan, operation, name: names::name_of(plan, &operation), variables }
    }

    /// A command to start from.
    fn example(&self) -> String {
        example::command(self.plan.file(), &self.name, &self.operation)
    }
}
