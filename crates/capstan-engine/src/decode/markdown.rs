//! Markdown (CommonMark with GFM tables), as `{"frontMatter": {…}, "tables": [[{…}, …], …],
//! "sections": [{"heading", "level", "content"}, …]}`.
//!
//! Front matter is YAML between two lines of `---` at the very beginning. Tables and headings count
//! where they stand at the top level. The content of a section is the text of the blocks that
//! follow its heading, a line each, without markup; code is kept as it is, HTML is left out. With a
//! prefix, only the sections whose heading begins with it.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::{Map, Value, json};

use super::budget::Budget;
use super::columns::unique;
use super::malformed::{Malformed, Place};
use super::yaml;

/// Reads a document.
pub(super) fn read(text: &str, prefix: Option<&str>) -> Result<Value, Malformed> {
    let text = text.replace("\r\n", "\n");
    let (front_matter, body) = front_matter(&text)?;
    let mut reader = Reader::default();
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    for (event, range) in Parser::new_ext(body, options).into_offset_iter() {
        let at = text.len() - body.len() + range.start;
        reader.event(event).map_err(|what| Malformed::at(&text, at, what))?;
    }
    let mut sections = reader.sections;
    sections.retain(|section| prefix.is_none_or(|prefix| section.heading.starts_with(prefix)));
    let sections: Vec<Value> = sections.into_iter().map(Section::into_value).collect();
    Ok(json!({ "frontMatter": front_matter, "tables": reader.tables, "sections": sections }))
}

/// The front matter, and the text behind it. Between two lines that are no mapping stands text.
fn front_matter(text: &str) -> Result<(Value, &str), Malformed> {
    let none = Value::Object(Map::new());
    let Some(rest) = text.strip_prefix("---\n") else { return Ok((none, text)) };
    let (matter, body) = match rest.strip_prefix("---\n") {
        Some(body) => ("", body),
        None => match rest.split_once("\n---\n").or_else(|| Some((rest.strip_suffix("\n---")?, ""))) {
            Some(parts) => parts,
            None => return Ok((none, text)),
        },
    };
    match yaml::read(matter).map_err(one_line_down)? {
        matter @ Value::Object(_) => Ok((matter, body)),
        Value::Null => Ok((none, body)),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Ok((none, text)),
    }
}

/// The place of an error within the whole: a line stands above the front matter.
fn one_line_down(error: Malformed) -> Malformed {
    let place = match error.place {
        Place::Line(line, column) => Place::Line(line + 1, column),
        place @ (Place::Byte(_) | Place::Whole) => place,
    };
    Malformed { place, ..error }
}

#[derive(Default)]
struct Reader {
    budget: Budget,
    /// Blocks that are open.
    depth: usize,
    text: String,
    tables: Vec<Value>,
    table: Option<Table>,
    sections: Vec<Section>,
    /// Elements of HTML blocks that are open.
    in_html: bool,
}

#[derive(Default)]
struct Table {
    headers: Vec<String>,
    row: Vec<String>,
    records: Vec<Value>,
}

struct Section {
    heading: String,
    level: u8,
    blocks: Vec<String>,
}

impl Section {
    fn into_value(self) -> Value {
        json!({ "heading": self.heading, "level": self.level, "content": self.blocks.join("\n") })
    }
}

impl Reader {
    fn event(&mut self, event: Event<'_>) -> Result<(), &'static str> {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag)?,
            Event::Text(text) if !self.in_html => self.text.push_str(&text),
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => self.text.push_str(&text),
            Event::SoftBreak => self.text.push(' '),
            Event::HardBreak => self.text.push('\n'),
            Event::Text(_)
            | Event::Html(_)
            | Event::InlineHtml(_)
            | Event::FootnoteReference(_)
            | Event::Rule
            | Event::TaskListMarker(_) => {}
        }
        Ok(())
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Table(_) if self.depth == 0 => self.table = Some(Table::default()),
            Tag::HtmlBlock => self.in_html = true,
            // A block within a block begins a line.
            Tag::Paragraph | Tag::Item | Tag::CodeBlock(_) | Tag::Heading { .. } if self.depth > 0 => self.new_line(),
            _ => {}
        }
        if is_block(tag.to_end()) {
            self.depth += 1;
        }
    }

    fn new_line(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    fn end(&mut self, tag: TagEnd) -> Result<(), &'static str> {
        if is_block(tag) {
            self.depth = self.depth.saturating_sub(1);
        }
        match tag {
            TagEnd::HtmlBlock => self.in_html = false,
            TagEnd::TableCell => self.cell(),
            TagEnd::TableHead => self.head(),
            TagEnd::TableRow => self.row()?,
            TagEnd::Table if self.depth == 0 => self.table_done()?,
            TagEnd::Heading(level) if self.depth == 0 => {
                self.budget.take(4)?;
                let heading = std::mem::take(&mut self.text).trim().to_owned();
                self.sections.push(Section { heading, level: level as u8, blocks: Vec::new() });
            }
            tag if is_block(tag) && self.depth == 0 => self.block()?,
            _ => {}
        }
        Ok(())
    }

    fn cell(&mut self) {
        if let Some(table) = &mut self.table {
            table.row.push(std::mem::take(&mut self.text).trim().to_owned());
        } else {
            self.text.push(' ');
        }
    }

    fn head(&mut self) {
        if let Some(table) = &mut self.table {
            table.headers = unique(table.row.iter().map(String::as_str));
            table.row.clear();
        } else {
            self.new_line();
        }
    }

    fn row(&mut self) -> Result<(), &'static str> {
        let Some(table) = &mut self.table else {
            self.new_line();
            return Ok(());
        };
        let mut members = Map::with_capacity(table.headers.len());
        for (header, cell) in table.headers.iter().zip(table.row.drain(..)) {
            self.budget.repeated(header)?;
            members.insert(header.clone(), cell.into());
        }
        table.records.push(Value::Object(members));
        Ok(())
    }

    fn table_done(&mut self) -> Result<(), &'static str> {
        self.budget.value()?;
        self.tables.extend(self.table.take().map(|table| Value::Array(table.records)));
        Ok(())
    }

    /// A block at the top level that is neither a table nor a heading.
    fn block(&mut self) -> Result<(), &'static str> {
        let text = std::mem::take(&mut self.text);
        let text = text.trim_end_matches(['\n', ' ']);
        self.budget.value()?;
        if let Some(section) = self.sections.last_mut().filter(|_| !text.is_empty()) {
            section.blocks.push(text.to_owned());
        }
        Ok(())
    }
}

fn is_block(tag: TagEnd) -> bool {
    matches!(
        tag,
        TagEnd::Paragraph
            | TagEnd::Heading(_)
            | TagEnd::BlockQuote(_)
            | TagEnd::CodeBlock
            | TagEnd::HtmlBlock
            | TagEnd::List(_)
            | TagEnd::Item
            | TagEnd::FootnoteDefinition
            | TagEnd::Table
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "---\ntitle: Fleet\ncount: 2\n---\n\nBefore.\n\n# The *Fleet* `v1`\n\nTwo **ships**\nin [port](x), ![alt](y).  \nEnd.\n\n| Name | Tons |\n|---|---:|\n| *Ada* | 12 |\n| `Bo` |\n\n```\ncode *x*\n```\n\n## Crew\n\n- one\n- two\n  - three\n\n> | a |\n> |---|\n> | b |\n\n<div>html</div>\n";

    #[test]
    fn front_matter_tables_and_sections() {
        let value = read(DOCUMENT, None).expect("all is Markdown");
        assert_eq!(value["frontMatter"], json!({"title": "Fleet", "count": 2}));
        assert_eq!(value["tables"], json!([[{"Name": "Ada", "Tons": "12"}, {"Name": "Bo", "Tons": ""}]]));
        let sections = json!([
            {"heading": "The Fleet v1", "level": 1, "content": "Two ships in port, alt.\nEnd.\ncode *x*"},
            {"heading": "Crew", "level": 2, "content": "one\ntwo\nthree\na\nb"},
        ]);
        assert_eq!(value["sections"], sections);
    }

    #[test]
    fn a_prefix_chooses_sections_only() {
        let value = read(DOCUMENT, Some("Cr")).expect("all is Markdown");
        assert_eq!(value["sections"].as_array().map(Vec::len), Some(1));
        assert_eq!(value["tables"].as_array().map(Vec::len), Some(1));
    }

    #[test]
    fn what_is_no_front_matter_is_text() {
        let none = |text: &str| read(text, None).expect("all is Markdown")["frontMatter"].clone();
        for text in ["---\na: 1\n", "\n---\na: 1\n---\n", "---\njust text\n---\n", "---\n---\n", ""] {
            assert_eq!(none(text), json!({}), "{text:?}");
        }
        let broken = read("---\r\na: [1\r\n---\r\ntext", None).expect_err("the YAML is broken");
        assert!(matches!(broken.place, Place::Line(2..=3, _)), "{broken}");
    }
}
