//! What all files come to.

use std::collections::BTreeSet;
use std::time::Duration;

use capstan_spec::diagnostic::Code;
use serde_json::{Value, json};

use super::check::Checked;

/// Counts over all files.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub(super) files: usize,
    pub(super) skipped: usize,
    pub(super) bytes: usize,
    pub(super) errors: usize,
    pub(super) warnings: usize,
    /// The codes that were shown.
    pub(super) codes: BTreeSet<Code>,
}

impl Summary {
    /// Counts a file.
    pub(super) fn add(&mut self, checked: &Checked) {
        if checked.skipped {
            self.skipped += 1;
            return;
        }
        self.files += 1;
        self.bytes += checked.bytes;
        self.errors += checked.errors;
        self.warnings += checked.warnings;
        self.codes.extend(&checked.codes);
    }

    /// `3 errors and 12 warnings in 266 files (2.7 MB, 0.1 s)`.
    pub(super) fn line(&self, taken: Duration) -> String {
        let found = match (self.errors, self.warnings) {
            (0, 0) => "no problems".to_owned(),
            (errors, 0) => counted(errors, "error"),
            (0, warnings) => counted(warnings, "warning"),
            (errors, warnings) => format!("{} and {}", counted(errors, "error"), counted(warnings, "warning")),
        };
        let (files, size) = (counted(self.files, "file"), size(self.bytes));
        format!("{found} in {files} ({size}, {:.1} s)", taken.as_secs_f64())
    }

    /// The counts as data; no time, so that the same files give the same output.
    pub(super) fn value(&self) -> Value {
        json!({
            "files": self.files,
            "skipped": self.skipped,
            "bytes": self.bytes,
            "errors": self.errors,
            "warnings": self.warnings,
        })
    }
}

fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

fn size(bytes: usize) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{}.{} kB", bytes / 1_000, bytes % 1_000 / 100),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_one_line() {
        let summary = |errors, warnings, files, bytes| {
            let summary = Summary { errors, warnings, files, bytes, ..Summary::default() };
            summary.line(Duration::from_millis(120))
        };
        assert_eq!(summary(3, 12, 266, 2_712_345), "3 errors and 12 warnings in 266 files (2.7 MB, 0.1 s)");
        assert_eq!(summary(0, 1, 1, 999), "1 warning in 1 file (999 B, 0.1 s)");
        assert_eq!(summary(0, 0, 2, 1_234), "no problems in 2 files (1.2 kB, 0.1 s)");
    }
}
