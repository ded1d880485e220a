//! `capstan call`.

use capstan_engine::bindings::RealFiles;
use capstan_engine::{Engine, Invocation};
use capstan_spec::diagnostic::render::Style;

use crate::args::call::CallArgs;
use crate::exit::Exit;
use crate::report;
use crate::terminal::Terminal;

/// Runs the command.
pub(crate) fn run(args: CallArgs) -> Exit {
    let terminal = Terminal::detect();
    let loaded = capstan_engine::load(&args.file, &RealFiles);
    let Some(plan) = loaded.plan else {
        report::diagnostics(&loaded.sources, report::errors(&loaded.diagnostics), &terminal);
        return Exit::Capability;
    };
    if args.operation.is_empty() {
        return report::usage("an operation needs a name", &[], &terminal);
    }
    if terminal.stdout && terminal.stdout_style() == Style::Colour {
        report::note("nothing is sent yet", &terminal);
    }
    let engine = match Engine::builder(plan).build() {
        Ok(engine) => engine,
        Err(error) => return report::error(&error, None, &terminal),
    };
    match engine.render(&Invocation::new(args.operation), capstan_engine::Reveal::Masked) {
        Ok(_) => Exit::Done,
        Err(error) => report::error(&error, Some(&engine.scrubber()), &terminal),
    }
}
