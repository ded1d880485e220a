//! Each file of `tests/cases` with what a person is told about it and what was understood.
//! A new case is a new file; `cargo insta review` shows its snapshot.

use crate::harness::load_in;
use crate::outline::outline;

#[test]
fn cases() {
    insta::glob!("../cases", "*.yaml", |path| {
        let text = std::fs::read_to_string(path).expect("a case can be read");
        let folder = path.parent().expect("a case lies in a folder");
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let outcome = load_in(folder, &name, &text);
        outcome.assert_spans();
        let understood = outcome.capability.as_ref().map_or("nothing\n".to_owned(), |c| outline(c));
        let report = format!("{}--- understood\n{understood}", outcome.rendered());
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(report);
        });
    });
}
