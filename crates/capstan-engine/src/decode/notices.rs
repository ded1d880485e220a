//! What a person may want to know of the outputs.

use capstan_spec::source::Span;

/// Facts on outputs, each with the output it is about.
#[derive(Default)]
pub(crate) struct Notices {
    /// The output that is looked at.
    pub(super) at: Span,
    pub(crate) found: Vec<(Span, String)>,
}

impl Notices {
    pub(super) fn push(&mut self, text: String) {
        self.found.push((self.at, text));
    }

    /// A path that found nothing.
    pub(super) fn nothing(&mut self, name: &str, path: &str) {
        self.push(format!("`{name}` is null: `{path}` found nothing in the answer"));
    }
}
