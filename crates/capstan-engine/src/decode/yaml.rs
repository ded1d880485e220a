//! YAML 1.2, the first document only, with the types of its core schema. Keys are texts, a merge
//! key (`<<`) is a key like others, tags other than those of the core types are passed over.
//! Aliases are expanded within the weight that a tree may have.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use serde_json::{Map, Number, Value};

use super::budget::Budget;
use super::malformed::{Malformed, Place};

/// Reads the first document.
pub(super) fn read(text: &str) -> Result<Value, Malformed> {
    let parser = Parser::new_from_str(text);
    let mut reader = Reader { parser, anchors: HashMap::new(), budget: Budget::default() };
    loop {
        match reader.next()? {
            (Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _) => {}
            (Event::StreamEnd | Event::DocumentEnd, _) => return Ok(Value::Null),
            (event, span) => return reader.value(event, span, 1),
        }
    }
}

struct Reader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    anchors: HashMap<usize, Anchored>,
    budget: Budget,
}

/// A value that an alias may repeat.
struct Anchored {
    value: Value,
    weight: usize,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Span), Malformed> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(malformed(&error)),
            None => Err(Malformed::whole("the answer ends too early")),
        }
    }

    fn value(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Value, Malformed> {
        self.budget.value().map_err(|what| at(span, what))?;
        self.budget.depth(depth).map_err(|what| at(span, what))?;
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => (scalar(&text, style, tag.as_deref()), anchor),
            Event::MappingStart(anchor, _) => (self.mapping(depth)?, anchor),
            Event::SequenceStart(anchor, _) => (self.sequence(depth)?, anchor),
            Event::Alias(id) => return self.repeated(id, span, depth),
            _ => return Err(at(span, "expected a value")),
        };
        if anchor != 0 {
            let (weight, height) = measured(&value);
            // The copy for the aliases is a value of the tree as well.
            self.budget.take(weight).map_err(|what| at(span, what))?;
            self.anchors.insert(anchor, Anchored { value: value.clone(), weight, depth: height });
        }
        Ok(value)
    }

    fn repeated(&mut self, id: usize, span: Span, depth: usize) -> Result<Value, Malformed> {
        // An anchor within itself is not there yet.
        let anchored = self.anchors.get(&id).ok_or_else(|| at(span, "found an alias of what contains it"))?;
        self.budget.take(anchored.weight).map_err(|what| at(span, what))?;
        self.budget.depth(depth + anchored.depth).map_err(|what| at(span, what))?;
        Ok(anchored.value.clone())
    }

    fn sequence(&mut self, depth: usize) -> Result<Value, Malformed> {
        let mut elements = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::Array(elements)),
                (event, span) => elements.push(self.value(event, span, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Value, Malformed> {
        let mut members = Map::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Value::Object(members));
            }
            let key = match event {
                Event::Scalar(text, ..) => text.into_owned(),
                Event::Alias(_) => match self.value(event, span, depth + 1)? {
                    Value::String(text) => text,
                    other => other.to_string(),
                },
                _ => return Err(at(span, "found a key that is a collection, expected a text")),
            };
            let (event, span) = self.next()?;
            let value = self.value(event, span, depth + 1)?;
            members.insert(key, value);
        }
    }
}

fn at(span: Span, what: impl Into<String>) -> Malformed {
    Malformed { place: Place::Line(span.start.line(), span.start.col() + 1), what: what.into() }
}

fn malformed(error: &ScanError) -> Malformed {
    let mark = error.marker();
    Malformed { place: Place::Line(mark.line(), mark.col() + 1), what: error.info().to_owned() }
}

/// The weight of a value and how deep it is. Recursion ends at the depth that the reader allows.
fn measured(value: &Value) -> (usize, usize) {
    let sum = |all: &mut dyn Iterator<Item = (usize, usize)>| {
        all.fold((1, 1), |(weight, depth), (w, d)| (weight + w, depth.max(d + 1)))
    };
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => (1, 1),
        Value::String(text) => (1 + text.len() / 64, 1),
        Value::Array(elements) => sum(&mut elements.iter().map(measured)),
        Value::Object(members) => sum(&mut members.iter().map(|(key, value)| {
            let (weight, depth) = measured(value);
            (weight + key.len() / 64, depth)
        })),
    }
}

/// A scalar by the core schema (YAML 1.2, section 10.3.2).
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let core = tag.filter(|tag| tag.is_yaml_core_schema()).map(|tag| tag.suffix.as_ref());
    if core == Some("str") || (style != ScalarStyle::Plain && core.is_none()) {
        return text.into();
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        _ => number(text).map_or_else(|| text.into(), Value::Number),
    }
}

/// A number. One that JSON does not have (`.inf`, `.nan`) stays a text.
fn number(text: &str) -> Option<Number> {
    if let Some(hex) = text.strip_prefix("0x") {
        return hex
            .bytes()
            .all(|b| b.is_ascii_hexdigit())
            .then(|| u64::from_str_radix(hex, 16).ok())?
            .map(Number::from);
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return octal
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| u64::from_str_radix(octal, 8).ok())?
            .map(Number::from);
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let begins = digits.strip_prefix('.').unwrap_or(digits).starts_with(|c: char| c.is_ascii_digit());
    if !begins || !digits.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) {
        return None;
    }
    let integer = text.strip_prefix('+').unwrap_or(text);
    let integer = integer.parse::<i64>().map(Number::from).or_else(|_| integer.parse::<u64>().map(Number::from));
    integer.ok().or_else(|| Number::from_f64(text.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn error(text: &str) -> String {
        read(text).expect_err("it is malformed").to_string()
    }

    #[test]
    fn scalars_have_the_types_of_the_core_schema() {
        let text =
            "[1, -2, 0x1f, 0o17, 1.5, 1e3, .5, true, no, ~, 'no', \"1\", 1.2.3, 2024-05-06, .inf, 007, !!str 1, !x y]";
        let value = json!([
            1,
            -2,
            31,
            15,
            1.5,
            1000.0,
            0.5,
            true,
            "no",
            null,
            "no",
            "1",
            "1.2.3",
            "2024-05-06",
            ".inf",
            7,
            "1",
            "y"
        ]);
        assert_eq!(read(text), Ok(value));
    }

    #[test]
    fn the_first_document_counts() {
        assert_eq!(read("---\na: {b: [1]}\n2: x\n---\nother"), Ok(json!({"a": {"b": [1]}, "2": "x"})));
        assert_eq!(read("# nothing\n"), Ok(Value::Null));
        assert_eq!(read("a: &x {b: 1}\nc: *x"), Ok(json!({"a": {"b": 1}, "c": {"b": 1}})));
    }

    #[test]
    fn what_is_no_yaml_has_a_place() {
        assert!(error("a: 1\nb: [1, 2\n").starts_with("line "), "{}", error("a: 1\nb: [1, 2\n"));
        assert!(error("a: 1\n b: 2\n").starts_with("line 2, column "), "{}", error("a: 1\n b: 2\n"));
        assert_eq!(error("a: *x\n").split(':').next(), Some("line 1, column 4"));
        assert_eq!(error("? [a]\n: 1"), "line 1, column 3: found a key that is a collection, expected a text");
    }

    #[test]
    fn aliases_and_depth_are_bounded() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let row = vec![format!("*a{}", level - 1); 8].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{row}]\n"));
        }
        assert!(error(&bomb).contains("more values than can be held"));
        assert!(error(&"[".repeat(200)).contains("deeper than 128 levels"));
        assert!(read("a: &a [*a]").is_err());
        assert!(read("a: &a [*a]").is_err());
    }
}
