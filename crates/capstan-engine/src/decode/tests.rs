//! Rules that hold for every reader and any bytes.

use std::path::Path;

use capstan_spec::document::RawFormat;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Reader, SchemaFolder};
use crate::bindings::MapFiles;

const AVSC: &str = r#"{"type": "record", "name": "r", "fields": [
    {"name": "s", "type": "string"}, {"name": "l", "type": {"type": "array", "items": ["null", "r"]}}]}"#;
const PROTO: &str = r#"syntax = "proto3"; message R { string s = 1; repeated R r = 2; map<string, R> m = 3;
    repeated sint64 n = 4; oneof o { R a = 5; bytes b = 6; } }"#;

const FORMATS: [(RawFormat, Option<&str>); 13] = [
    (RawFormat::Json, None),
    (RawFormat::Xml, None),
    (RawFormat::Yaml, None),
    (RawFormat::Csv, None),
    (RawFormat::Tsv, None),
    (RawFormat::Psv, None),
    (RawFormat::Html, Some("div, table")),
    (RawFormat::Html, None),
    (RawFormat::Markdown, Some("A")),
    (RawFormat::Avro, Some("r.avsc")),
    (RawFormat::Avro, None),
    (RawFormat::Protobuf, Some("r.proto")),
    (RawFormat::Text, None),
];

fn readers() -> Vec<Reader> {
    let files = MapFiles::from_iter([("r.avsc", AVSC), ("r.proto", PROTO)].map(|(n, t)| (n, t.as_bytes())));
    let folder = SchemaFolder { files: &files, folder: Path::new("") };
    let compile = |(format, schema)| Reader::compile(format, schema, &folder).expect("the schemas are good");
    FORMATS.map(compile).into()
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(elements) => 1 + elements.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 1,
    }
}

proptest! {
    #[test]
    fn no_bytes_panic_and_no_tree_is_too_deep(bytes: Vec<u8>, text in "[<>/a-c&;'\"=\\[\\]{}:,|*#\\-\n\t !?\u{e9}0-9]{0,60}") {
        for reader in readers() {
            for body in [bytes.as_slice(), text.as_bytes()] {
                if let Ok(value) = reader.read(body, Some("text/plain; charset=utf-16le")) {
                    prop_assert!(depth(&value) <= 130, "{reader:?}");
                }
                if let Ok(value) = reader.read(body, None) {
                    prop_assert!(depth(&value) <= 130, "{reader:?}");
                }
            }
        }
    }
}

#[test]
fn malformed_protobuf_has_its_byte() {
    let readers = readers();
    let reader = &readers[11];
    let error = |bytes: &[u8]| reader.read(bytes, None).expect_err("it is malformed").to_string();
    assert_eq!(error(&[0x0a, 0x05, b'a']), "byte 1: found the length 5, expected 1 at most");
    assert_eq!(error(&[0x0a, 0x01, 0xff]), "byte 2: found a byte that is no text in UTF-8");
    assert_eq!(error(&[0x08, 0x01]), "byte 1: found the wire type 0 for the field `s`, expected 2");
    assert_eq!(error(&[0x00]), "byte 0: found the number of no field");
    assert_eq!(error(&[0x0f]), "byte 1: found the wire type 7 for the field `s`, expected 2");
    assert_eq!(error(&[0x80]), "byte 1: found the end after 0 bytes, expected 1");
    assert!(error(&[0x12, 0x00].repeat(3_000_000)).contains("more values than can be held"));
}

#[test]
fn protobuf_in_pieces_is_one_message() {
    let readers = readers();
    // a { s: "x" }, then a { n: 1 }: the specification of the encoding, "Last One Wins".
    let bytes = [0x2a, 0x03, 0x0a, 0x01, b'x', 0x2a, 0x02, 0x20, 0x02, 0x78, 0x01];
    let value = readers[11].read(&bytes, None).expect("it is a message");
    assert_eq!(value, json!({"s": "", "r": [], "m": {}, "n": [], "a": {"s": "x", "r": [], "m": {}, "n": [1]}}));
    let value = readers[11].read(&[0x2a, 0x00, 0x32, 0x01, 0xff], None).expect("it is a message");
    assert_eq!(value["b"], json!("/w=="));
    assert_eq!(value.get("a"), None);
}
