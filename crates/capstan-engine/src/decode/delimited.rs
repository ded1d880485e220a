//! Separated values (RFC 4180): the first row names the columns, every other row is an object of
//! texts. A row that is short lacks the last columns, a row that is long is an error. Of columns
//! with one name, the second is `name_2`.

use std::io::{Cursor, Read};

use csv::{ReaderBuilder, StringRecord};
use serde_json::{Map, Value};

use super::budget::Budget;
use super::columns::unique;
use super::malformed::Malformed;

/// A row put behind the text. A quote that is never closed swallows it, and is found by that.
const END: &str = "\n\0end\n";

/// Reads rows separated by line ends, of fields separated by `separator`.
pub(super) fn read(text: &str, separator: u8) -> Result<Value, Malformed> {
    let input = Cursor::new(text).chain(Cursor::new(END));
    let mut rows = ReaderBuilder::new().delimiter(separator).flexible(true).has_headers(false).from_reader(input);
    let mut budget = Budget::default();
    let mut columns: Option<Vec<String>> = None;
    let mut objects = Vec::new();
    let mut row = StringRecord::new();
    let mut last = StringRecord::new();
    while rows.read_record(&mut row).map_err(|error| Malformed::whole(error.to_string()))? {
        std::mem::swap(&mut row, &mut last);
        if is_end(&last) {
            break;
        }
        match &columns {
            None => columns = Some(unique(&last)),
            Some(columns) => objects.push(object(text, columns, &last, &mut budget)?),
        }
    }
    if is_end(&last) { Ok(Value::Array(objects)) } else { Err(unclosed(text, &last)) }
}

fn is_end(row: &StringRecord) -> bool {
    row.len() == 1 && row.get(0) == Some("\0end")
}

fn object(text: &str, columns: &[String], row: &StringRecord, budget: &mut Budget) -> Result<Value, Malformed> {
    if row.len() > columns.len() {
        let what = format!("found a row of {} fields, expected {} at most", row.len(), columns.len());
        return Err(Malformed::at(text, start(text, row), what));
    }
    let mut members = Map::with_capacity(row.len());
    for (name, field) in columns.iter().zip(row) {
        budget.repeated(name).map_err(|what| Malformed::at(text, start(text, row), what))?;
        members.insert(name.clone(), field.into());
    }
    Ok(Value::Object(members))
}

/// Where a row begins. The reader says where the one before ended.
fn start(text: &str, row: &StringRecord) -> usize {
    let end = row.position().map_or(0, |at| usize::try_from(at.byte()).unwrap_or(usize::MAX)).min(text.len());
    end + text.as_bytes()[end..].iter().take_while(|b| matches!(b, b'\r' | b'\n')).count()
}

fn unclosed(text: &str, row: &StringRecord) -> Malformed {
    let what = format!("found a quote in field {} of this row, expected another that closes it", row.len());
    Malformed::at(text, start(text, row), what)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn error(text: &str) -> String {
        read(text, b',').expect_err("it is malformed").to_string()
    }

    #[test]
    fn rows_become_objects_of_texts() {
        let value = read("a,b,c\r\n1,\"x, \"\"y\"\"\nz\", w \n2\n", b',').expect("it is CSV");
        assert_eq!(value, json!([{"a": "1", "b": "x, \"y\"\nz", "c": " w "}, {"a": "2"}]));
        assert_eq!(read("a|b\n1|2", b'|').expect("it is PSV"), json!([{"a": "1", "b": "2"}]));
        assert_eq!(read("a\tb", b'\t').expect("it is TSV"), json!([]));
        assert_eq!(read("a,a,a_2\n1,2,3", b',').expect("it is CSV"), json!([{"a": "1", "a_2": "2", "a_2_2": "3"}]));
    }

    #[test]
    fn places_are_those_of_the_row() {
        assert_eq!(error("a,b\n1,2\n1,2,3\n"), "line 3, column 1: found a row of 3 fields, expected 2 at most");
        let unclosed = "line 2, column 1: found a quote in field 2 of this row, expected another that closes it";
        assert_eq!(error("a,b\n1,\"2\n3,4\n"), unclosed);
        assert_eq!(
            error("\""),
            "line 1, column 1: found a quote in field 1 of this row, expected another that closes it"
        );
    }

    #[test]
    fn long_names_in_many_rows_are_refused() {
        let text = format!("{}\n{}", "n".repeat(1 << 20), "1\n".repeat(1000));
        assert!(error(&text).contains("more values than can be held"));
    }
}
