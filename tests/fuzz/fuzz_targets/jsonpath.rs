//! A path in the first line, a document in the rest: nothing panics, a suggested spelling means
//! the same, and a projection finds what reading the whole text finds.
//!
//! Run with `cargo +nightly fuzz run --fuzz-dir tests/fuzz jsonpath`.

#![no_main]

use capstan_engine::jsonpath::{JsonPath, project};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: &str| {
    let (text, document) = input.split_once('\n').unwrap_or((input, FALLBACK));
    let Ok(path) = JsonPath::compile(text) else { return };
    if let Some(spelling) = path.is_legacy() {
        let standard = JsonPath::compile(spelling).expect("a suggested spelling compiles");
        assert_eq!(standard.is_legacy(), None);
    }
    // Every `..` multiplies the nodes; what a text this long may take is the author's affair.
    if text.matches("..").count() > 2 {
        return;
    }
    let Ok(document_value) = serde_json::from_str::<Value>(document) else { return };
    let selected = path.select(&document_value).to_value();
    let projected = project(document.as_bytes(), &[&path]).expect("the whole text was read");
    assert_eq!(projected, [selected]);
});

const FALLBACK: &str = r#"{"a":{"b":[1,2.5,"x",null,{"a":true}]},"a-b":[[],{}],"":-1}"#;
