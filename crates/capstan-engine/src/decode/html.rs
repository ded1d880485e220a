//! HTML: its tables, as `{"tables": [[{header: cell, …}, …], …]}`, read as browsers read them.
//!
//! With a selector, those that it matches, or that stand in what it matches. The headers are the
//! `th` of the first row of the `thead`, else of the first row; a table without is left out. A row
//! with a `th` or without a `td` is none. Texts are trimmed and their white space made single,
//! short rows are filled with empty texts, further cells dropped.

use std::collections::HashSet;

use html5ever::driver::{self, ParseOpts, Parser};
use html5ever::tendril::{StrTendril, TendrilSink};
use scraper::{ElementRef, Html, HtmlTreeSink, Selector};
use serde_json::{Map, Value, json};

use super::budget::Budget;
use super::columns::unique;
use super::malformed::Malformed;
use crate::limits::{HTML_BYTES_MAX, HTML_COMPARISONS_MAX, HTML_DEPTH_MAX};

/// Bytes that are parsed before depth and time are looked at.
const CHUNK_BYTES: usize = 1024;

/// One in so many new nodes is looked at.
const DEPTH_SAMPLE: usize = 16;

/// Compiles a selector.
pub(super) fn selector(text: &str) -> Result<Selector, String> {
    Selector::parse(text).map_err(|error| error.to_string())
}

/// Reads the tables of a document.
pub(super) fn read(text: &str, selector: Option<&Selector>) -> Result<Value, Malformed> {
    let html = parse(text)?;
    let mut budget = Budget::default();
    let tables = tables(&html, selector).into_iter().filter_map(|table| records(table, &mut budget).transpose());
    let tables: Vec<Value> = tables.collect::<Result<_, _>>().map_err(Malformed::whole)?;
    Ok(json!({ "tables": tables }))
}

/// Parses piece by piece. The time that the standard's algorithm takes grows with the square of
/// the depth and of the attributes of a tag, so it must be stopped while it runs.
fn parse(text: &str) -> Result<Html, Malformed> {
    if text.len() > HTML_BYTES_MAX {
        return Err(Malformed::whole(format!("the page has more than {} MiB", HTML_BYTES_MAX / (1024 * 1024))));
    }
    let mut parser = driver::parse_document(HtmlTreeSink::new(Html::new_document()), ParseOpts::default());
    let mut progress = Progress::default();
    let mut at = 0;
    while at < text.len() {
        let mut end = (at + CHUNK_BYTES).min(text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        let chunk = &text[at..end];
        parser.process(StrTendril::from(chunk));
        progress.look(&parser, chunk).map_err(|what| Malformed::at(text, at, what))?;
        at = end;
    }
    Ok(parser.finish())
}

/// What has become of the tree so far.
#[derive(Default)]
struct Progress {
    nodes: usize,
    /// Bytes of the newest node, where it is a text.
    text: usize,
    /// Words since anything was added to the tree: as many attributes may stand in one tag.
    words: usize,
    comparisons: usize,
}

impl Progress {
    fn look(&mut self, parser: &Parser<HtmlTreeSink>, chunk: &str) -> Result<(), String> {
        let html = parser.tokenizer.sink.sink.0.borrow();
        let nodes = html.tree.nodes();
        let added = nodes.len() - self.nodes;
        let newest = nodes.clone().next_back().and_then(|node| node.value().as_text().map(|text| text.len()));
        let is_still = added == 0 && newest.unwrap_or(0) == self.text;
        self.nodes = nodes.len();
        self.text = newest.unwrap_or(0);

        let words = chunk.bytes().filter(|b| b.is_ascii_whitespace() || b"/\"'".contains(b)).count();
        if is_still {
            self.comparisons += self.words * words;
            self.words += words;
        } else {
            self.words = words;
        }
        if self.comparisons > HTML_COMPARISONS_MAX {
            return Err("found a tag, or a comment, of too many words".to_owned());
        }

        let sample = nodes.rev().take(added).step_by(DEPTH_SAMPLE);
        match sample.map(|node| node.ancestors().count()).max() {
            Some(depth) if depth > HTML_DEPTH_MAX => Err(format!("found elements deeper than {HTML_DEPTH_MAX} levels")),
            Some(_) | None => Ok(()),
        }
    }
}

fn tables<'h>(html: &'h Html, selector: Option<&Selector>) -> Vec<ElementRef<'h>> {
    let elements = html.root_element().descendent_elements();
    let all = elements.filter(|element| element.value().name() == "table");
    let Some(selector) = selector else { return all.collect() };
    let matched: HashSet<_> = html.select(selector).map(|element| element.id()).collect();
    let within = |table: &ElementRef<'_>| {
        matched.contains(&table.id()) || table.ancestors().any(|node| matched.contains(&node.id()))
    };
    all.filter(within).collect()
}

/// The rows of a table, without those of tables in its cells.
fn rows<'h>(table: ElementRef<'h>, section: &str) -> Vec<ElementRef<'h>> {
    let sections = table.child_elements().filter(|child| child.value().name() == section);
    sections.flat_map(|section| section.child_elements()).filter(|row| row.value().name() == "tr").collect()
}

fn cells<'h>(row: ElementRef<'h>, name: &str) -> Vec<ElementRef<'h>> {
    row.child_elements().filter(|cell| cell.value().name() == name).collect()
}

/// The records of a table; `None` without headers.
fn records(table: ElementRef<'_>, budget: &mut Budget) -> Result<Option<Value>, &'static str> {
    let head = rows(table, "thead");
    let mut body = rows(table, "tbody");
    let first = head.first().map(|row| cells(*row, "th")).filter(|cells| !cells.is_empty());
    let first = first.or_else(|| body.first().map(|row| cells(*row, "th"))).unwrap_or_default();
    let headers: Vec<String> = first.into_iter().map(|cell| text(cell, budget)).collect::<Result<_, _>>()?;
    if headers.iter().all(String::is_empty) {
        return Ok(None);
    }
    let headers = unique(headers.iter().map(String::as_str));
    if body.is_empty() {
        body = head.into_iter().chain(rows(table, "tfoot")).collect();
    }
    let data = body.into_iter().filter(|row| cells(*row, "th").is_empty()).map(|row| cells(row, "td"));
    let data = data.filter(|cells| !cells.is_empty()).map(|cells| record(&headers, &cells, budget));
    data.collect::<Result<_, _>>().map(|records| Some(Value::Array(records)))
}

fn record(headers: &[String], cells: &[ElementRef<'_>], budget: &mut Budget) -> Result<Value, &'static str> {
    let mut members = Map::with_capacity(headers.len());
    for (index, header) in headers.iter().enumerate() {
        budget.repeated(header)?;
        let cell = cells.get(index).map(|cell| text(*cell, budget)).transpose()?;
        members.insert(header.clone(), cell.unwrap_or_default().into());
    }
    Ok(Value::Object(members))
}

/// The text of a cell as a reader sees it. The cells of a table in a cell count for both.
fn text(cell: ElementRef<'_>, budget: &mut Budget) -> Result<String, &'static str> {
    let mut text = String::new();
    let mut nodes = 0;
    for node in cell.descendants() {
        nodes += 1;
        let hidden = || {
            let parent = node.parent().and_then(|parent| parent.value().as_element().map(|e| e.name().to_owned()));
            parent.is_some_and(|name| matches!(name.as_str(), "script" | "style"))
        };
        match node.value() {
            scraper::Node::Text(piece) if !hidden() => text.push_str(piece),
            scraper::Node::Element(element) if is_break(element.name()) => text.push(' '),
            _ => {}
        }
    }
    budget.take(text.len() / 64 + nodes / 16)?;
    Ok(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Elements that begin a line of their own.
fn is_break(name: &str) -> bool {
    matches!(name, "br" | "p" | "div" | "li" | "tr" | "td" | "th" | "hr" | "dt" | "dd" | "pre")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(text: &str, css: Option<&str>) -> Value {
        let selector = css.map(|css| selector(css).expect("it is a selector"));
        read(text, selector.as_ref()).expect("all is HTML")["tables"].clone()
    }

    #[test]
    fn rows_become_objects_by_header() {
        let text = "<table><tr><th> Name <th>Age<tr><td>Ada<br>L.<td>36<td>more<tr><td>Bo</table>";
        assert_eq!(tables(text, None), json!([[{"Name": "Ada L.", "Age": "36"}, {"Name": "Bo", "Age": ""}]]));
        let text = "<table><thead><tr><th>A<th>A</thead><tbody><tr><th>x<tr><td>1<td><b>2</b> <script>3</script></tbody></table>";
        assert_eq!(tables(text, None), json!([[{"A": "1", "A_2": "2"}]]));
        assert_eq!(tables("<table><tr><td>1</table><p>text", None), json!([]));
        assert_eq!(tables("", None), json!([]));
    }

    #[test]
    fn a_selector_takes_tables_or_what_is_around_them() {
        let table = |name: &str| format!("<table id={name}><tr><th>h<tr><td>{name}</table>");
        let text = format!("{}<div class=x>{}{}</div>", table("a"), table("b"), table("c"));
        assert_eq!(tables(&text, Some("#a")), json!([[{"h": "a"}]]));
        assert_eq!(tables(&text, Some("div.x, #c")), json!([[{"h": "b"}], [{"h": "c"}]]));
        assert_eq!(tables(&text, Some(".none")), json!([]));
        assert!(selector("..").is_err());
    }

    #[test]
    fn depth_is_bounded_in_linear_time() {
        let deep = |open: &str| read(&open.repeat(500_000), None).map(drop).expect_err("it is too deep").to_string();
        assert!(deep("<div>").contains("deeper than 512 levels"));
        assert!(deep("<table><td>").contains("deeper than 512 levels"));
        let many: String = (0..20_000).map(|i| format!("<p><b id={i}></p>")).collect();
        assert!(read(&many, None).is_err());
        let attributes: String = (0..500_000).map(|i| format!(" a{i}")).collect();
        let error = read(&format!("<p{attributes}>"), None).expect_err("it would take minutes");
        assert!(error.to_string().contains("too many words"), "{error}");
        assert!(read(&format!("<!--{}--><p title='{}'>", "word ".repeat(40_000), "x".repeat(1 << 20)), None).is_ok());
        assert!(read(&"<p>".repeat(50_000), None).is_ok());
        assert!(read(&"<table><b>".repeat(20_000), None).is_ok());
    }
}
