//! Arguments become a run that is ready to begin. What stops every row is said here, before the
//! first; what a file holds is touched last.

use std::io;

use capstan_engine::jsonpath::JsonPath;
use capstan_engine::{AuthOverride, CallError, Invocation, OperationView, Overrides};
use serde_json::{Map, Value};

use super::columns::{self, Columns};
use super::entry::Shape;
use super::files::{self, Files};
use super::journal::{Identity, Journal};
use super::limits::{CONCURRENCY, WINDOW_ROWS_PER_CALL};
use super::mark::Mark;
use super::progress::Progress;
use super::queue::Queue;
use super::resume::{self, Earlier};
use super::rows::{Row, Rows};
use super::run::Run;
use super::sink::{Sink, Target};
use super::waiting::Waiting;
use super::window::Window;
use crate::command::call::place::resolved;
use crate::command::call::prepare::Prepared;
use crate::output::Printing;

/// Makes a run ready.
///
/// # Errors
/// What stops every row: variables, columns, files, a journal of another run.
pub(super) fn start<'r>(
    prepared: &'r Prepared<'_>,
    fixed: Invocation,
    select: Option<&'r JsonPath>,
) -> Result<Run<'r>, CallError> {
    let Prepared { args, terminal, engine, operation, .. } = prepared;
    let each = &args.each;
    let view = engine.catalogue().operation(*operation);
    engine.check(*operation)?;
    columns::check_fixed(fixed.values(), view)?;
    let columns = Columns::parse(&each.each_map, view)?;
    let files = Files::new(each, &args.file)?;
    let mut rows = files.open()?;
    if let Some(names) = rows.columns() {
        columns.check(&names.iter().map(String::as_str).collect::<Vec<_>>(), view, true)?;
    }
    let identity = identity(prepared, fixed.values(), &files);
    let earlier = resume::found(&files, &identity, each.resume)?;
    let mut ahead = resume::undone(&mut rows, &earlier, &files)?;
    let begins_at = rows.end();
    if rows.columns().is_none() && ahead.is_empty() {
        ahead.extend(first(&mut rows, &columns, view, &files)?);
    }
    prepared.say_notices();
    let is_beside_rows = terminal.stdout && files.results.is_none();
    let mut progress = Progress::new(files.size(), args.verbose || is_beside_rows, **terminal);
    progress.begin_at(begins_at);
    let concurrency = each.concurrency.unwrap_or(CONCURRENCY);
    let rows_max = u64::from(concurrency) * WINDOW_ROWS_PER_CALL;
    Ok(Run {
        engine,
        fixed,
        columns,
        concurrency: usize::from(concurrency),
        failures_max: if each.fail_fast { Some(1) } else { each.max_failures },
        verbose: args.verbose,
        terminal,
        shape: Shape {
            printing: Printing { format: args.format, select, terminal },
            with_row: each.with_row,
            failures_as_text: files.failures.is_none(),
            scrubber: engine.scrubber(),
        },
        ahead,
        queue: Queue::start(rows),
        window: if each.unordered { Window::unordered(rows_max) } else { Window::ordered(rows_max) },
        earlier: earlier.count(),
        failures_at: files.failures.as_ref().map_or(String::new(), |path| format!(", see `{}`", path.display())),
        // What no longer waits must be gone before a new journal could take it for its own.
        waiting: waiting(&files, &earlier)?,
        sink: sink(&files, &identity, &earlier, &progress)?,
        kept: earlier.kept,
        progress,
    })
}

/// Opens what is written to. The journal comes first: from then on it is the truth.
fn sink(files: &Files, identity: &Identity, earlier: &Earlier, progress: &Progress) -> Result<Sink, CallError> {
    let journal = match (&files.journal, earlier.journal) {
        (None, _) => None,
        (Some(path), Some(length)) => Some((path, Journal::reopen(path, length))),
        (Some(path), None) => Some((path, Journal::create(path, identity))),
    };
    let journal = journal.map(|(path, made)| made.map_err(|error| files::unwritable(path, &error))).transpose()?;
    let reached = earlier.reached.clone();
    let open = |path, length| Target::file(path, length).map_err(|error| files::unwritable(path, &error));
    let results = match &files.results {
        Some(path) => open(path, reached.results)?,
        None => Target::stream(io::stdout()),
    };
    let failures = match &files.failures {
        Some(path) => open(path, reached.failures)?,
        None => Target::stream(progress.beside_writer()),
    };
    Ok(Sink::new(results, failures, journal, reached))
}

/// Where rows are kept that wait for their turn; without a journal nothing is gone on with.
fn waiting(files: &Files, earlier: &Earlier) -> Result<Option<Waiting>, CallError> {
    let begun = files.waiting.as_ref().map(|path| (path, Waiting::begin(path, &earlier.kept)));
    begun.map(|(path, begun)| begun.map_err(|error| files::unwritable(path, &error))).transpose()
}

/// Reads the first row, and checks its names before anything is sent.
fn first(
    rows: &mut Rows,
    columns: &Columns,
    operation: OperationView<'_>,
    files: &Files,
) -> Result<Option<Row>, CallError> {
    let Some(row) = rows.next().transpose().map_err(|error| files.unreadable(&error))? else { return Ok(None) };
    if let Ok(cells) = &row.cells {
        columns.check(&cells.keys().map(String::as_str).collect::<Vec<_>>(), operation, false)?;
    }
    Ok(Some(row))
}

/// What makes two runs the same.
fn identity(prepared: &Prepared<'_>, fixed: &Map<String, Value>, files: &Files) -> Identity {
    let Prepared { args, engine, operation, overrides, .. } = prepared;
    let operation = engine.catalogue().operation(*operation);
    let each = &args.each;
    let mark = |texts: &[String]| {
        let mark = texts.iter().fold(Mark::new(), |mark, text| mark.cell(text.as_bytes()));
        format!("{:016x}", mark.value())
    };
    let parameters: Vec<String> = fixed.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let select = args.select.as_deref().unwrap_or_default();
    let shape = [format!("{:?}", args.format), select.to_owned(), each.with_row.to_string()];
    let path = |path: &std::path::Path| resolved(path).display().to_string();
    let facts = [
        ("capability", path(&args.file)),
        ("operation", [operation.namespace(), operation.resource(), operation.name()].join(".")),
        ("parameters", mark(&parameters)),
        ("rows", if files.is_stdin() { "-".to_owned() } else { path(&files.rows) }),
        ("mapping", mark(&each.each_map)),
        ("output", mark(&shape)),
        ("base URI", overrides.base_uri.as_deref().map_or(String::new(), |uri| faint(&[uri]))),
        ("overrides", faint(&overridden(overrides))),
        ("failures", files.failures.as_deref().map_or(String::new(), path)),
    ];
    facts.into_iter().map(|(name, fact)| (name.to_owned(), fact)).collect()
}

/// The texts of the overrides that change what is asked, as they are written: what a variable stands for
/// may change between two parts of a run, as tokens do.
fn overridden<'o>(overrides: &'o Overrides) -> Vec<&'o str> {
    let auth = match &overrides.auth {
        None => vec![],
        Some(AuthOverride::None) => vec!["none"],
        Some(AuthOverride::Bearer(token)) => vec!["bearer", token],
        Some(AuthOverride::Basic(user, password)) => vec!["basic", user, password],
        Some(AuthOverride::Header(name, value)) => vec!["header", name, value],
        Some(AuthOverride::Query(name, value)) => vec!["query", name, value],
    };
    let texts = |pairs: &'o [(String, String)]| pairs.iter().flat_map(|(name, value)| [&**name, &**value]);
    auth.into_iter()
        .chain(["headers"])
        .chain(texts(&overrides.headers))
        .chain(["queries"])
        .chain(texts(&overrides.queries))
        .collect()
}

/// A mark of texts that may be secret; see [`Mark::to_faint`].
fn faint(texts: &[&str]) -> String {
    texts.iter().fold(Mark::new(), |mark, text| mark.cell(text.as_bytes())).to_faint()
}
