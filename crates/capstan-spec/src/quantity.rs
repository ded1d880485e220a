//! Times, sizes and numbers as people write them: `500ms`, `30s`, `10MiB`. One reading for documents,
//! settings and flags.

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::limits;
use crate::reader::{FromYaml, Reader};
use crate::source::Spanned;
use crate::yaml::Node;

/// Reads a time: a number with `ms`, `s`, `m` or `h`; without a unit, seconds.
///
/// # Errors
/// A sentence that says what is wrong with the text. A time of zero is wrong: it leaves none.
pub fn time(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let seconds = match unit {
        "ms" => 0.001,
        "" | "s" | "sec" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err(format!("`{unit}` is not a unit of time; write 500ms, 30s or 2m")),
    };
    let number: f64 = number.parse().map_err(|_| "write a time such as 500ms, 30s or 2m".to_owned())?;
    let duration = Duration::try_from_secs_f64(number * seconds).map_err(|_| "that is too long".to_owned())?;
    if duration > limits::TIME_MAX {
        return Err("that is too long".to_owned());
    }
    if duration.is_zero() { Err("a time of zero leaves none".to_owned()) } else { Ok(duration) }
}

/// Reads a size in bytes: a number with `B`, `KB`, `KiB`, `MB`, `MiB`, `GB` or `GiB`; without a
/// unit, bytes. Fractions of a byte are dropped.
///
/// # Errors
/// A sentence that says what is wrong with the text.
pub fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text);
    let bytes = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kib" => 1024.0,
        "kb" => 1e3,
        "m" | "mib" => 1024.0 * 1024.0,
        "mb" => 1e6,
        "g" | "gib" => 1024.0 * 1024.0 * 1024.0,
        "gb" => 1e9,
        _ => return Err(format!("`{unit}` is not a unit of size; write 64MiB, 500KB or a number of bytes")),
    };
    let number: f64 = number.parse().map_err(|_| "write a size such as 64MiB".to_owned())?;
    Ok((number * bytes) as u64)
}

fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let at = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    (number, unit.trim())
}

/// A time in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub Duration);

/// A size in a document, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

impl FromYaml for Spanned<Time> {
    fn read(node: &Node<'_>, cx: &mut Reader<'_>) -> Option<Self> {
        let read = node.as_text().and_then(|text| time(text).ok());
        quantity(read.map(Time), node, "a time such as `30s`", cx)
    }
}

impl FromYaml for Spanned<Size> {
    fn read(node: &Node<'_>, cx: &mut Reader<'_>) -> Option<Self> {
        let read = node.as_text().and_then(|text| size(text).ok());
        quantity(read.map(Size), node, "a size such as `64MiB`", cx)
    }
}

/// A number of things of which there must be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count(pub u32);

impl FromYaml for Spanned<Count> {
    fn read(node: &Node<'_>, cx: &mut Reader<'_>) -> Option<Self> {
        let count = node.as_text().and_then(|text| text.parse().ok()).filter(|count| *count > 0);
        quantity(count.map(Count), node, "a whole number, one or more", cx)
    }
}

impl JsonSchema for Count {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Count".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": u32::MAX })
    }
}

/// What a node was read as; where it is no such thing, that is reported.
pub(crate) fn quantity<T>(read: Option<T>, node: &Node<'_>, expected: &str, cx: &mut Reader<'_>) -> Option<Spanned<T>> {
    if read.is_none() {
        cx.wrong_type(node, expected);
    }
    read.map(|value| Spanned::new(value, node.span))
}

impl JsonSchema for Time {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        quantity_schema("^[0-9]+(\\.[0-9]+)? *(ms|s|sec|m|min|h)?$")
    }
}

impl JsonSchema for Size {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        quantity_schema("^[0-9]+(\\.[0-9]+)? *([kKmMgG]([iI]?[bB])?|[bB])?$")
    }
}

fn quantity_schema(pattern: &str) -> Schema {
    json_schema!({ "anyOf": [{ "type": "string", "pattern": pattern }, { "type": "number", "minimum": 0 }] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes() {
        assert_eq!(time("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(time("30"), Ok(Duration::from_secs(30)));
        assert_eq!(time("1.5 m"), Ok(Duration::from_secs(90)));
        assert!(time("4000000000000000h").is_err() && time("876000h").is_ok());
        assert!(time("0").is_err() && time("soon").is_err() && time("3 days").is_err());
        assert_eq!(size("64MiB"), Ok(64 * 1024 * 1024));
        assert_eq!(size("1000"), Ok(1000));
        assert!(size("big").is_err());
    }
}
