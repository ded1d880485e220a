//! Rows of a file, one by one: JSON lines, or separated values with the names in the first row.
//!
//! A row that cannot be read is a row all the same, with what is wrong instead of its cells. Only
//! what keeps the next row from being found ends the reading.

use std::io::{self, BufRead, BufReader, Read};

use serde_json::{Map, Value};

use super::limits::{ROW_BYTES_MAX, SHOWN_CHARS_MAX};
use super::mark::Mark;
use super::quotes::{BYTE_ORDER_MARK, Quoted};
use crate::args::each::RowFormat;

/// A row.
#[derive(Debug)]
pub(super) struct Row {
    /// Which one, from 1.
    pub(super) number: u64,
    /// The line it begins on, from 1.
    pub(super) line: u64,
    /// Bytes of the input up to its end.
    pub(super) end: u64,
    /// Its size in bytes, about.
    pub(super) size: usize,
    /// What tells it from another row of the same number.
    pub(super) mark: u64,
    /// Its cells by column, or why it cannot be read.
    pub(super) cells: Result<Map<String, Value>, BadRow>,
}

/// Why a row cannot be read.
#[derive(Debug)]
pub(super) struct BadRow {
    /// A sentence.
    pub(super) reason: String,
    /// The row as it is written, as far as it is text and not too long.
    pub(super) text: String,
}

impl BadRow {
    fn new(reason: impl Into<String>, bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes).chars().take(SHOWN_CHARS_MAX).collect();
        BadRow { reason: reason.into(), text }
    }
}

/// The input of a run.
pub(super) type Input = Box<dyn Read + Send>;

/// The rows of an input.
pub(super) struct Rows {
    source: Source,
    number: u64,
    end: u64,
}

enum Source {
    Lines(Lines),
    Cells(Cells),
}

impl Rows {
    /// The rows of an input in a format.
    ///
    /// # Errors
    /// The names of the columns cannot be read.
    pub(super) fn open(input: Input, format: RowFormat) -> io::Result<Self> {
        let source = match format {
            RowFormat::Jsonl => Source::Lines(Lines::new(input)),
            RowFormat::Csv => Source::Cells(Cells::new(input, b',')?),
            RowFormat::Tsv => Source::Cells(Cells::new(input, b'\t')?),
        };
        Ok(Rows { source, number: 0, end: 0 })
    }

    /// Bytes of the input up to the end of the last row.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// The names of the columns, where every row has the same.
    pub(super) fn columns(&self) -> Option<&[String]> {
        match &self.source {
            Source::Lines(_) => None,
            Source::Cells(cells) => Some(&cells.names),
        }
    }
}

impl Iterator for Rows {
    type Item = io::Result<Row>;

    fn next(&mut self) -> Option<io::Result<Row>> {
        let number = self.number + 1;
        let row = match &mut self.source {
            Source::Lines(lines) => lines.next(number),
            Source::Cells(cells) => cells.next(number),
        };
        self.number = number;
        if let Ok(Some(row)) = &row {
            self.end = row.end;
        }
        row.transpose()
    }
}

/// JSON objects, one a line. Empty lines are passed over.
struct Lines {
    input: BufReader<Input>,
    buffer: Vec<u8>,
    line: u64,
    end: u64,
}

impl Lines {
    fn new(input: Input) -> Self {
        Lines { input: BufReader::with_capacity(64 * 1024, input), buffer: Vec::new(), line: 0, end: 0 }
    }

    fn next(&mut self, number: u64) -> io::Result<Option<Row>> {
        loop {
            if !self.read_line()? {
                return Ok(None);
            }
            if !self.text().iter().all(u8::is_ascii_whitespace) {
                break;
            }
        }
        let mark = Mark::new().number(number).bytes(self.text()).value();
        let (line, end, size) = (self.line, self.end, self.buffer.len());
        Ok(Some(Row { number, line, end, size, mark, cells: self.cells() }))
    }

    /// Reads a line, or as much of it as a row may have; the rest of it is passed over.
    fn read_line(&mut self) -> io::Result<bool> {
        self.buffer.clear();
        let most = ROW_BYTES_MAX as u64 + 1;
        let mut read = (&mut self.input).take(most).read_until(b'\n', &mut self.buffer)? as u64;
        while read > ROW_BYTES_MAX as u64 && !self.buffer.ends_with(b"\n") {
            let (skipped, is_over) = self.skip_some()?;
            read += skipped;
            if is_over {
                break;
            }
        }
        self.line += 1;
        self.end += read;
        Ok(read > 0)
    }

    /// Passes over what is buffered of a line; whether that was the rest of it.
    fn skip_some(&mut self) -> io::Result<(u64, bool)> {
        let buffered = self.input.fill_buf()?;
        let newline = buffered.iter().position(|b| *b == b'\n');
        let length = newline.map_or(buffered.len(), |at| at + 1);
        self.input.consume(length);
        Ok((length as u64, newline.is_some() || length == 0))
    }

    /// The line without its end, and without the byte order mark that some programs begin with.
    fn text(&self) -> &[u8] {
        let text = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if self.line == 1 { text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text) } else { text }
    }

    fn cells(&self) -> Result<Map<String, Value>, BadRow> {
        if self.buffer.len() > ROW_BYTES_MAX {
            return Err(too_large(&self.buffer));
        }
        match serde_json::from_slice(self.text()) {
            Ok(Value::Object(cells)) => Ok(cells),
            Ok(Value::Array(_)) => Err(BadRow::new(
                "the row is a list, not an object; `jq -c '.[]'` writes a list an item a line",
                self.text(),
            )),
            Ok(_) => Err(BadRow::new("the row is JSON, but no object", self.text())),
            Err(error) => Err(BadRow::new(format!("the row is not JSON: {}", without_line(&error)), self.text())),
        }
    }
}

/// An error of a text of one line: the line that it names would be the first in any case.
fn without_line(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column", " at column")
}

fn too_large(bytes: &[u8]) -> BadRow {
    let most = ROW_BYTES_MAX / (1024 * 1024);
    BadRow::new(format!("the row is larger than {most} MiB"), &bytes[..bytes.len().min(4 * SHOWN_CHARS_MAX)])
}

/// Separated values (RFC 4180).
struct Cells {
    reader: csv::Reader<Quoted<Input>>,
    names: Vec<String>,
    /// Lines that the reader is behind at the begin of a row: it takes the second half of a CRLF
    /// with the next row. After an empty line it may be behind by more, which is not mended.
    lines_behind: u64,
    /// The mark of the names, with which every mark of a row begins.
    mark: Mark,
    record: csv::ByteRecord,
}

impl Cells {
    fn new(input: Input, delimiter: u8) -> io::Result<Self> {
        let mut builder = csv::ReaderBuilder::new();
        let mut reader =
            builder.delimiter(delimiter).trim(csv::Trim::Headers).from_reader(Quoted::new(input, delimiter));
        let names = reader.byte_headers().map_err(of_reader)?.clone();
        let end = reader.position().byte();
        if let Some(line) = reader.get_mut().torn(end) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, torn(line)));
        }
        let line_ends = names.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
        let lines_behind = (line_ends + 2).saturating_sub(reader.position().line());
        let mark = names.iter().fold(Mark::new(), Mark::cell);
        let names = names.iter().map(|name| String::from_utf8(name.to_vec()));
        let names = names.collect::<Result<Vec<_>, _>>();
        let names = names.map_err(|_| io::Error::other("the names of the columns are not UTF-8"))?;
        Ok(Cells { reader, names, lines_behind, mark, record: csv::ByteRecord::new() })
    }

    fn next(&mut self, number: u64) -> io::Result<Option<Row>> {
        self.reader.get_mut().begin_row();
        let read = self.reader.read_byte_record(&mut self.record);
        let end = self.reader.position().byte();
        let torn = self.reader.get_mut().torn(end).map(torn);
        let bad = match read {
            Ok(true) => torn.map(|reason| BadRow::new(reason, &self.text())),
            Ok(false) => return Ok(None),
            Err(error) => Some(self.misfit(error, torn)?),
        };
        let line = self.record.position().map_or(0, csv::Position::line) + self.lines_behind;
        let mark = self.record.iter().fold(self.mark.number(number), Mark::cell).value();
        let size = self.record.as_slice().len() + self.names.len();
        let cells = bad.map_or_else(|| self.cells(), Err);
        Ok(Some(Row { number, line, end, size, mark, cells }))
    }

    /// A row with too many cells, or too few, perhaps for its quotes. Any other error ends the reading.
    fn misfit(&self, error: csv::Error, torn: Option<String>) -> io::Result<BadRow> {
        let csv::ErrorKind::UnequalLengths { expected_len, len, .. } = error.kind() else {
            return Err(of_reader(error));
        };
        let reason = torn.unwrap_or_else(|| format!("the row has {}, the header {expected_len}", counted(*len)));
        Ok(BadRow::new(reason, &self.text()))
    }

    /// The row about as it is written.
    fn text(&self) -> Vec<u8> {
        let cells: Vec<&[u8]> = self.record.iter().collect();
        cells.join(&b","[..])
    }

    fn cells(&self) -> Result<Map<String, Value>, BadRow> {
        let mut cells = Map::with_capacity(self.names.len());
        for (name, cell) in self.names.iter().zip(&self.record) {
            let Ok(text) = std::str::from_utf8(cell) else {
                return Err(BadRow::new(format!("the row is not UTF-8 in column `{name}`"), &self.text()));
            };
            if !text.is_empty() {
                cells.insert(name.clone(), Value::from(text));
            }
        }
        Ok(cells)
    }
}

fn counted(cells: u64) -> String {
    if cells == 1 { "a cell".to_owned() } else { format!("{cells} cells") }
}

/// The reader's error as that of its input, which it mostly is.
fn of_reader(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// Why a row is refused that may hold others: the quote of one of them has closed its own.
fn torn(line: u64) -> String {
    format!("text stands behind the closing quote of the cell that begins in line {line}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rows(text: &'static [u8], format: RowFormat) -> Vec<Row> {
        let rows = Rows::open(Box::new(text), format).expect("a header");
        rows.map(|row| row.expect("a slice has no errors")).collect()
    }

    /// Number, line, and the cells or the reason.
    fn told(text: &'static [u8], format: RowFormat) -> Vec<(u64, u64, Value)> {
        let cells = |row: Row| match row.cells {
            Ok(cells) => Value::Object(cells),
            Err(bad) => Value::from(bad.reason),
        };
        rows(text, format).into_iter().map(|row| (row.number, row.line, cells(row))).collect()
    }

    #[test]
    fn lines() {
        let text = b"\xef\xbb\xbf{\"a\":1}\r\n\n  \n[1]\n{\"a\":\n{\"a\":null}";
        assert_eq!(
            told(text, RowFormat::Jsonl),
            [
                (1, 1, json!({"a": 1})),
                (2, 4, json!("the row is a list, not an object; `jq -c '.[]'` writes a list an item a line")),
                (3, 5, json!("the row is not JSON: EOF while parsing a value at column 5")),
                (4, 6, json!({"a": null})),
            ]
        );
        let ends: Vec<u64> = rows(text, RowFormat::Jsonl).iter().map(|row| row.end).collect();
        assert_eq!(ends.last(), Some(&(text.len() as u64)));
    }

    #[test]
    fn cells() {
        let text = b"\xef\xbb\xbfa, b\n1,\n\"x,\"\"y\"\"\nz\",2\n1,2,3\n4\n5,\xff\n\n6,7";
        assert_eq!(
            told(text, RowFormat::Csv),
            [
                (1, 2, json!({"a": "1"})),
                (2, 3, json!({"a": "x,\"y\"\nz", "b": "2"})),
                (3, 5, json!("the row has 3 cells, the header 2")),
                (4, 6, json!("the row has a cell, the header 2")),
                (5, 7, json!("the row is not UTF-8 in column `b`")),
                (6, 8, json!({"a": "6", "b": "7"})),
            ]
        );
        let windows = told(b"a,b\r\n1,2\r\n3\r\n", RowFormat::Csv);
        assert_eq!(windows.iter().map(|(_, line, _)| *line).collect::<Vec<_>>(), [2, 3]);
        let torn = told(b"a,b\n1,\"x\n2,\"y\"\n3,z\n4,5\" x\n", RowFormat::Csv);
        let why = "text stands behind the closing quote of the cell that begins in line 2";
        let expected =
            [(1, 2, json!(why)), (2, 4, json!({"a": "3", "b": "z"})), (3, 5, json!({"a": "4", "b": "5\" x"}))];
        assert_eq!(torn, expected);
        assert_eq!(told(b"a\tb\n1,2\t3\n", RowFormat::Tsv), [(1, 2, json!({"a": "1,2", "b": "3"}))]);
        assert!(told(b"", RowFormat::Csv).is_empty() && told(b"a,b\n", RowFormat::Csv).is_empty());
    }

    #[test]
    fn a_row_has_a_largest_size() {
        let line = |length: usize| [vec![b'x'; length], b"\n{}\n".to_vec()].concat();
        let text: &'static [u8] = line(ROW_BYTES_MAX + 100_000).leak();
        let told = told(text, RowFormat::Jsonl);
        assert_eq!(told, [(1, 1, json!("the row is larger than 16 MiB")), (2, 2, json!({}))]);
        let text: &'static [u8] = [b"a\n\"".to_vec(), vec![b'x'; 2 * ROW_BYTES_MAX]].concat().leak();
        let mut rows = Rows::open(Box::new(text), RowFormat::Csv).expect("a header");
        let error = rows.next().expect("a row").expect_err("it has no end");
        assert!(error.to_string().contains("quote"), "{error}");
    }

    #[test]
    fn another_row_has_another_mark() {
        let marks = |text, format| rows(text, format).iter().map(|row| row.mark).collect::<Vec<_>>();
        let [a, b, c] = marks(b"a,b\n12,3\n1,23\n12,3\n", RowFormat::Csv)[..] else { panic!("three rows") };
        assert!(a != b && b != c && a != c);
        assert_ne!(marks(b"a,c\n12,3\n", RowFormat::Csv)[0], a);
        assert_eq!(marks(b"a,b\n12,3", RowFormat::Csv)[0], a);
    }
}
