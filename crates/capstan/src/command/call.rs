//! `capstan call`: an operation, its outputs on stdout.

mod download;
mod each;
mod one;
mod pages;
mod prepare;
mod recording;
mod records;
mod running;
mod watch;

use capstan_engine::jsonpath::JsonPath;
use capstan_engine::{Invocation, Reveal};
use capstan_spec::Amending;

use self::prepare::Prepared;
use crate::args::call::CallArgs;
use crate::command::loading;
use crate::exit::Exit;
use crate::params::Unusable;
use crate::terminal::Terminal;
use crate::{output, params, print, report};

/// Runs the command.
pub(crate) fn run(args: &CallArgs, terminal: &Terminal) -> Exit {
    let select = match args.select.as_deref().map(JsonPath::compile).transpose() {
        Ok(select) => select,
        Err(error) => return report::usage(&format!("`--select`: {error}"), &[], terminal),
    };
    if let Err(wrong) = each::check_args(args) {
        return report::usage(wrong, &[], terminal);
    }
    let params = match params::read(args.params_json.as_deref(), &args.params) {
        Ok(params) => params,
        Err(bad) => return report::usage(&bad.message, &[bad.help], terminal),
    };
    let loaded = match loading::load(&args.file, amending(args)) {
        Ok(loaded) => loaded,
        Err(error) => return report::error(&error, None, terminal),
    };
    let Some(plan) = loaded.plan else {
        report::diagnostics(&loaded.sources, report::errors(&loaded.diagnostics), terminal);
        return Exit::Capability;
    };
    if args.verbose && !loaded.diagnostics.is_empty() {
        let warnings = match loaded.diagnostics.len() {
            1 => "a warning".to_owned(),
            count => format!("{count} warnings"),
        };
        let file = args.file.display();
        report::note(&format!("the file has {warnings}: see `capstan validate {file}`"), terminal);
    }
    let prepared = match Prepared::new(args, plan, terminal) {
        Ok(prepared) => prepared,
        Err(error) => return report::error(&error, None, terminal),
    };
    let invocation = Invocation::new(&args.operation);
    let invocation = match params.put(invocation, &prepared.engine, prepared.operation) {
        Ok(invocation) => invocation,
        Err(Unusable::Parameter(bad)) => return report::usage(&bad.message, &[bad.help], terminal),
        Err(Unusable::File(error)) => return prepared.fail(&error),
    };
    if args.each.each.is_some() {
        return each::run(&prepared, invocation, select.as_ref());
    }
    if let Some(form) = args.dry_run {
        return match prepared.engine.render(&invocation, Reveal::Masked) {
            Ok(request) => print::text(&output::request::text(&request, form, &prepared.masks), Exit::Done, terminal),
            Err(error) => prepared.fail(&error),
        };
    }
    match args.pages.all {
        true => pages::run(&prepared, invocation, select.as_ref()),
        false => one::run(&prepared, invocation, select.as_ref()),
    }
}

/// What flags change of the file in the document's own keys.
fn amending(args: &CallArgs) -> Option<Amending> {
    let pagination = args.pages.pagination.as_ref()?;
    let name = args.operation.rsplit('.').next().unwrap_or_default();
    // The text stands alone on its lines, so that whatever it is it ends with them.
    let text = format!("operations:\n  {}:\n    pagination:\n      {pagination}\n", serde_json::Value::from(name));
    Some(Amending { namespace: None, source: "--pagination".to_owned(), text })
}
