//! `capstan call`: an operation, its outputs on stdout.

mod as_curl;
mod download;
mod each;
mod one;
mod pages;
mod place;
mod prepare;
mod recording;
mod records;
mod running;
mod watch;

use std::path::Path;

use capstan_engine::jsonpath::JsonPath;
use capstan_engine::{Invocation, Reveal};
use capstan_spec::diagnostic::Diagnostic;
use capstan_spec::source::SourceMap;
use capstan_spec::{Amending, Scope};

use self::prepare::Prepared;
use crate::args::call::{CallArgs, DryRun};
use crate::command::loading;
use crate::exit::Exit;
use crate::params::Unusable;
use crate::terminal::Terminal;
use crate::{output, params, print, report, settings};

/// Runs the command.
pub(crate) fn run(args: &CallArgs, terminal: &Terminal) -> Exit {
    let select = match args.select.as_deref().map(JsonPath::compile).transpose() {
        Ok(select) => select,
        Err(error) => return report::usage(&format!("`--select`: {error}"), &[], terminal),
    };
    if let Some((wrong, help)) = misuse(args) {
        return report::usage(wrong, &help, terminal);
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
    if args.verbose {
        say_warnings(args, &loaded.sources, &loaded.diagnostics, terminal);
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
        return show(&prepared, &invocation, form);
    }
    match args.pages.all {
        true => pages::run(&prepared, invocation, select.as_ref()),
        false => one::run(&prepared, invocation, select.as_ref()),
    }
}

/// What does not go together on the command line, and what does instead.
fn misuse(args: &CallArgs) -> Option<(&'static str, Vec<String>)> {
    let is_shown = matches!(args.dry_run, Some(DryRun::Http | DryRun::Json));
    if is_shown && (args.download.output.is_some() || args.download.remote_name) {
        let help = "`--dry-run=curl` has the file in its command; `> FILE` writes what is printed here".to_owned();
        return Some(("`--output` takes the answer, and `--dry-run` gets none", vec![help]));
    }
    if args.record.as_deref() == Some(Path::new("-")) {
        let help = "write it to a file, or to `/dev/stderr`".to_owned();
        return Some(("`--record -`: standard output has the outputs", vec![help]));
    }
    each::check_args(args).err().map(|wrong| (wrong, Vec::new()))
}

/// Says that the file has warnings, and those of the settings themselves: no other command has them.
fn say_warnings(args: &CallArgs, sources: &SourceMap, diagnostics: &[Diagnostic], terminal: &Terminal) {
    let is_of_settings = |diagnostic: &&Diagnostic| {
        let file = sources.get(diagnostic.span.file());
        file.is_some_and(|file| settings::is_settings(file.name()))
    };
    let (of_settings, of_file): (Vec<&Diagnostic>, Vec<&Diagnostic>) = diagnostics.iter().partition(is_of_settings);
    if !of_settings.is_empty() {
        report::diagnostics(sources, of_settings, terminal);
    }
    let warnings = match of_file.len() {
        0 => return,
        1 => "a warning".to_owned(),
        count => format!("{count} warnings"),
    };
    let file = args.file.display();
    report::note(&format!("the file has {warnings}: see `capstan validate {file}`"), terminal);
}

/// Prints the request, and sends nothing.
fn show(prepared: &Prepared<'_>, invocation: &Invocation, form: DryRun) -> Exit {
    let flags = as_curl::flags(prepared.args, &prepared.limits);
    match prepared.engine.render(invocation, Reveal::Masked) {
        Ok(request) => {
            let text = output::request::text(&request, form, &prepared.masks, &flags);
            print::text(&text, Exit::Done, prepared.terminal)
        }
        Err(error) => prepared.fail(&error),
    }
}

/// What flags change of the file in the document's own keys.
fn amending(args: &CallArgs) -> Option<Amending> {
    let pagination = args.pages.pagination.as_ref()?;
    let name = args.operation.rsplit('.').next().unwrap_or_default();
    // The text stands alone on its lines, so that whatever it is it ends with them.
    let text = format!("operations:\n  {}:\n    pagination:\n      {pagination}\n", serde_json::Value::from(name));
    let source = "--pagination".to_owned();
    Some(Amending { scope: Scope::Any, source, text: text.into(), settings: None })
}
