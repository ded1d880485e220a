//! What a call gives.

use std::io::{self, Write};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, Version};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// The result of a call.
#[derive(Debug)]
pub struct Outcome {
    /// The outputs.
    pub outputs: Outputs,
    /// The version of HTTP that was spoken.
    pub version: Version,
    /// The status of the answer.
    pub status: StatusCode,
    /// The headers of the answer.
    pub headers: HeaderMap,
    /// What a person may want to know: a path that found nothing, a type that did not fit.
    pub notices: Vec<String>,
}

/// The outputs of a call.
#[derive(Debug)]
pub enum Outputs {
    /// Outputs by name, in the order of the document.
    Named(Vec<(String, Output)>),
    /// The body itself, where the document declares no outputs.
    Body(Output),
    /// The answer had no body, and the document declares no outputs.
    Empty,
}

/// One output.
#[derive(Debug)]
pub enum Output {
    /// JSON as it came: checked, but not taken apart.
    Raw(Box<RawValue>),
    /// JSON that was taken apart.
    Value(Value),
    /// A whole answer in another format, as it came and as a tree.
    Document {
        /// The answer as it came.
        bytes: Bytes,
        /// What it says.
        value: Value,
    },
    /// Bytes that are not taken apart.
    Bytes(Bytes),
}

impl Output {
    /// The output as a tree. Bytes that are no UTF-8 are replaced where they are none.
    pub fn to_value(&self) -> Value {
        match self {
            Output::Raw(raw) => serde_json::from_str(raw.get()).unwrap_or(Value::Null),
            Output::Value(value) | Output::Document { value, .. } => value.clone(),
            Output::Bytes(bytes) => Value::String(String::from_utf8_lossy(bytes).into_owned()),
        }
    }

    fn write_json(&self, out: &mut dyn Write, pretty: bool) -> io::Result<()> {
        match self {
            Output::Raw(raw) if !pretty => write_compact(out, raw.get()),
            Output::Value(value) | Output::Document { value, .. } if !pretty => {
                serde_json::to_writer(out, value).map_err(io::Error::from)
            }
            Output::Raw(_) | Output::Value(_) | Output::Document { .. } | Output::Bytes(_) => {
                let value = self.to_value();
                let done =
                    if pretty { serde_json::to_writer_pretty(out, &value) } else { serde_json::to_writer(out, &value) };
                done.map_err(io::Error::from)
            }
        }
    }
}

impl Outputs {
    /// The outputs as a tree: an object by name, or the body. Nothing is null.
    pub fn to_value(&self) -> Value {
        match self {
            Outputs::Named(outputs) => {
                let members: Map<String, Value> = outputs.iter().map(|(n, o)| (n.clone(), o.to_value())).collect();
                Value::Object(members)
            }
            Outputs::Body(output) => output.to_value(),
            Outputs::Empty => Value::Null,
        }
    }

    /// Writes the outputs as JSON, without a line end. What was passed through is not taken apart
    /// unless it is to be pretty.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_json(&self, out: &mut dyn Write, pretty: bool) -> io::Result<()> {
        match self {
            Outputs::Named(outputs) if !pretty => {
                out.write_all(b"{")?;
                for (i, (name, output)) in outputs.iter().enumerate() {
                    if i > 0 {
                        out.write_all(b",")?;
                    }
                    serde_json::to_writer(&mut *out, name)?;
                    out.write_all(b":")?;
                    output.write_json(out, false)?;
                }
                out.write_all(b"}")
            }
            Outputs::Named(_) => serde_json::to_writer_pretty(out, &self.to_value()).map_err(io::Error::from),
            Outputs::Body(output) => output.write_json(out, pretty),
            Outputs::Empty => Ok(()),
        }
    }
}

/// Writes JSON text without the white space between its tokens (RFC 8259, section 2).
pub(crate) fn write_compact(out: &mut dyn Write, text: &str) -> io::Result<()> {
    let bytes = text.as_bytes();
    let mut from = 0;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            byte if IS_PLAIN[byte as usize] => at += 1,
            b'"' => at = string_end(bytes, at),
            b' ' | b'\t' | b'\n' | b'\r' => {
                out.write_all(&bytes[from..at])?;
                while at < bytes.len() && matches!(bytes[at], b' ' | b'\t' | b'\n' | b'\r') {
                    at += 1;
                }
                from = at;
            }
            _ => at += 1,
        }
    }
    out.write_all(&bytes[from.min(bytes.len())..])
}

/// Bytes outside texts that are written as they are, one by one: the most.
const IS_PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let others = b"\" \t\n\r";
    let mut at = 0;
    while at < others.len() {
        plain[others[at] as usize] = false;
        at += 1;
    }
    plain
};

/// One past the quote that closes the string which begins at `at`.
fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn compact_json_means_the_same(text in r#"[\[\]{}",: \t\na1\\]{0,40}"#) {
            if let Ok(value) = serde_json::from_str::<Value>(&text) {
                let mut out = Vec::new();
                write_compact(&mut out, &text).expect("a vector takes all");
                prop_assert_eq!(serde_json::from_slice::<Value>(&out).expect("still JSON"), value);
            }
        }
    }

    #[test]
    fn white_space_inside_strings_stays() {
        let mut out = Vec::new();
        write_compact(&mut out, "{ \"a b\" : [ 1 ,\n \"\\\" c\" ] }").expect("a vector takes all");
        assert_eq!(String::from_utf8_lossy(&out), r#"{"a b":[1,"\" c"]}"#);
    }
}
