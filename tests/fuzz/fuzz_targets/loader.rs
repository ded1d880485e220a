//! Any text as a capability file, and as the file that it imports: nothing panics, and every
//! place that a diagnostic names lies in the text and can be shown.
//!
//! Run with `cargo +nightly fuzz run --fuzz-dir tests/fuzz loader`.

#![no_main]

use std::path::Path;

use capstan_spec::diagnostic::render::{Style, text};
use capstan_spec::{Files, load};
use libfuzzer_sys::fuzz_target;

/// Every import leads to one text.
struct Always<'t>(&'t str);

impl Files for Always<'_> {
    fn read(&self, _: &Path) -> Result<String, String> {
        Ok(self.0.to_owned())
    }
}

fuzz_target!(|input: &str| {
    let loaded = load("fuzz.yaml", input, &Always(input));
    let mut page = String::new();
    for diagnostic in loaded.diagnostics.into_sorted() {
        let file = loaded.sources.get(diagnostic.span.file()).expect("a span names a file of the load");
        let chars = file.text().chars().count();
        // A problem at the end of the text points one past the last character.
        assert!(diagnostic.span.start() <= chars && diagnostic.span.end() <= chars + 1);
        text(&loaded.sources, &diagnostic, Style::Plain, &mut page).expect("a String takes any text");
    }
});
