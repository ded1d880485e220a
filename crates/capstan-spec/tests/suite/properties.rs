//! What holds for any text: nothing panics, and every place that is named exists.

use proptest::prelude::*;

use crate::harness::{load_text, project};

/// Pieces that YAML and the specification give a meaning to.
const PIECES: &[&str] = &[
    "\n",
    "  ",
    "- ",
    ": ",
    "? ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "|\n",
    ">-\n",
    "'",
    "\"",
    "#",
    "---\n",
    "%",
    "\t",
    "\r\n",
    "é",
    "👩‍🚀",
    "\u{feff}",
    "\0",
    "{{x}}",
    "${",
    "null",
    "~",
    "capability:",
    "consumes:",
    "resources:",
    "operations:",
    "inputParameters:",
    "name: a",
    "in: query",
    "type: http",
    "type: apikey",
    "binds:",
    "keys:",
    "import: a",
    "from: ./b.yaml",
    "exposes:",
    "steps:",
    "call: a.b",
    "value: 1",
    "ikanos: 0.5",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in "(?s).{0,200}") {
        load_text(&text).assert_spans();
    }

    #[test]
    fn any_pieces(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60)) {
        load_text(&pieces.concat()).assert_spans();
    }

    #[test]
    fn a_capability_that_somebody_sat_on(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, prop::sample::select(PIECES)), 1..6),
    ) {
        let path = project().join("capabilities/kinde-organizations.yaml");
        let mut text: Vec<char> = std::fs::read_to_string(path).expect("the capability can be read").chars().collect();
        for (at, removed, piece) in edits {
            let start = at.index(text.len());
            let end = (start + removed).min(text.len());
            text.splice(start..end, piece.chars());
        }
        let outcome = load_text(&text.into_iter().collect::<String>());
        outcome.assert_spans();
        let _ = outcome.rendered(); // that it can be rendered is the point
    }
}
