//! An answer in any format: nothing panics, and no tree is deeper than its limit. The first byte
//! chooses the reader and the charset, the rest is the answer.
//!
//! Run with `cargo +nightly fuzz run --fuzz-dir tests/fuzz decoders`.

#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use capstan_engine::bindings::MapFiles;
use capstan_engine::decode::{Reader, SchemaFolder};
use capstan_engine::spec::document::RawFormat;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const AVSC: &str = r#"{"type": "record", "name": "r", "fields": [
    {"name": "s", "type": "string"}, {"name": "d", "type": {"type": "bytes", "logicalType": "decimal", "scale": 3}},
    {"name": "m", "type": {"type": "map", "values": "double"}},
    {"name": "l", "type": {"type": "array", "items": ["null", "r"]}}]}"#;
const PROTO: &str = r#"syntax = "proto3"; message R { string s = 1; repeated R r = 2; map<string, R> m = 3;
    repeated sint64 n = 4; oneof o { R a = 5; bytes b = 6; } float f = 7; }"#;

const FORMATS: [(RawFormat, Option<&str>); 13] = [
    (RawFormat::Json, None),
    (RawFormat::Xml, None),
    (RawFormat::Yaml, None),
    (RawFormat::Csv, None),
    (RawFormat::Tsv, None),
    (RawFormat::Psv, None),
    (RawFormat::Html, Some("div > table, .x")),
    (RawFormat::Html, None),
    (RawFormat::Markdown, None),
    (RawFormat::Avro, Some("r.avsc")),
    (RawFormat::Avro, None),
    (RawFormat::Protobuf, Some("r.proto")),
    (RawFormat::Text, None),
];

const CHARSETS: [Option<&str>; 3] = [None, Some("text/plain; charset=utf-16be"), Some("text/plain; charset=gb18030")];

/// A level or two more than the limit of the values themselves: readers put tables into lists.
const DEPTH_MAX: usize = 130;

static READERS: LazyLock<Vec<Reader>> = LazyLock::new(|| {
    let files = MapFiles::from_iter([("r.avsc", AVSC.as_bytes()), ("r.proto", PROTO.as_bytes())]);
    let folder = SchemaFolder { files: &files, folder: Path::new("") };
    let compile = |(format, schema)| Reader::compile(format, schema, &folder).expect("the schemas are good");
    FORMATS.map(compile).into()
});

fuzz_target!(|input: &[u8]| {
    let Some((first, body)) = input.split_first() else { return };
    let reader = &READERS[usize::from(*first) % READERS.len()];
    let charset = CHARSETS[usize::from(*first) / READERS.len() % CHARSETS.len()];
    match reader.read(body, charset) {
        Ok(value) => assert!(depth(&value) <= DEPTH_MAX),
        Err(malformed) => drop(malformed.to_string()),
    }
});

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(elements) => 1 + elements.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 1,
    }
}
