//! The public JSONPath compliance suite, run whole and without exceptions.
//!
//! The suite's file is not part of the repository; where it is absent, the test says so.

use std::path::Path;

use serde_json::Value;

use crate::jsonpath::JsonPath;

const SUITE: &str = "../../../shared/reference/jsonpath-cts.json";

#[test]
fn the_public_suite_passes_whole() {
    let Some(suite) = read_suite() else { return };
    let tests = suite["tests"].as_array().expect("the suite lists tests");
    let failures: Vec<String> = tests.iter().filter_map(failure).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(tests.len(), 703);
}

#[expect(clippy::print_stderr, reason = "a skipped test gives its reason")]
fn read_suite() -> Option<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(SUITE);
    match std::fs::read(&file) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).expect("the suite is JSON")),
        Err(error) => {
            eprintln!("skipped: {}: {error}", file.display());
            None
        }
    }
}

fn failure(test: &Value) -> Option<String> {
    let selector = test["selector"].as_str().expect("a test has a selector");
    let strict = JsonPath::compile_strict(selector);
    let problem = match (strict, test["invalid_selector"].as_bool()) {
        (Err(_), Some(true)) => None,
        (Ok(_), Some(true)) => Some("accepted".to_owned()),
        (Err(error), _) => Some(error.to_string()),
        (Ok(path), _) => wrong_result(&path, test).or_else(|| {
            let lenient = JsonPath::compile(selector).expect("what is strict is accepted");
            wrong_result(&lenient, test)
        }),
    };
    problem.map(|problem| format!("{} `{selector}`: {problem}", test["name"]))
}

fn wrong_result(path: &JsonPath, test: &Value) -> Option<String> {
    let found: Value = path.nodes(&test["document"]).into_iter().cloned().collect();
    let expected = match test["results"].as_array() {
        Some(several) => several.as_slice(),
        None => std::slice::from_ref(&test["result"]),
    };
    (!expected.contains(&found)).then(|| format!("yields {found}"))
}
