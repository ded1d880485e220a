//! Bytes become records, whatever pieces they come in.

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::events::Events;
use super::lines::Lines;
use super::sequence::Sequence;

/// How records are parted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Server-sent events (HTML, "Server-sent events"): `text/event-stream`.
    Events,
    /// A JSON text on each line.
    Lines,
    /// JSON text sequences (RFC 7464): `application/json-seq` and `…+json-seq` (RFC 8091).
    Sequence,
}

impl Framing {
    /// How the records of an answer are parted; `None` where it is no such answer.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Framing> {
        let text = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let media_type = text.split(';').next().unwrap_or("").trim();
        // Nearly every answer is this.
        if media_type == "application/json" {
            return None;
        }
        match media_type.to_ascii_lowercase().as_str() {
            "text/event-stream" => Some(Framing::Events),
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonl"
            | "application/jsonlines"
            | "application/x-jsonlines"
            | "application/stream+json" => Some(Framing::Lines),
            text if text == "application/json-seq" || text.ends_with("+json-seq") => Some(Framing::Sequence),
            _ => None,
        }
    }
}

/// A record is larger than allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// What is not yet a record, and the records that wait to be taken. Each is a JSON text.
pub(crate) struct Splitter {
    parser: Parser,
    /// The piece that came last, as far as it is not read.
    piece: Bytes,
    bytes_max: u64,
}

enum Parser {
    Events(Events),
    Lines(Lines),
    Sequence(Sequence),
}

impl Splitter {
    /// A splitter of records of `bytes_max` bytes at most.
    pub(crate) fn new(framing: Framing, bytes_max: u64) -> Self {
        let parser = match framing {
            Framing::Events => Parser::Events(Events::default()),
            Framing::Lines => Parser::Lines(Lines::default()),
            Framing::Sequence => Parser::Sequence(Sequence::default()),
        };
        Splitter { parser, piece: Bytes::new(), bytes_max }
    }

    /// Takes a piece in, once [`Splitter::next`] has given all records of the one before.
    pub(super) fn push(&mut self, piece: Bytes) {
        debug_assert!(self.piece.is_empty(), "the records before are taken first");
        self.piece = piece;
    }

    /// The next record of what came.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, TooLarge> {
        let record = match &mut self.parser {
            Parser::Events(events) => events.next(&mut self.piece),
            Parser::Lines(lines) => lines.next(&mut self.piece),
            Parser::Sequence(sequence) => sequence.next(&mut self.piece),
        };
        let waiting = match &self.parser {
            Parser::Events(events) => events.waiting(),
            Parser::Lines(lines) => lines.waiting(),
            Parser::Sequence(sequence) => sequence.waiting(),
        };
        let largest = record.as_ref().map_or(0, Bytes::len).max(waiting);
        if largest as u64 > self.bytes_max { Err(TooLarge) } else { Ok(record) }
    }

    /// The last record, when no more bytes come.
    pub(super) fn end(&mut self) -> Option<Bytes> {
        match &mut self.parser {
            // An event that no empty line ends is thrown away, as the standard says.
            Parser::Events(_) => None,
            Parser::Lines(lines) => lines.end(),
            Parser::Sequence(sequence) => sequence.end(),
        }
    }

    /// The id of the last event that had one.
    pub(super) fn last_id(&self) -> Option<&str> {
        match &self.parser {
            Parser::Events(events) => events.last_id(),
            Parser::Lines(_) | Parser::Sequence(_) => None,
        }
    }

    /// All records of a body that is there.
    pub(crate) fn all(mut self, body: Bytes) -> Result<Vec<Bytes>, TooLarge> {
        let mut records = Vec::new();
        self.push(body);
        while let Some(record) = self.next()? {
            records.push(record);
        }
        records.extend(self.end());
        Ok(records)
    }
}

/// A record of which only the end is in a piece; what came before is kept.
pub(super) fn joined(kept: &mut Vec<u8>, rest: Bytes) -> Bytes {
    if kept.is_empty() {
        return rest;
    }
    let mut whole = std::mem::take(kept);
    whole.extend_from_slice(&rest);
    whole.into()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn texts(framing: Framing, body: &[u8]) -> Vec<String> {
        let records = Splitter::new(framing, 1000).all(Bytes::copy_from_slice(body)).expect("they are small");
        records.iter().map(|record| String::from_utf8_lossy(record).into_owned()).collect()
    }

    fn piecewise(framing: Framing, body: &[u8], size: usize) -> Vec<String> {
        let mut splitter = Splitter::new(framing, 1000);
        let mut records = Vec::new();
        for piece in body.chunks(size) {
            splitter.push(Bytes::copy_from_slice(piece));
            while let Some(record) = splitter.next().expect("they are small") {
                records.push(record);
            }
        }
        records.extend(splitter.end());
        records.iter().map(|record| String::from_utf8_lossy(record).into_owned()).collect()
    }

    #[test]
    fn the_content_type_tells() {
        let of = |text: &'static str| {
            Framing::of(&[(CONTENT_TYPE, HeaderValue::from_static(text))].into_iter().collect::<HeaderMap>())
        };
        assert_eq!(of("Text/Event-Stream; charset=utf-8"), Some(Framing::Events));
        assert_eq!(of("application/x-ndjson"), Some(Framing::Lines));
        assert_eq!(of("application/geo+json-seq"), Some(Framing::Sequence));
        assert_eq!(of("application/json"), None);
        assert_eq!(of("text/plain"), None);
    }

    #[test]
    fn the_examples_of_the_html_standard() {
        let one = |data: &str| format!(r#"{{"event":"message","data":{data}}}"#);
        let stock = b"data: YHOO\ndata: +2\ndata: 10\n\n";
        assert_eq!(texts(Framing::Events, stock), [one(r#""YHOO\n+2\n10""#)]);
        let four = b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n";
        assert_eq!(
            texts(Framing::Events, four),
            [
                r#"{"event":"message","id":"1","data":"first event"}"#.to_owned(),
                one("\"second event\""),
                one("\" third event\"")
            ]
        );
        assert_eq!(texts(Framing::Events, b"data\n\ndata\ndata\n\ndata:"), [one("\"\""), one("\"\\n\"")]);
        assert_eq!(texts(Framing::Events, b"data:test\n\ndata: test\n\n"), [one("\"test\""), one("\"test\"")]);
    }

    #[test]
    fn events_in_every_spelling() {
        let one = |data: &str| format!(r#"{{"event":"message","data":{data}}}"#);
        assert_eq!(
            texts(Framing::Events, b"\xef\xbb\xbfdata: a\r\n\r\ndata: b\r\rdata: c\n\n"),
            [one("\"a\""), one("\"b\""), one("\"c\"")]
        );
        assert_eq!(texts(Framing::Events, b"event: add\ndata: {\"n\": 1}\n\n"), [r#"{"event":"add","data":{"n":1}}"#]);
        assert_eq!(texts(Framing::Events, b"event: add\n\ndata: [1,\ndata: 2]\n\n"), [one("[1,2]")]);
        assert_eq!(texts(Framing::Events, b"data: 1\nretry: 10\nnonsense: x\nid: a\0b\n\n"), [one("\"1\"")]);
        assert_eq!(
            texts(Framing::Events, b"data: {not json}\n\ndata: \xff\n\n"),
            [one("\"{not json}\""), one("\"\u{fffd}\"")]
        );
        let ids = texts(Framing::Events, b"id: 7\ndata: a\n\ndata: b\n\n");
        assert_eq!(ids, [r#"{"event":"message","id":"7","data":"a"}"#, r#"{"event":"message","id":"7","data":"b"}"#]);
    }

    #[test]
    fn lines_and_sequences() {
        assert_eq!(texts(Framing::Lines, b"\xef\xbb\xbf{\"a\":1}\r\n\n  \n[2]\n3"), ["{\"a\":1}", "[2]", "3"]);
        assert_eq!(
            texts(Framing::Sequence, b"\x1e{\"a\":\n\"\\\"\x1d\"}\n\x1e[2]\n\x1e3\n"),
            ["{\"a\":\n\"\\\"\x1d\"}", "[2]", "3"]
        );
        assert_eq!(texts(Framing::Sequence, b"\x1e\x1e{\"a\":\x1e1\n"), ["{\"a\":", "1"]);
    }

    #[test]
    fn a_record_goes_out_as_soon_as_it_is_whole() {
        for (framing, text) in [
            (Framing::Events, &b"data: a\n\n"[..]),
            (Framing::Events, b"data: a\r\r"),
            (Framing::Lines, b"1\n"),
            (Framing::Sequence, b"\x1e{\n}\n"),
        ] {
            let mut splitter = Splitter::new(framing, 1000);
            splitter.push(Bytes::from_static(text));
            assert!(splitter.next().expect("it is small").is_some(), "{framing:?}");
        }
    }

    #[test]
    fn a_record_without_an_end_is_too_large() {
        for (framing, text) in [
            (Framing::Events, "data: aaaaaaaa\n".repeat(4)),
            (Framing::Events, "a".repeat(40)),
            (Framing::Lines, "a".repeat(40)),
            (Framing::Sequence, format!("\x1e{}", "[".repeat(40))),
        ] {
            let mut splitter = Splitter::new(framing, 20);
            splitter.push(Bytes::from(text));
            assert_eq!(splitter.next(), Err(TooLarge), "{framing:?}");
        }
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(body in "(data: ?|id:|event: a|:|\\{\"a\":|\\}|\\[|\\]|1|\"|\\\\|é|\u{1e}|\u{feff}|\r|\n|\r\n){0,40}", size in 1..7usize) {
            for framing in [Framing::Events, Framing::Lines, Framing::Sequence] {
                prop_assert_eq!(piecewise(framing, body.as_bytes(), size), texts(framing, body.as_bytes()));
            }
        }
    }
}
