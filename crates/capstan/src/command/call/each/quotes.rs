//! The quotes of separated values, followed beside the reader of the rows.
//!
//! That reader takes whatever comes. A quote that nothing closes swallows all rows behind it into
//! one cell, and one that the quote of a later row closes some of them, with text behind the closing
//! quote to show for it. Both are found here, by the same rules for where a quote has a meaning: at
//! the begin of a cell it opens, in the middle of one it is a character, doubled it is a quote.

use std::collections::VecDeque;
use std::io::{self, Read};

use super::limits::ROW_BYTES_MAX;

/// The bytes that some programs begin a file of UTF-8 with.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// An input whose quotes are followed as it is read.
pub(super) struct Quoted<R> {
    input: R,
    delimiter: u8,
    at: At,
    /// Bytes that were read, and lines.
    bytes: u64,
    line: u64,
    /// Bytes that were read for the row at hand.
    of_row: u64,
    /// Closing quotes with text behind them, in rows that were not asked about yet.
    torn: VecDeque<Torn>,
}

/// Where the input is.
#[derive(Clone, Copy)]
enum At {
    /// Before a cell.
    Begin,
    /// In one that does not begin with a quote, or behind the quote that closed it.
    Plain,
    /// Behind a quote that opened in this line.
    Quoted(u64),
    /// Behind another quote there, which closes the cell or is the first half of one in it.
    Closed(u64),
}

/// A cell whose quote is closed before the cell ends.
struct Torn {
    /// Where the text behind the quote is.
    byte: u64,
    /// The line where the quote opened.
    line: u64,
}

impl<R> Quoted<R> {
    /// Follows an input from its begin on.
    pub(super) fn new(input: R, delimiter: u8) -> Self {
        let torn = VecDeque::new();
        Quoted { input, delimiter, at: At::Begin, bytes: 0, line: 1, of_row: 0, torn }
    }

    /// Begins to count the bytes of a row.
    pub(super) fn begin_row(&mut self) {
        self.of_row = 0;
    }

    /// The line where a quote opened that is closed before its cell ends, in the row that ends at
    /// this byte. Rows are asked about in their order.
    pub(super) fn torn(&mut self, end: u64) -> Option<u64> {
        let mut first = None;
        while let Some(torn) = self.torn.front().filter(|torn| torn.byte < end) {
            first.get_or_insert(torn.line);
            self.torn.pop_front();
        }
        first
    }

    fn follow(&mut self, byte: u8) {
        let ends_cell = byte == self.delimiter || byte == b'\n' || byte == b'\r';
        self.at = match (self.at, byte) {
            (At::Begin, b'"') => At::Quoted(self.line),
            (At::Quoted(line), b'"') => At::Closed(line),
            (At::Closed(line), b'"') | (At::Quoted(line), _) => At::Quoted(line),
            (At::Begin | At::Plain | At::Closed(_), _) if ends_cell => At::Begin,
            (At::Closed(line), _) => {
                self.torn.push_back(Torn { byte: self.bytes, line });
                At::Plain
            }
            (At::Begin, _) if BYTE_ORDER_MARK.get(self.bytes as usize) == Some(&byte) => At::Begin,
            (At::Begin | At::Plain, _) => At::Plain,
        };
        self.bytes += 1;
        self.line += u64::from(byte == b'\n');
    }

    /// What is wrong with the row at hand after so many further bytes, the end being none.
    fn refused(&mut self, read: usize) -> Option<String> {
        let is_too_large = read > 0 && self.of_row >= ROW_BYTES_MAX as u64;
        self.of_row += read as u64;
        let most = ROW_BYTES_MAX / (1024 * 1024);
        match self.at {
            At::Quoted(line) if read == 0 => Some(format!("the quote that opens in line {line} is never closed")),
            At::Quoted(line) if is_too_large => {
                Some(format!("a row is larger than {most} MiB: is the quote that opens in line {line} not closed?"))
            }
            _ => is_too_large.then(|| format!("a row is larger than {most} MiB")),
        }
    }
}

impl<R: Read> Read for Quoted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        if let Some(why) = self.refused(read) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        buffer[..read].iter().for_each(|byte| self.follow(*byte));
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of torn cells, and how the reading ended.
    fn followed(text: &str) -> (Vec<u64>, Result<(), String>) {
        let mut input = Quoted::new(text.as_bytes(), b',');
        let end = io::copy(&mut input, &mut io::sink()).map(drop).map_err(|error| error.to_string());
        (input.torn.iter().map(|torn| torn.line).collect(), end)
    }

    #[test]
    fn quotes_have_a_meaning_at_the_begin_of_a_cell() {
        for text in ["a,\"b\"\r\n\"c\"\"d\",\"\"\n", "5\" pipe,a\"b\"\n", "\u{feff}\"a\nb\",c\n", "\"a\"", " \"a,b\n"] {
            assert_eq!(followed(text), (Vec::new(), Ok(())), "{text}");
        }
    }

    #[test]
    fn a_quote_that_is_never_closed_is_an_error_with_its_line() {
        for (text, line) in [("a\n\"b", 2), ("a\nb,\"c\n\"\"\n", 2), ("\u{feff}\"", 1)] {
            let why = format!("the quote that opens in line {line} is never closed");
            assert_eq!(followed(text), (Vec::new(), Err(why)), "{text}");
        }
    }

    #[test]
    fn a_quote_that_a_later_row_closes_shows_by_the_text_behind_it() {
        assert_eq!(followed("a\n\"b\n\"c\"\nd\n"), (vec![2], Ok(())));
        assert_eq!(followed("\"a\"b,\"c\" \n"), (vec![1, 1], Ok(())));
    }
}
