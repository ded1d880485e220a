//! Values as tables: a list of objects has a column for each name, an object a line for each.

use capstan_spec::diagnostic::render::visible;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::command::table::{cut, line};

/// Columns of text, the widest one first cut at this width.
const CELL_WIDTH_MAX: usize = 60;

/// A value as a table.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Array(items) if items.iter().any(Value::is_object) => rows(items),
        Value::Array(items) => items.iter().map(|item| cell(item) + "\n").collect(),
        Value::Object(members) if is_wrapper(members) => members.values().map(text).collect(),
        Value::Object(members) => {
            let lines: Vec<Vec<String>> = members.iter().map(|(k, v)| vec![visible(k).into_owned(), cell(v)]).collect();
            layout(&lines)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => cell(value),
    }
}

/// Whether an object only names the one collection that is in it.
fn is_wrapper(members: &serde_json::Map<String, Value>) -> bool {
    members.len() == 1 && members.values().all(|v| v.is_object() || v.is_array())
}

fn rows(items: &[Value]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in items.iter().filter_map(Value::as_object).flat_map(|o| o.keys()) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let heading = names.iter().map(|n| visible(n).to_uppercase()).collect();
    let lines = items.iter().map(|item| match item.as_object() {
        Some(object) => names.iter().map(|n| object.get(*n).map_or(String::new(), cell)).collect(),
        None => vec![cell(item)],
    });
    let lines: Vec<Vec<String>> = std::iter::once(heading).chain(lines).collect();
    layout(&lines)
}

/// A value in one cell: a text as it is, anything else as JSON; long ones are cut.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    cut(&line(&text), CELL_WIDTH_MAX).into_owned()
}

/// Lines of cells, each column as wide as its widest cell.
fn layout(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| lines.iter().filter_map(|l| l.get(column)).map(|c| c.width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for cells in lines {
        let mut text = String::new();
        for (cell, width) in cells.iter().zip(&widths) {
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', width - cell.width() + 2));
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::text;

    #[test]
    fn lists_objects_and_texts() {
        let list = json!({"items": [{"id": 1, "name": "a"}, {"id": 22, "tag": ["x"]}]});
        assert_eq!(text(&list), "ID  NAME  TAG\n1   a\n22        [\"x\"]\n");
        assert_eq!(text(&json!({"a": 1, "long": "é"})), "a     1\nlong  é\n");
        assert_eq!(text(&json!("x\u{1b}[2J")), "x\\u{1b}[2J");
    }
}
