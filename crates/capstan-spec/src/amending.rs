//! What a caller changes of consumed APIs, as it is handed over.
//!
//! Settings may be written in a language that this crate does not read. They come as values with
//! the places at which they stand, so that what is wrong with them is shown there.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use crate::source::{FileId, Span};
use crate::yaml::{Key, Kind, Node};

/// A change to consumed APIs as a caller hands it over.
#[derive(Clone, Debug, PartialEq)]
pub struct Amending {
    /// Which APIs it changes.
    pub scope: Scope,
    /// Where it comes from, as messages call it.
    pub source: String,
    /// The text that it comes from; messages show its lines.
    pub text: Arc<str>,
    /// What the text says, in the keys of an [`Amendment`](crate::document::Amendment); absent,
    /// the text itself is YAML or JSON.
    pub settings: Option<Setting>,
}

/// Which consumed APIs a change is for, and how sure it is that they have what it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those of this namespace, which stands at these characters.
    Namespace(String, Range<usize>),
    /// Those of this very file.
    File,
    /// All of every file that it is handed over with: one may have what another lacks.
    Any,
}

/// A value, and the characters at which it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Where to look for it; of a table, its name.
    pub range: Range<usize>,
    /// The value.
    pub value: SettingValue,
}

/// The value of a [`Setting`].
#[derive(Clone, Debug, PartialEq)]
pub enum SettingValue {
    /// A text.
    Text(String),
    /// A number or a boolean, as YAML writes it.
    Plain(String),
    /// A list.
    List(Vec<Setting>),
    /// A table, in the order written.
    Table(Vec<SettingEntry>),
}

/// An entry of a table of settings.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingEntry {
    /// The key.
    pub key: String,
    /// The characters at which the key stands.
    pub range: Range<usize>,
    /// The value.
    pub value: Setting,
}

impl Setting {
    pub(crate) fn to_node(&self, file: FileId) -> Node<'_> {
        let kind = match &self.value {
            SettingValue::Text(text) => Kind::Scalar { text: Cow::Borrowed(text), plain: false },
            SettingValue::Plain(text) => Kind::Scalar { text: Cow::Borrowed(text), plain: true },
            SettingValue::List(items) => Kind::Sequence(items.iter().map(|item| item.to_node(file)).collect()),
            SettingValue::Table(entries) => Kind::Mapping(entries.iter().map(|entry| entry.to_pair(file)).collect()),
        };
        Node { span: span(file, &self.range), kind }
    }
}

impl SettingEntry {
    fn to_pair(&self, file: FileId) -> (Key<'_>, Node<'_>) {
        let key = Key { text: Cow::Borrowed(&self.key), span: span(file, &self.range) };
        (key, self.value.to_node(file))
    }
}

/// The place of a range of characters.
pub(crate) fn span(file: FileId, range: &Range<usize>) -> Span {
    Span::new(file, range.start, range.end)
}
