//! Makes texts of different runs comparable: ports, folders, versions, times, boundaries.
//!
//! All of it in this one file, each filter with the word that it leaves.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use crate::emulator::Server;

/// The filters of one case.
pub(super) struct Filters {
    replacements: Vec<(String, &'static str)>,
}

impl Filters {
    pub(super) fn new(folder: &Path, server: Option<&Server>, other: &Server) -> Filters {
        let mut replacements = vec![(folder.to_string_lossy().into_owned(), "{dir}")];
        if let Some(server) = server {
            replacements.push((server.origin(), "{server}"));
            replacements.push((server.address().to_string(), "{authority}"));
        }
        replacements.push((other.origin(), "{other}"));
        replacements.push((other.address().to_string(), "{other-authority}"));
        Filters { replacements }
    }

    pub(super) fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (from, to) in &self.replacements {
            text = text.replace(from, to);
        }
        for (_, pattern, to) in PATTERNS.iter() {
            text = pattern.replace_all(&text, *to).into_owned();
        }
        boundaries(text)
    }

    /// The same for bytes that may be no text.
    pub(super) fn lossy(&self, bytes: &[u8]) -> String {
        self.apply(&String::from_utf8_lossy(bytes))
    }
}

/// Name, pattern, replacement.
static PATTERNS: LazyLock<Vec<(&str, Regex, &str)>> = LazyLock::new(|| {
    let table = [
        ("version", r"capstan([/ ])\d+\.\d+\.\d+[\w.+-]*", "capstan$1{version}"),
        ("version in JSON", r#"("name": ?"capstan", ?\s*"version": ?)"[^"]*""#, r#"$1"{version}""#),
        ("instant", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d)", "{instant}"),
        ("Date header", r"(?i)\b(date: )\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", "$1{date}"),
        ("date in JSON", r#""\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT""#, r#""{date}""#),
        ("HAR times", r#"("(?:time|wait|send|receive|connect)": ?)-?\d+(?:\.\d+)?"#, r#"$1"{ms}""#),
        ("time of attempts", r"\b(attempts in )\d+(?:\.\d+)? s\b", "$1{duration}"),
        ("durations", r"\b\d+(?:\.\d+)? ?(?:ms|µs)\b", "{duration}"),
    ];
    let compile = |(name, pattern, to)| (name, Regex::new(pattern).expect("the patterns above are valid"), to);
    table.map(compile).into()
});

/// A multipart boundary is chosen anew each time: wherever it stands it becomes `{boundary}`.
fn boundaries(text: String) -> String {
    let found = BOUNDARY.captures_iter(&text).map(|found| found[1].to_owned());
    let found: Vec<String> = found.collect();
    found.iter().fold(text, |text, boundary| text.replace(boundary, "{boundary}"))
}

static BOUNDARY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"multipart/[\w-]+; ?boundary="?([^\s";]{8,})"#).expect("the pattern is valid"));
