//! Files that are too much or no capability: each is explained, none panics. What one of them makes quadratic shows
//! as a run that does not end.

use capstan_spec::diagnostic::Code;

use crate::harness::{Outcome, load_always, load_text};

/// The file is explained by a diagnostic of this code that says what to do.
#[track_caller]
fn explained(text: &str, code: Code) -> Outcome {
    let outcome = bounded(text);
    let found = outcome.diagnostics.iter().find(|d| d.code == code);
    let found = found.unwrap_or_else(|| panic!("no {code}, but: {}", outcome.rendered()));
    assert!(!found.help.is_empty(), "{code} without help: {}", found.message);
    outcome
}

#[track_caller]
fn bounded(text: &str) -> Outcome {
    let outcome = load_text(text);
    outcome.assert_spans();
    outcome
}

/// A valid beginning with something behind it.
fn after_head(rest: &str) -> String {
    format!(
        "ikanos: 1.0.0-beta5\ncapability:\n  consumes:\n  - type: http\n    namespace: a\n    baseUri: https://a.example\n{rest}"
    )
}

#[test]
fn an_alias_bomb_of_nodes() {
    let mut text = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (from, to) in ('a'..='i').zip('b'..='j') {
        text += &format!("{to}: &{to} [{}]\n", vec![format!("*{from}"); 9].join(", "));
    }
    explained(&text, Code::TooDeep);
}

#[test]
fn an_alias_bomb_of_bytes() {
    let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(1_000_000), "*a, ".repeat(100_000));
    explained(&text, Code::TooDeep);
}

#[test]
fn anchors_around_anchors() {
    let items = "x, ".repeat(50_000);
    let text = format!("a: {}[{items}]{}\n", (0..50).map(|n| format!("&a{n} [")).collect::<String>(), "]".repeat(50));
    explained(&text, Code::TooDeep);
}

#[test]
fn merges_of_many_keys() {
    let keys: String = (0..20_000).map(|n| format!("  k{n}: 1\n")).collect();
    bounded(&format!("a: &a\n{keys}b:\n  <<: [*a, *a, *a]\ncapability:\n"));
}

#[test]
fn nesting() {
    let block: String = (0..1_000).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    explained(&block, Code::TooDeep);
    explained(&format!("a: {}{}", "[".repeat(1_000), "]".repeat(1_000)), Code::TooDeep);
    explained(&"- ".repeat(1_000), Code::TooDeep);
    bounded(&"[".repeat(100_000));
    bounded(&"{".repeat(100_000));
    bounded(&"? ".repeat(100_000));
}

#[test]
fn a_file_of_17_mib() {
    explained(&"a: b\n".repeat(17 * 1024 * 1024 / 5), Code::FileTooLarge);
}

#[test]
fn a_mapping_of_many_keys() {
    let keys: String = (0..100_000).map(|n| format!("k{n}: 1\n")).collect();
    let outcome = load_text(&format!("capability:\n{keys}"));
    assert!(outcome.diagnostics.len() <= capstan_spec::limits::DIAGNOSTICS_MAX);
    let twice = load_text(&format!("capability:\n{keys}{keys}"));
    assert!(twice.diagnostics.iter().any(|d| d.code == Code::DuplicateKey));
}

#[test]
fn many_references_to_nothing() {
    let operations: String = (0..2_000).map(|n| format!("        op{n}: {{}}\n")).collect();
    let tools: String = (0..2_000).map(|n| format!("      t{n}: {{ call: a.opx{n} }}\n")).collect();
    let head = after_head("    resources:\n      r:\n        operations:\n");
    let text = format!(
        "{head}{}  exposes:\n  - type: mcp\n    tools:\n{tools}",
        operations.replace("        op", "          op")
    );
    let outcome = load_text(&text);
    assert!(outcome.diagnostics.iter().any(|d| d.code == Code::UnresolvedReference), "{}", outcome.rendered());
}

#[test]
fn steps_that_look_nothing_up() {
    let steps: String = (0..5_000).map(|n| format!("        - {{ name: s{n}, type: lookup, index: q }}\n")).collect();
    let text = format!(
        "ikanos: 1.0.0-beta5\ncapability:\n  aggregates:\n  - namespace: a\n    flows:\n      f:\n        steps:\n{steps}"
    );
    explained(&text, Code::UnresolvedReference);
}

#[test]
fn imports_that_never_end() {
    let imports = "  - { from: ./deeper/case.yaml, import: a }\n".repeat(1_000);
    let text = format!("ikanos: 1.0.0-beta5\ncapability:\n  consumes:\n{imports}");
    let outcome = load_always(&text);
    let refused = outcome.diagnostics.iter().filter(|d| d.code == Code::ImportUnresolved);
    assert!(refused.count() > 0, "{}", outcome.rendered());
}

#[test]
fn a_text_of_braces() {
    let text = after_head(&format!("    description: '{}'\n", "{{{ ${ { ".repeat(50_000)));
    bounded(&text);
}

#[test]
fn a_line_without_end() {
    bounded(&format!("capability: \"{}\"", "é ".repeat(300_000)));
    bounded(&format!("capability: [{}]", "a, ".repeat(50_000)));
    bounded(&"x".repeat(500_000));
    bounded(&format!("a: {}", "b: ".repeat(50_000)));
}

#[test]
fn tabs() {
    let outcome = explained("capability:\n\tconsumes: []\n", Code::YamlSyntax);
    assert!(outcome.rendered().contains("tab"), "{}", outcome.rendered());
}

#[test]
fn nul_bytes() {
    let outcome = explained("ikanos: 1.0.0-beta5\ncapability: {}\n\0consumes: [", Code::YamlSyntax);
    assert_eq!(outcome.sources.locate(outcome.diagnostics[0].span).map(|(_, p)| (p.line, p.column)), Some((3, 1)));
}

#[test]
fn utf_16_read_as_text() {
    explained(&"naftiko: x\n".chars().flat_map(|c| [c, '\0']).collect::<String>(), Code::YamlSyntax);
}

#[test]
fn line_ends_and_marks_of_other_systems() {
    let unix = after_head("    resources:\n      r:\n        path: /\n        bogus: 1\n");
    let windows = format!("\u{feff}{}", unix.replace('\n', "\r\n"));
    let places = |text: &str| {
        let outcome = load_text(text);
        outcome.assert_spans();
        let place = |d: &capstan_spec::diagnostic::Diagnostic| outcome.sources.locate(d.span).map(|(_, p)| (d.code, p));
        outcome.diagnostics.iter().map(place).collect::<Vec<_>>()
    };
    assert_eq!(places(&unix), places(&windows));
    assert!(places(&unix).iter().flatten().any(|(code, p)| *code == Code::UnknownKey && (p.line, p.column) == (10, 9)));
}

#[test]
fn columns_count_characters() {
    let text = after_head("    description: 'é👩‍🚀ü'\n    größe: 1\n    'naïve é': { ü: 1 }\n");
    let outcome = load_text(&text);
    let unknown: Vec<_> = outcome.diagnostics.iter().filter(|d| d.code == Code::UnknownKey).collect();
    let slices = unknown.iter().map(|d| {
        let file = outcome.sources.get(d.span.file()).expect("the file of the span");
        file.slice(d.span.start()..d.span.end())
    });
    assert_eq!(slices.collect::<Vec<_>>(), ["größe", "'naïve é'"]);
}

#[test]
fn several_documents() {
    let outcome = explained(&format!("{}---\nikanos: 1.0.0-beta5\n", after_head("")), Code::SeveralDocuments);
    assert!(outcome.capability.is_some());
}

#[test]
fn files_that_hold_nothing() {
    for text in ["", "\n\n", "# nothing\n", "---\n", "~", "{}", "[]", "--- \n---\n"] {
        explained(text, Code::NotACapability);
    }
}

#[test]
fn files_that_are_something_else() {
    for text in ["just words", "42", "- a\n- b\n", "openapi: 3.1.0\npaths: {}\n", "$schema: x\n", "<html></html>"] {
        explained(text, Code::NotACapability);
    }
}

#[test]
fn files_that_are_no_yaml() {
    let texts = [
        "{{ template }}",
        "capability: {{ x }}",
        "capability:\n  baseUri: {{ x }}/y\n",
        "capability:\n  a: %x\n",
        "%foo\n---\n{% if %}\n",
        "%é",
        "capability: b: c",
        "capability: 'b\ncd: e\n",
        "capability: \"\\q\"",
        "capability: [1\n",
        "capability: *nowhere",
        "capability: &a [*a]",
        "capability:\n  a: 1\n b: 2\n",
        "capability: @x",
        "capability: `x`",
        "capability:\n  consumes:\n  - a: 1\n    - b\n",
    ];
    let mut report = String::new();
    for text in texts {
        let outcome = bounded(text);
        assert!(outcome.diagnostics.iter().all(|d| !d.help.is_empty()), "{}", outcome.rendered());
        report += &outcome.rendered();
    }
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(report);
    });
}
