//! The document's own keys in a settings file: values with their places.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use capstan_spec::{Amending, Scope, Setting, SettingEntry, SettingValue};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The keys that the document model reads.
const KEYS: [&str; 4] = ["authentication", "tls", "resilience", "operations"];

/// The changes that a settings file makes to the consumed APIs of a capability file: first those
/// for a namespace, then those for files whose pattern `is_match` accepts. A text that is no TOML
/// makes none.
pub(super) fn amendings(path: &Path, text: &str, is_match: impl Fn(&str) -> bool) -> Vec<Amending> {
    let Ok(root) = DeTable::parse(text) else { return Vec::new() };
    let reading = Reading { text, is_ascii: text.is_ascii() };
    let (source, shared): (String, Arc<str>) = (path.display().to_string(), text.into());
    let by_namespace = tables(root.get_ref(), "namespace").map(|(name, range, table)| {
        let scope = Scope::Namespace(name.to_owned(), reading.chars(&range));
        (scope, table)
    });
    let by_file = tables(root.get_ref(), "file").filter(|(pattern, ..)| is_match(pattern));
    let by_file =
        by_file.map(|(pattern, _, table)| (if pattern.contains('*') { Scope::Any } else { Scope::File }, table));
    let changes = by_namespace.chain(by_file).filter_map(|(scope, table)| {
        let settings = reading.own_keys(table)?;
        Some(Amending { scope, source: source.clone(), text: shared.clone(), settings: Some(settings) })
    });
    changes.collect()
}

/// The tables below a key, each with its name and the bytes at which that stands.
fn tables<'t>(root: &'t DeTable<'_>, key: &str) -> impl Iterator<Item = (&'t str, Range<usize>, &'t DeTable<'t>)> {
    let tables = root.get(key).and_then(|value| value.get_ref().as_table());
    let entries = tables.into_iter().flat_map(|tables| tables.iter());
    entries.filter_map(|(name, value)| Some((&**name.get_ref(), name.span(), value.get_ref().as_table()?)))
}

/// A text that is being read.
struct Reading<'t> {
    text: &'t str,
    is_ascii: bool,
}

impl Reading<'_> {
    /// What a table says in the document's own keys; `None` where it says nothing.
    fn own_keys(&self, table: &DeTable<'_>) -> Option<Setting> {
        let own = table.iter().filter(|(key, _)| KEYS.contains(&&**key.get_ref()));
        let entries: Vec<SettingEntry> = own.map(|(key, value)| self.entry(key, value)).collect();
        let range = entries.first()?.range.clone();
        Some(Setting { range, value: SettingValue::Table(entries) })
    }

    fn entry(&self, key: &Spanned<impl AsRef<str>>, value: &Spanned<DeValue<'_>>) -> SettingEntry {
        let range = self.chars(&key.span());
        let mut value = self.setting(value);
        if matches!(value.value, SettingValue::Table(_)) {
            // A table may be spread over the file; its name is where one looks for it.
            value.range = range.clone();
        }
        SettingEntry { key: key.get_ref().as_ref().to_owned(), range, value }
    }

    fn setting(&self, value: &Spanned<DeValue<'_>>) -> Setting {
        let range = self.chars(&value.span());
        let value = match value.get_ref() {
            DeValue::String(text) => SettingValue::Text(text.to_string()),
            DeValue::Datetime(moment) => SettingValue::Text(moment.to_string()),
            DeValue::Integer(number) => {
                let decimal = i64::from_str_radix(number.as_str(), number.radix());
                SettingValue::Plain(decimal.map_or_else(|_| number.to_string(), |number| number.to_string()))
            }
            DeValue::Float(number) => SettingValue::Plain(number.as_str().to_owned()),
            DeValue::Boolean(value) => SettingValue::Plain(value.to_string()),
            DeValue::Array(items) => SettingValue::List(items.iter().map(|item| self.setting(item)).collect()),
            DeValue::Table(table) => SettingValue::Table(self.entries(table)),
        };
        Setting { range, value }
    }

    fn entries(&self, table: &DeTable<'_>) -> Vec<SettingEntry> {
        let mut entries: Vec<SettingEntry> = table.iter().map(|(key, value)| self.entry(key, value)).collect();
        entries.sort_by_key(|entry| entry.range.start);
        entries
    }

    /// A range of bytes in characters.
    fn chars(&self, bytes: &Range<usize>) -> Range<usize> {
        if self.is_ascii {
            return bytes.clone();
        }
        let count = |at: usize| self.text.get(..at).map_or(at, |before| before.chars().count());
        count(bytes.start)..count(bytes.end)
    }
}
