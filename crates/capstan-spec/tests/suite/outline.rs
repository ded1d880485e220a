//! A capability in few lines: the debug form without places and without what is absent.

use std::fmt::Debug;
use std::iter::Peekable;
use std::str::Lines;

/// A line of the debug form, and the lines within its brackets.
struct Entry {
    text: String,
    inner: Option<Vec<Entry>>,
}

/// The outline of anything that can be debugged.
pub(crate) fn outline(value: &dyn Debug) -> String {
    let debug = format!("{value:#?}");
    let mut lines = debug.lines().peekable();
    let entries = entries(&mut lines);
    let mut out = String::new();
    entries.into_iter().filter_map(prune).for_each(|e| write(&e, 0, &mut out));
    out
}

fn entries(lines: &mut Peekable<Lines<'_>>) -> Vec<Entry> {
    let mut entries = Vec::new();
    while let Some(line) = lines.next() {
        let text = line.trim().trim_end_matches(',').to_owned();
        if matches!(text.as_str(), "}" | "]" | ")") {
            break;
        }
        let opens = text.ends_with(['{', '[', '(']) && !text.ends_with("\"{");
        let inner = opens.then(|| self::entries(lines));
        entries.push(Entry { text: text.trim_end_matches(['{', '[', '(']).trim_end().to_owned(), inner });
    }
    entries
}

/// Removes places and what is absent, and the wrappers that say nothing.
fn prune(entry: Entry) -> Option<Entry> {
    let Entry { text, inner } = entry;
    let absent = [": None", ": []", ": {}", ": false"].iter().any(|a| text.ends_with(a));
    if text.starts_with("span:") || text.starts_with("named:") || text.starts_with("missing_namespaces:") || absent {
        return None;
    }
    let Some(inner) = inner else { return Some(Entry { text, inner }) };
    let mut inner: Vec<Entry> = inner.into_iter().filter_map(prune).collect();
    let wraps = ["Spanned", "Some", "Named", "Version", "Document"].iter().any(|w| text.ends_with(w));
    match inner.len() {
        0 => None,
        1 if wraps => {
            let only = inner.pop()?;
            let label = text.rsplit_once(' ').map_or("", |(label, _)| label);
            let value = ["value: ", "items: ", "text: "].iter().find_map(|p| only.text.strip_prefix(p));
            let value = value.unwrap_or(only.text.trim_start_matches("items:"));
            Some(Entry { text: format!("{label} {value}").trim().to_owned(), inner: only.inner })
        }
        _ => Some(Entry { text, inner: Some(inner) }),
    }
}

fn write(entry: &Entry, depth: usize, out: &mut String) {
    out.push_str(&"  ".repeat(depth));
    out.push_str(&entry.text);
    out.push('\n');
    entry.inner.iter().flatten().for_each(|e| write(e, depth + 1, out));
}
