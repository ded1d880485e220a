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

/// A well-formed answer for each of [`FORMATS`], for bytes that are nearly right.
const WELL_FORMED: [&[u8]; 13] = [
    br#"{"a": [1, {"b": "c"}]}"#,
    b"<?xml version='1.0'?><r xmlns:p='u'><a p:b='1' b='2'>t&lt;<p:b/><!-- c --><![CDATA[d]]></a></r>",
    b"a: &x [1, {b: 'c'}]\nd: *x\ne: |\n  f\n",
    b"a,b\n1,\"2\n\"\"3\"\n",
    b"a\tb\n1\t2\n",
    b"a|b\n1|2\n",
    b"<div><table><thead><tr><th>a<tbody><tr><td>b<table><tr><th>c<tr><td>d</table></table><svg><p></div>",
    b"<table><tr><th>a</th></tr><tr><td><b>x</b></td></tr></table><script>'<table>'</script>",
    b"---\na: 1\n---\n# A *b*\n\n| a | b |\n|---|---|\n| 1 | `2` |\n\n- x\n  > y\n\n```\nz\n```\n",
    b"\x02a\x02\x02\x02b\x00\x00",
    b"Obj\x01\x02\x16avro.schema\x0c\"long\"\x000123456789abcdef\x02\x02\x040123456789abcdef",
    b"\x0a\x01a\x12\x03\x0a\x01b\x1a\x05\x0a\x01k\x12\x00\x22\x02\x01\x02\x32\x01\xff\x7b\x7c",
    b"text",
];

#[test]
fn well_formed_answers_are_read() {
    for (reader, body) in readers().iter().zip(WELL_FORMED) {
        assert!(reader.read(body, None).is_ok(), "{reader:?}: {:?}", reader.read(body, None));
    }
}

proptest! {
    #[test]
    fn nearly_well_formed_bytes_do_not_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 1..6),
    ) {
        for (reader, body) in readers().iter().zip(WELL_FORMED) {
            let mut body = body.to_vec();
            for (at, byte, change) in &changes {
                let at = at.index(body.len());
                match change {
                    0 => body[at] = *byte,
                    1 => body.insert(at, *byte),
                    _ => body.truncate(at.max(1)),
                }
            }
            if let Ok(value) = reader.read(&body, None) {
                prop_assert!(depth(&value) <= 130, "{reader:?}");
            }
        }
    }
}
