//! A list that is followed from page to page: its items on stdout, as they come.

use std::io::{self, BufWriter, StdoutLock, Write};

use capstan_engine::jsonpath::JsonPath;
use capstan_engine::{CallError, Invocation, Page, PageLimits, Pages, Resume, Reveal};
use capstan_spec::diagnostic::Code;
use indicatif::ProgressBar;
use serde_json::Value;

use super::prepare::Prepared;
use super::recording::Target;
use super::running::block_on;
use crate::args::call::Format;
use crate::exit::Exit;
use crate::output::{self, Printing};
use crate::shell::quoted;
use crate::terminal::Terminal;
use crate::{print, progress, report};

/// Items that a table is made of at most: its columns are as wide as the widest of all.
const TABLE_ITEMS_MAX: usize = 100_000;

const UNCLEAR: &str = "it is not clear which list has the items, so each page is printed as a whole; name the \
     list with `items: $.…` in the `pagination`";

/// Follows a list.
pub(super) fn run(prepared: &Prepared<'_>, invocation: Invocation, select: Option<&JsonPath>) -> Exit {
    match follow(prepared, invocation, select) {
        Ok(exit) => exit,
        Err(error) => prepared.fail(&error),
    }
}

fn follow(prepared: &Prepared<'_>, invocation: Invocation, select: Option<&JsonPath>) -> Result<Exit, CallError> {
    let Prepared { args, terminal, engine, .. } = prepared;
    let asked = &args.pages;
    let standard = PageLimits::default();
    let limits = PageLimits {
        pages_max: asked.max_pages.unwrap_or(standard.pages_max),
        items_max: asked.max_items.unwrap_or(standard.items_max),
    };
    // What cannot be sent is said before anything that sounds as if it had been.
    engine.render(&invocation, Reveal::Secret)?;
    let invocation = match &asked.page_url {
        Some(url) => invocation.page_url(url),
        None => invocation,
    };
    let mut pages = engine.pages(invocation, limits)?;
    let target = args.record.as_deref().map(Target::create).transpose()?;
    say_beforehand(prepared);
    let printing = Printing { format: args.format, select, terminal };
    let mut list = List::new(&printing, asked.by_page);
    let result = block_on(list.print(&mut pages)).and_then(|result| result);
    list.progress.bar.finish_and_clear();
    let exit = match result {
        Ok(written) => {
            let written = written.and_then(|()| list.finish());
            print::finished(written, Exit::Done, terminal)
        }
        Err(error) => {
            // What was read before stands.
            let _ = list.finish(); // the list has failed already, and says so
            let exit = prepared.fail(&error);
            list.is_closed |= error.code() == Code::EndlessPages; // the same again would not help
            exit
        }
    };
    if let Some(doubt) = pages.doubt().filter(|doubt| doubt.is_likely || args.verbose) {
        report::note(&doubt.text, terminal);
    }
    if !pages.is_complete() && !list.is_closed {
        say_how_to_go_on(prepared, &list, &pages);
    }
    Ok(prepared.record(target, exit))
}

/// What a person should know before the first page.
fn say_beforehand(prepared: &Prepared<'_>) {
    prepared.say_notices();
    let catalogue = prepared.engine.catalogue();
    let pagination = catalogue.operation(prepared.operation).pagination();
    if let Some(pagination) = pagination.filter(|pagination| pagination.is_recognised()) {
        let name = pagination.parameter().unwrap_or_default();
        let text = format!("the pages are followed by `{name}`: nothing declares it, its name is a common one");
        report::note(&text, prepared.terminal);
    }
}

/// Where an unfinished list can be taken up again.
fn say_how_to_go_on(prepared: &Prepared<'_>, list: &List<'_>, pages: &Pages) {
    let way = match pages.resume() {
        Some(Resume::Parameter { name, value }) => {
            let text = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            quoted(&format!("{name}={text}")).into_owned()
        }
        Some(Resume::Url(url)) => format!("--page-url {}", quoted(url)),
        None => return,
    };
    let way = prepared.engine.scrubber().scrub(&way).into_owned();
    let printed = list.progress.text();
    let text = match pages.is_cut() {
        true => format!("{printed} printed, the last page in part; begin with it again with {way}"),
        false => format!("{printed} printed; go on behind them with {way}"),
    };
    report::note(&text, prepared.terminal);
}

/// The list on its way to stdout.
struct List<'p> {
    printing: &'p Printing<'p>,
    by_page: bool,
    out: BufWriter<StdoutLock<'static>>,
    /// The rows of a table, which is printed at the end.
    rows: Vec<Value>,
    progress: Progress,
    /// Whether the reader of stdout has gone.
    is_closed: bool,
    has_told: bool,
}

impl<'p> List<'p> {
    fn new(printing: &'p Printing<'p>, by_page: bool) -> Self {
        List {
            printing,
            by_page,
            out: BufWriter::new(io::stdout().lock()),
            rows: Vec::new(),
            progress: Progress::new(printing.terminal),
            is_closed: false,
            has_told: false,
        }
    }

    /// Prints page after page. The inner result is that of stdout.
    async fn print(&mut self, pages: &mut Pages) -> Result<io::Result<()>, CallError> {
        while let Some(page) = pages.next().await {
            let page = page?;
            self.progress.add(&page);
            if let Err(error) = self.page(&page)? {
                self.is_closed = true;
                return Ok(Err(error));
            }
        }
        Ok(Ok(()))
    }

    fn page(&mut self, page: &Page) -> Result<io::Result<()>, CallError> {
        let whole = [page.outcome.outputs.to_value()];
        let values = match &page.items {
            Some(items) if !self.by_page => items.as_slice(),
            items => {
                if items.is_none() && !self.by_page && !std::mem::replace(&mut self.has_told, true) {
                    report::note(UNCLEAR, self.printing.terminal);
                }
                &whole
            }
        };
        if self.printing.format == Format::Table {
            if self.rows.len() + values.len() > TABLE_ITEMS_MAX {
                let message = format!("a table has {TABLE_ITEMS_MAX} rows at most");
                return Err(CallError::new(Code::BadSettings, message)
                    .with_help("print the items as they come: `--format json`"));
            }
            self.rows.extend(values.iter().cloned());
            return Ok(Ok(()));
        }
        Ok(values.iter().try_for_each(|value| self.value(value)).and_then(|()| self.out.flush()))
    }

    fn value(&mut self, value: &Value) -> io::Result<()> {
        let selected = match self.printing.select {
            Some(path) => match path.select(value).to_value() {
                Some(found) => found,
                None => return Ok(()),
            },
            None => return output::record(&mut self.out, value, self.printing),
        };
        output::record(&mut self.out, &selected, self.printing)
    }

    /// Prints what waits for the end.
    fn finish(&mut self) -> io::Result<()> {
        let rows = std::mem::take(&mut self.rows);
        if self.printing.format == Format::Table && !rows.is_empty() {
            let select = |row: &Value| self.printing.select.map_or(Some(row.clone()), |p| p.select(row).to_value());
            let rows: Value = rows.iter().filter_map(select).collect();
            let printing = Printing { select: None, ..*self.printing };
            output::print_value(&mut self.out, &rows, &printing)?;
        }
        self.out.flush()
    }
}

/// The line on stderr that tells how far the list is.
struct Progress {
    bar: ProgressBar,
    pages: u64,
    items: u64,
}

impl Progress {
    fn new(terminal: &Terminal) -> Self {
        // Beside items on the same terminal a line would only flicker.
        let is_shown = terminal.stderr && !terminal.stdout;
        let bar = progress::bar(None, "{spinner} {msg} ({elapsed})", is_shown);
        Progress { bar, pages: 0, items: 0 }
    }

    fn add(&mut self, page: &Page) {
        self.pages = page.number;
        self.items += page.items.as_ref().map_or(0, |items| items.len() as u64);
        self.bar.set_message(self.text());
        self.bar.tick();
    }

    /// `3 pages with 250 items`.
    fn text(&self) -> String {
        let count = |n: u64, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        match self.items {
            0 => count(self.pages, "page"),
            items => format!("{} with {}", count(self.pages, "page"), count(items, "item")),
        }
    }
}
