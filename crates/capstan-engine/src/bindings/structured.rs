//! YAML and JSON as flat pairs: nested keys joined with dots, scalars spelled as written.
//!
//! Neither goes through a tree of typed values, which would turn `0.10` into 0.1 and `007`
//! into 7: YAML is read from parser events, JSON through raw values.

use std::fmt;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::values::Pairs;
use crate::limits;

/// What is wrong and, where known, in which line. It never repeats a value.
pub(super) struct Problem {
    pub(super) line: Option<usize>,
    pub(super) message: String,
}

impl Problem {
    fn at(line: usize, message: impl Into<String>) -> Self {
        Problem { line: Some(line), message: message.into() }
    }

    fn somewhere(message: impl Into<String>) -> Self {
        Problem { line: None, message: message.into() }
    }
}

/// Where a value stands: the keys and indexes above it.
type Place = Vec<String>;

/// Reads one YAML document of mappings.
pub(super) fn yaml(text: &str) -> Result<Pairs, Problem> {
    let mut reader = YamlReader { parser: Parser::new_from_str(text), pairs: Pairs::default() };
    match reader.document_start()? {
        None => {}
        Some((Event::MappingStart(..), _)) => reader.mapping(&mut Place::new())?,
        Some((Event::Scalar(text, ScalarStyle::Plain, ..), _)) if is_null(&text) => {}
        Some((_, span)) => {
            return Err(Problem::at(line_of(span), "expected a mapping of names to values"));
        }
    }
    Ok(reader.pairs)
}

struct YamlReader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    pairs: Pairs,
}

impl<'a> YamlReader<'a> {
    /// The first event of the first document's content; `None` for an empty file.
    fn document_start(&mut self) -> Result<Option<(Event<'a>, Span)>, Problem> {
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _) => {}
                (Event::StreamEnd, _) => return Ok(None),
                content => return Ok(Some(content)),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Problem> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(scan_problem(&error)),
            None => Err(Problem::somewhere("the document ends too early")),
        }
    }

    fn mapping(&mut self, place: &mut Place) -> Result<(), Problem> {
        loop {
            match self.next()? {
                (Event::MappingEnd, _) => return Ok(()),
                (Event::Scalar(key, ..), span) => self.nested(place, key.into_owned(), span)?,
                (_, span) => return Err(Problem::at(line_of(span), "a key must be plain text")),
            }
        }
    }

    fn nested(&mut self, place: &mut Place, key: String, span: Span) -> Result<(), Problem> {
        if place.len() >= limits::BINDING_DEPTH_MAX {
            return Err(Problem::at(line_of(span), "the file is nested too deeply"));
        }
        place.push(key);
        let event = self.next()?;
        self.value(place, event)?;
        place.pop();
        Ok(())
    }

    fn value(&mut self, place: &mut Place, event: (Event<'a>, Span)) -> Result<(), Problem> {
        let (event, span) = event;
        match event {
            Event::Scalar(text, style, ..) => {
                let set = style != ScalarStyle::Plain || !is_null(&text);
                let twice = || Problem::at(line_of(span), format!("`{}` stands twice", place.join(".")));
                if set && !self.pairs.insert(place, text.into_owned()) {
                    return Err(twice());
                }
                Ok(())
            }
            Event::MappingStart(..) => self.mapping(place),
            Event::SequenceStart(..) => self.sequence(place, span),
            Event::Alias(_) => Err(Problem::at(line_of(span), "aliases are not supported in binding files")),
            _ => Err(Problem::at(line_of(span), "expected a value")),
        }
    }

    fn sequence(&mut self, place: &mut Place, span: Span) -> Result<(), Problem> {
        if place.len() >= limits::BINDING_DEPTH_MAX {
            return Err(Problem::at(line_of(span), "the file is nested too deeply"));
        }
        for index in 0_usize.. {
            let event = self.next()?;
            if matches!(event.0, Event::SequenceEnd) {
                break;
            }
            place.push(index.to_string());
            self.value(place, event)?;
            place.pop();
        }
        Ok(())
    }
}

/// The spellings of null in YAML 1.2's core schema.
fn is_null(plain: &str) -> bool {
    matches!(plain, "" | "~" | "null" | "Null" | "NULL")
}

fn line_of(span: Span) -> usize {
    span.start.line()
}

fn scan_problem(error: &ScanError) -> Problem {
    // The parser's own words: they name tokens, never what a scalar holds.
    Problem::at(error.marker().line(), error.info())
}

/// Reads one JSON object.
pub(super) fn json(text: &str) -> Result<Pairs, Problem> {
    let root: &RawValue = serde_json::from_str(text).map_err(|error| json_problem(&error))?;
    if !root.get().starts_with('{') {
        return Err(Problem::at(1, "expected an object of names to values"));
    }
    let mut pairs = Pairs::default();
    json_value(&mut pairs, &mut Place::new(), root.get())?;
    Ok(pairs)
}

fn json_value(pairs: &mut Pairs, place: &mut Place, raw: &str) -> Result<(), Problem> {
    if place.len() > limits::BINDING_DEPTH_MAX {
        return Err(Problem::somewhere("the file is nested too deeply"));
    }
    match raw.as_bytes().first() {
        Some(b'{') => {
            let Members(members) = parsed(raw)?;
            json_nested(pairs, place, members.into_iter())
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = parsed(raw)?;
            let indexed = items.into_iter().enumerate();
            json_nested(pairs, place, indexed.map(|(index, raw)| (index.to_string(), raw)))
        }
        Some(b'"') => json_scalar(pairs, place, parsed(raw)?),
        _ if raw == "null" => Ok(()),
        _ => json_scalar(pairs, place, raw.to_owned()),
    }
}

fn json_nested<'a>(
    pairs: &mut Pairs,
    place: &mut Place,
    children: impl Iterator<Item = (String, &'a RawValue)>,
) -> Result<(), Problem> {
    for (key, raw) in children {
        place.push(key);
        json_value(pairs, place, raw.get())?;
        place.pop();
    }
    Ok(())
}

fn json_scalar(pairs: &mut Pairs, place: &Place, text: String) -> Result<(), Problem> {
    match pairs.insert(place, text) {
        true => Ok(()),
        false => Err(Problem::somewhere(format!("`{}` stands twice", place.join(".")))),
    }
}

fn parsed<'a, T: Deserialize<'a>>(raw: &'a str) -> Result<T, Problem> {
    serde_json::from_str(raw).map_err(|error| json_problem(&error))
}

/// serde_json repeats values in the messages of data errors, so only the kind is told.
fn json_problem(error: &serde_json::Error) -> Problem {
    Problem::at(error.line(), "it is not JSON")
}

/// The members of an object in their order. A map would hide one that stands twice.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}
