//! Runs `cases.json`: paths of our own against one document.

use serde_json::{Value, json};

use crate::jsonpath::{FUNCTION_NESTING_MAX, JsonPath, NESTING_MAX, SingularStep, TEXT_BYTES_MAX, project};

#[test]
fn every_case_of_the_file() {
    let file: Value = serde_json::from_str(include_str!("cases.json")).expect("the file is JSON");
    let cases = file["cases"].as_array().expect("the file lists cases");
    let failures: Vec<String> = cases.iter().flat_map(|case| failures(&file["document"], case)).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn failures(document: &Value, case: &Value) -> Vec<String> {
    let text = case["path"].as_str().expect("a case has a path");
    let found = match JsonPath::compile(text) {
        Ok(path) => observe(document, case, &path),
        Err(error) => vec![("error", json!(error.to_string()))],
    };
    found
        .into_iter()
        .filter(|(key, found)| case.get(key).unwrap_or(&Value::Null) != found)
        .map(|(key, found)| format!("`{text}`: {key} is {found}, not {}", case[key]))
        .collect()
}

/// Everything that a case may state of a path; what it leaves out is null.
fn observe(document: &Value, case: &Value, path: &JsonPath) -> Vec<(&'static str, Value)> {
    let selected = path.select(document).to_value();
    let text = serde_json::to_vec(document).expect("a value can be written");
    let projected = project(&text, &[path]).expect("it is JSON");
    assert_eq!(projected, std::slice::from_ref(&selected), "{path}");

    let nodes = path.nodes(document).into_iter().cloned().collect();
    let mut found = vec![("error", Value::Null), ("standard", json!(path.is_legacy()))];
    if path.is_root() {
        found.push(("is_root", json!(true)));
    } else {
        found.push(("select", selected.unwrap_or_default()));
    }
    if case.get("nodes").is_some() {
        found.push(("nodes", nodes));
    }
    found
}

#[test]
fn singular_paths_show_their_steps() {
    let path = JsonPath::compile("a-b[-1]").expect("a path");
    let steps = [SingularStep::Name("a-b".to_owned()), SingularStep::Index(-1)];
    assert_eq!(path.singular_steps(), Some(&steps[..]));
    assert!(path.is_singular());
    for indefinite in ["$.*", "$[0,1]", "$[0:1]", "$..a", "$[?@]"] {
        let path = JsonPath::compile(indefinite).expect("a path");
        assert!(!path.is_singular() && path.singular_steps().is_none(), "{path}");
    }
    let measured = JsonPath::compile("$.a.length()").expect("a path");
    assert!(measured.is_singular() && measured.singular_steps().is_none());
}

#[test]
fn bounds_are_kept_and_explained() {
    let fits = format!("${}", "[0]".repeat((TEXT_BYTES_MAX - 1) / 3));
    assert!(JsonPath::compile(&fits).is_ok());
    let long = format!("$.{}", "a".repeat(TEXT_BYTES_MAX));
    let error = JsonPath::compile(&long).expect_err("too long");
    assert_eq!(error.message(), "the path has 4098 bytes, and at most 4096 are supported");

    let nested = |depth: usize| format!("${}@{}", "[?(@".repeat(depth), ")]".repeat(depth));
    let error = JsonPath::compile(&nested(NESTING_MAX)).expect_err("too deep");
    assert_eq!(error.message(), "more than 64 brackets are open at once");

    let filters = |depth: usize| format!("$[?@{}]", "[?@".repeat(depth - 1) + &"]".repeat(depth - 1));
    let deepest = JsonPath::compile(&filters(NESTING_MAX)).expect("as deep as allowed");
    assert!(deepest.nodes(&json!([[[[1]]]])).is_empty());
    let parentheses = NESTING_MAX - 1;
    let deepest = format!("$[?{}@{}]", "(".repeat(parentheses), ")".repeat(parentheses));
    assert!(JsonPath::compile(&deepest).is_ok());

    let calls = |depth: usize| format!("$[?{}@{} == 1]", "length(".repeat(depth), ")".repeat(depth));
    assert!(JsonPath::compile(&calls(FUNCTION_NESTING_MAX)).is_ok());
    let error = JsonPath::compile(&calls(FUNCTION_NESTING_MAX + 1)).expect_err("too deep");
    assert_eq!(error.message(), "more than 4 functions are open at once");
}

#[test]
fn numbers_are_compared_by_value() {
    let document = json!([1, 1.0, 1e-20, [1], [1.0], 9007199254740993_i64, u64::MAX]);
    let matches = |path: &str| {
        let path = JsonPath::compile(path).expect("a path");
        path.nodes(&document).len()
    };
    assert_eq!(matches("$[?@ == 1]"), 2);
    assert_eq!(matches("$[?@ == 0]"), 0);
    assert_eq!(matches("$[?@ == $[3]]"), 2);
    assert_eq!(matches("$[?@ > $[5]]"), 1);
    assert_eq!(matches("$[?@ >= 9007199254740991]"), 2);
}

#[test]
fn projection_reads_nested_and_repeated_wants() {
    let text = br#"{"a": {"b": [10, {"c": 1}], "x": 2}, "skip": [{}, "\ud800", 1e999], "n": null}"#;
    assert_projected(
        text,
        &["$.a.b[1].c", "$.a.b", "$.n", "$.a.b[0]", "$.a.none", "$.a.b"],
        json!([1, [10, {"c": 1}], null, 10, "absent", [10, {"c": 1}]]),
    );
}

#[test]
fn projection_lets_the_last_of_equal_names_win() {
    let text = br#"{"a": {"b": 1}, "a": {"c": 2}, "d": [1], "d": 3}"#;
    assert_projected(text, &["$.a.b", "$.a.c", "$.d[0]"], json!(["absent", 2, "absent"]));
}

#[test]
fn projection_refuses_what_is_not_one_document() {
    let path = JsonPath::compile("$.a").expect("a path");
    for text in ["", "{\"a\": 1} x", "{\"a\": 1", "{\"a\": 1}{\"a\": 2}", "{\"b\": [1,]}", "[1 2]"] {
        assert!(project(text.as_bytes(), &[&path]).is_err(), "{text}");
    }
}

/// `"absent"` stands for a path that finds nothing.
#[track_caller]
fn assert_projected(text: &[u8], paths: &[&str], expected: Value) {
    let paths: Vec<JsonPath> = paths.iter().map(|path| JsonPath::compile(path).expect("a path")).collect();
    let paths: Vec<&JsonPath> = paths.iter().collect();
    let found = project(text, &paths).expect("it is JSON");
    let found: Value = found.into_iter().map(|value| value.unwrap_or(json!("absent"))).collect();
    assert_eq!(found, expected);
}
