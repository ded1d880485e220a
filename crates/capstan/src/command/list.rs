//! `capstan list`: the operations of capabilities.

use std::borrow::Cow;

use capstan_engine::{OperationView, Plan};
use capstan_spec::diagnostic::render::Style;
use serde_json::{Value, json};

use super::loading::Loading;
use super::names::named;
use super::table::{line, table};
use crate::args::catalogue::{ListArgs, ListFormat};
use crate::exit::Exit;
use crate::print;
use crate::terminal::Terminal;

/// Lists the operations of all files that can be used.
pub(crate) fn run(args: &ListArgs, terminal: &Terminal) -> Exit {
    let mut loading = Loading::new(terminal);
    let files = loading.find(&args.paths);
    let plans: Vec<_> = files.iter().filter_map(|found| loading.plan(found)).collect();
    let exit = if loading.failed { Exit::Capability } else { Exit::Done };
    loading.finish();
    let values = || plans.iter().map(|plan| file_value(plan)).collect::<Value>();
    match args.format {
        ListFormat::Table => {
            let layout = Layout::of(terminal, files.len() > 1);
            let blocks: Vec<String> = plans.iter().map(|plan| layout.block(plan)).collect();
            print::text(&blocks.join("\n"), exit, terminal)
        }
        ListFormat::Names => {
            let names = plans.iter().flat_map(|plan| named(plan));
            print::text(&names.map(|(name, _)| line(&name) + "\n").collect::<String>(), exit, terminal)
        }
        ListFormat::Json => print::json(&values(), exit, terminal),
        ListFormat::Yaml => print::yaml(&values(), exit, terminal),
    }
}

/// How tables are laid out.
pub(crate) struct Layout {
    /// Columns of the terminal; a pipe has no width, and nothing is cut for it.
    pub(crate) width: Option<usize>,
    /// Whether each table is headed by its file.
    pub(crate) headed: bool,
    /// Whether headings are bold.
    pub(crate) style: Style,
}

impl Layout {
    /// The layout that suits where the tables go.
    pub(crate) fn of(terminal: &Terminal, headed: bool) -> Self {
        let size = terminal.stdout.then(terminal_size::terminal_size).flatten();
        Layout { width: size.map(|(width, _)| width.0.into()), headed, style: terminal.stdout_style() }
    }

    fn block(&self, plan: &Plan) -> String {
        let mut out = String::new();
        if self.headed {
            let title = plan.catalogue().title().map(|title| format!(": {}", line(title)));
            out = self.bold(&format!("{}{}", line(plan.file()), title.unwrap_or_default()));
            out.push('\n');
        }
        out + &self.operations(plan)
    }

    /// The operations of a plan as a table.
    pub(crate) fn operations(&self, plan: &Plan) -> String {
        let named = named(plan);
        if named.is_empty() {
            return "(no operations)\n".to_owned();
        }
        let head = ["OPERATION", "METHOD", "PATH", "REQUIRED", "DESCRIPTION"].map(Cow::Borrowed);
        let rows: Vec<_> = std::iter::once(head).chain(named.iter().map(|(name, view)| row(name, view))).collect();
        table(&rows, self.width, 0)
    }

    /// A heading.
    pub(crate) fn bold(&self, text: &str) -> String {
        match self.style {
            Style::Plain => text.to_owned(),
            Style::Colour => format!("\x1b[1m{text}\x1b[0m"),
        }
    }
}

fn row<'a>(name: &'a str, operation: &OperationView<'a>) -> [Cow<'a, str>; 5] {
    let path = if operation.path().is_empty() { "/" } else { operation.path() };
    [
        name.into(),
        operation.method().as_str().into(),
        path.into(),
        required(operation).join(", ").into(),
        operation.description().unwrap_or_default().into(),
    ]
}

/// The parameters that a caller has to give.
fn required<'a>(operation: &OperationView<'a>) -> Vec<&'a str> {
    operation.inputs().filter(|input| input.is_required()).map(|input| input.name()).collect()
}

fn file_value(plan: &Plan) -> Value {
    let catalogue = plan.catalogue();
    json!({
        "file": plan.file(),
        "title": catalogue.title(),
        "description": catalogue.description(),
        "operations": operations_value(plan),
    })
}

/// The operations of a plan as data.
pub(crate) fn operations_value(plan: &Plan) -> Value {
    let entry = |(name, operation): &(String, OperationView<'_>)| {
        json!({
            "name": name,
            "namespace": operation.namespace(),
            "resource": operation.resource(),
            "method": operation.method().as_str(),
            "path": operation.path(),
            "required": required(operation),
            "description": operation.description(),
        })
    };
    named(plan).iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_shows_what_can_be_called() {
        let text = "ikanos: 1.0.0-beta5\ncapability:\n  consumes:\n  - {type: http, namespace: n, baseUri: 'https://example.com', resources: {r: {path: '/r/{id}', operations: {get: {method: GET, description: 'Gets  one'}, put: {method: PUT}}}}}\n";
        let files = capstan_engine::bindings::MapFiles::default();
        let plan = capstan_engine::load_text("a.yaml", text, &files).plan.expect("the capability is right");
        let layout = Layout { width: None, headed: true, style: Style::Plain };
        let expected = "a.yaml\nOPERATION  METHOD  PATH     REQUIRED  DESCRIPTION\nget        GET     /r/{id}  id        Gets one\nput        PUT     /r/{id}  id\n";
        assert_eq!(layout.block(&plan), expected);
    }
}
