//! What holds for all input: our evaluation equals the library's on plain paths, a projection
//! equals reading the whole text, and no text panics.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use crate::jsonpath::{JsonPath, lower, plain, project};

/// Names that documents and paths share, so that paths find something.
fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "d e", "f-g", "é", ""]).prop_map(str::to_owned)
}

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..4).prop_map(Value::from),
        prop::sample::select(vec![0.5, 1.0, -2.25]).prop_map(Value::from),
        name().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..5).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn quoted(name: &str) -> String {
    format!("['{name}']")
}

fn slice() -> impl Strategy<Value = String> {
    let bound = || prop::option::of(-5_i64..6);
    (bound(), bound(), bound()).prop_map(|(start, end, step)| {
        let text = |bound: Option<i64>| bound.map_or(String::new(), |bound| bound.to_string());
        format!("[{}:{}:{}]", text(start), text(end), text(step))
    })
}

fn singular_step() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => name().prop_map(|name| quoted(&name)),
        2 => prop::sample::select(vec![".a", ".b", ".é"]).prop_map(str::to_owned),
        2 => (-4_i64..5).prop_map(|index| format!("[{index}]")),
    ]
}

fn plain_step() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => singular_step(),
        2 => prop::sample::select(vec!["[*]", ".*", "..*", "..a", "..b", "..[0]"]).prop_map(str::to_owned),
        1 => name().prop_map(|name| format!("..{}", quoted(&name))),
        1 => slice(),
    ]
}

fn path(step: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    prop::collection::vec(step, 0..5).prop_map(|steps| format!("${}", steps.concat()))
}

fn filter_path() -> impl Strategy<Value = String> {
    let operator = prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let right = prop::sample::select(vec!["1", "0.5", "'a'", "null", "true", "$.a", "@[0]"]);
    let condition = prop_oneof![
        path(plain_step()).prop_map(|path| path.replacen('$', "@", 1)),
        (path(singular_step()), operator, right)
            .prop_map(|(path, operator, right)| format!("{}{operator}{right}", path.replacen('$', "@", 1))),
    ];
    let joined = (condition.clone(), prop::sample::select(vec!["&&", "||"]), condition, any::<bool>())
        .prop_map(|(left, operator, right, not)| format!("{}({left} {operator} {right})", if not { "!" } else { "" }));
    (path(plain_step()), joined, path(plain_step()))
        .prop_map(|(before, condition, after)| format!("{before}[?{condition}]{}", &after[1..]))
}

/// Texts of the characters that paths are made of.
fn path_like() -> impl Strategy<Value = String> {
    let pieces = vec![
        "$",
        "@",
        ".",
        "..",
        "[",
        "]",
        "(",
        ")",
        "?",
        "*",
        "'",
        "\"",
        "\\",
        "\\u00e9",
        ":",
        ",",
        " ",
        "a",
        "a-b",
        "é",
        "0",
        "-1",
        "==",
        "<",
        "&&",
        "||",
        "!",
        "length(",
        "count(",
        "match(",
        ".length()",
        "'a'",
        "[?",
        "\n",
        "{",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..24).prop_map(|pieces| pieces.concat())
}

#[track_caller]
fn assert_equals_library(text: &str, document: &Value) {
    let ours = JsonPath::compile_strict(text).expect("generated paths are valid");
    let theirs = jsonpath_rust::JsonPath::query(document, text).expect("generated paths are valid");
    assert_eq!(ours.nodes(document), theirs, "{text} on {document}");
}

/// Writes members twice over, the earlier ones with the value `0`.
fn with_repeated_names(value: &Value) -> String {
    match value {
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(with_repeated_names).collect();
            format!("[{}]", elements.join(","))
        }
        Value::Object(members) => {
            let repeated = members.keys().map(|name| format!("{}:[{{\"a\":0}}]", Value::from(name.as_str())));
            let last = members
                .iter()
                .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), with_repeated_names(value)));
            let all: Vec<String> = repeated.chain(last).collect();
            format!("{{{}}}", all.join(","))
        }
        scalar => scalar.to_string(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn plain_paths_equal_the_library(text in path(plain_step()), document in document()) {
        assert_equals_library(&text, &document);
    }

    #[test]
    fn plain_paths_need_no_parser(text in prop_oneof![path_like(), r"\$?([.]{0,2}[a-c0-9é_ -]{0,2}){0,3}"]) {
        if let Some(steps) = plain::steps(&text) {
            let query = lower::compile(&text).expect("a plain path is standard");
            prop_assert_eq!(query.to_singular(), Some(steps));
        }
    }

    #[test]
    fn filters_equal_the_library(text in filter_path(), document in document()) {
        assert_equals_library(&text, &document);
    }

    #[test]
    fn a_projection_equals_reading_the_whole(
        texts in prop::collection::vec(path(singular_step()), 1..5),
        document in document(),
    ) {
        let paths: Vec<JsonPath> = texts
            .iter()
            .map(|text| JsonPath::compile(text).expect("generated paths are valid"))
            .collect();
        let paths: Vec<&JsonPath> = paths.iter().collect();
        let text = with_repeated_names(&document);
        let whole: Value = serde_json::from_str(&text).expect("it is JSON");
        let expected: Vec<_> = paths.iter().map(|path| path.select(&whole).to_value()).collect();
        prop_assert_eq!(project(text.as_bytes(), &paths).expect("it is JSON"), expected);
    }

    #[test]
    fn no_text_panics(text in prop_oneof![path_like(), any::<String>()], document in document()) {
        if let Ok(path) = JsonPath::compile(&text) {
            let _ = path.select(&document).to_value(); // only a panic fails this test
        }
    }

    #[test]
    fn the_standard_spelling_means_the_same(text in path_like(), document in document()) {
        let Ok(path) = JsonPath::compile(&text) else { return Ok(()) };
        if let Some(spelling) = path.is_legacy() {
            let standard = JsonPath::compile(spelling).expect("a suggested spelling compiles");
            prop_assert_eq!(standard.is_legacy(), None);
            prop_assert_eq!(standard.select(&document), path.select(&document));
        }
    }

    #[test]
    fn any_name_is_found_when_spelt_bare(
        names in prop::collection::btree_map("[a-z0-9 @$:/#é-]{1,6}", 0_i64..9, 1..4),
    ) {
        let names: BTreeMap<String, i64> =
            names.into_iter().map(|(name, value)| (name.trim().to_owned(), value)).filter(|(name, _)| !name.is_empty()).collect();
        let document: Value = names.iter().map(|(name, value)| (name.clone(), Value::from(*value))).collect();
        for (name, value) in &names {
            let path = JsonPath::compile(&format!("$.{name}")).expect("a bare name");
            prop_assert_eq!(path.select(&document).to_value(), Some(Value::from(*value)));
        }
    }
}
