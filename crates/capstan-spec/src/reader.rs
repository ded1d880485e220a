//! Nodes become typed values.
//!
//! [`FromYaml`] reads a value from a node, [`Field`] a value that may be absent. The macros
//! [`record!`], [`words!`] and [`tagged!`] state a type of the specification once, as a table of
//! its keys; the reader, the check for unknown keys and the JSON Schema all come from that table.

use std::sync::Arc;

use schemars::{Schema, SchemaGenerator, json_schema};

use crate::diagnostic::{Code, Diagnostic, Sink};
use crate::nearest::nearest;
use crate::source::{Span, Spanned};
use crate::yaml::{self, Kind, Node};

/// A text and where it stands. Scalars keep their spelling: `0.10`, `2022-06-28`, `no`, `007`.
pub type Text = Spanned<Arc<str>>;

/// What readers share: the sink for problems.
pub(crate) struct Reader<'k> {
    pub(crate) sink: &'k mut Sink,
    /// The key whose value is being read, for messages.
    pub(crate) key: Option<&'static str>,
}

impl<'k> Reader<'k> {
    pub(crate) fn new(sink: &'k mut Sink) -> Self {
        Reader { sink, key: None }
    }

    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.sink.push(diagnostic);
    }

    /// Reports a value of the wrong type; the caller goes on without it.
    pub(crate) fn wrong_type(&mut self, node: &Node<'_>, expected: &str) {
        let found = node.describe();
        let message = match self.key {
            Some(key) => format!("`{key}` is {found}, expected {expected}"),
            None => format!("expected {expected}, found {found}"),
        };
        self.push(Diagnostic::new(Code::WrongType, node.span, message).help(format!("write {expected} here")));
    }

    /// Reports a spelling that is understood but not standard.
    pub(crate) fn non_standard(&mut self, span: Span, found: &str, standard: &str) {
        self.push(
            Diagnostic::new(Code::NonStandardForm, span, format!("`{found}` is not a standard spelling"))
                .help(format!("the standard form is `{standard}`")),
        );
    }

    /// Reports a key that the record does not have.
    pub(crate) fn unknown_key(&mut self, key: &yaml::Key<'_>, record: &str, known: &[&'static str]) {
        if self.sink.is_full() {
            return;
        }
        let mut diagnostic =
            Diagnostic::new(Code::UnknownKey, key.span, format!("`{}` is not a key of {record}", key.text));
        diagnostic = match nearest(&key.text, known.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(near),
            None => diagnostic.help(format!("it is ignored; the keys are {}", list(known))),
        };
        self.push(diagnostic);
    }
}

/// Names in backticks, separated by commas.
pub(crate) fn list(names: &[&str]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}

/// A value that can be read from a node. `None` after a problem was reported.
pub(crate) trait FromYaml: Sized {
    /// Reads the value.
    fn read(node: &Node<'_>, cx: &mut Reader<'_>) -> Option<Self>;
}

/// A record that stands in a named collection.
pub(crate) trait Record: Sized {
    /// The key that holds the name in the list form.
    const NAME_KEY: &'static str;

    /// Whether a key is one of the record's, in any spelling.
    fn has_key(text: &str) -> bool;

    /// Reads the record; with `named`, also its name, which then is no unknown key.
    fn read_record(node: &Node<'_>, named: bool, cx: &mut Reader<'_>) -> Option<(Option<Text>, Self)>;
}

/// A field of a record: what it is when its key is absent, and how it is read.
pub(crate) trait Field: Sized + Default {
    /// Reads the field; after a problem it is as if absent.
    fn read_field(node: &Node<'_>, cx: &mut Reader<'_>) -> Self;
}

impl<T: FromYaml> Field for Option<T> {
    fn read_field(node: &Node<'_>, cx: &mut Reader<'_>) -> Self {
        if node.is_null() { None } else { T::read(node, cx) }
    }
}

impl<T: FromYaml> Field for Vec<T> {
    fn read_field(node: &Node<'_>, cx: &mut Reader<'_>) -> Self {
        if node.is_null() {
            return Vec::new();
        }
        match &node.kind {
            Kind::Sequence(items) => items.iter().filter_map(|item| T::read(item, cx)).collect(),
            Kind::Mapping(_) | Kind::Scalar { .. } => {
                let one: Option<T> = T::read(node, cx);
                if one.is_some() {
                    cx.push(
                        Diagnostic::new(
                            Code::NonStandardForm,
                            node.span,
                            format!("expected a list, found {}", node.describe()),
                        )
                        .help("it is read as a list of one; begin it with `- `"),
                    );
                }
                one.into_iter().collect()
            }
        }
    }
}

impl FromYaml for Text {
    fn read(node: &Node<'_>, cx: &mut Reader<'_>) -> Option<Self> {
        match node.as_text() {
            Some(text) => Some(Spanned::new(text.into(), node.span)),
            None => {
                cx.wrong_type(node, "a text");
                None
            }
        }
    }
}

impl FromYaml for Spanned<bool> {
    fn read(node: &Node<'_>, cx: &mut Reader<'_>) -> Option<Self> {
        let text = node.as_text().unwrap_or("");
        let value = match text {
            "yes" | "Yes" | "on" | "y" => true,
            "no" | "No" | "off" | "n" => false,
            _ => {
                let Some(value) = yaml::boolean(text) else {
                    cx.wrong_type(node, "`true` or `false`");
                    return None;
                };
                if matches!(node.kind, Kind::Scalar { plain: false, .. }) {
                    let message = format!("`{text}` stands in quotes, which makes it a text");
                    cx.push(
                        Diagnostic::new(Code::NonStandardForm, node.span, message)
                            .help("it is read as a boolean; remove the quotes"),
                    );
                }
                return Some(Spanned::new(value, node.span));
            }
        };
        cx.non_standard(node.span, text, if value { "true" } else { "false" });
        Some(Spanned::new(value, node.span))
    }
}

impl FromYaml for Spanned<u64> {
    fn read(node: &Node<'_>, cx: &mut Reader<'_>) -> Option<Self> {
        let value = node.as_text().and_then(|t| t.parse().ok());
        if value.is_none() {
            cx.wrong_type(node, "a whole number, zero or more");
        }
        value.map(|v| Spanned::new(v, node.span))
    }
}

impl FromYaml for Spanned<f64> {
    fn read(node: &Node<'_>, cx: &mut Reader<'_>) -> Option<Self> {
        let value = node.as_text().and_then(yaml::number).and_then(|n| n.as_f64());
        if value.is_none() {
            cx.wrong_type(node, "a number");
        }
        value.map(|v| Spanned::new(v, node.span))
    }
}

impl<T: FromYaml> FromYaml for Box<T> {
    fn read(node: &Node<'_>, cx: &mut Reader<'_>) -> Option<Self> {
        T::read(node, cx).map(Box::new)
    }
}

impl<T: schemars::JsonSchema> schemars::JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }
}

/// The schema of a text: YAML lets an author write a number, a date or a boolean unquoted
/// where a text is wanted.
pub(crate) fn text_schema() -> Schema {
    json_schema!({ "type": ["string", "number", "boolean"] })
}

/// Defines a record of the specification from the table of its keys.
///
/// `"key" or "other"` are both standard (in different versions); `folk "spelling"` is
/// understood with a warning, as are all of them in other case and with other `-` and `_`. `tag "type" = "value"` allows the key that chose this record.
macro_rules! record {
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident is $what:literal $(, named by $name_key:literal)? $(, tag $tag:literal = $tag_value:literal)? {
            $(
                $(#[doc = $fdoc:literal])+
                $field:ident : $ty:ty = $key:literal $(or $alias:literal)* $(folk $folk:literal)* ;
            )*
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, Default)]
        pub struct $name {
            /// Where the record stands.
            pub span: $crate::source::Span,
            $( $(#[doc = $fdoc])+ pub $field: $ty, )*
        }

        impl $name {
            #[doc = "The standard keys, in the order of the model."]
            pub const KEYS: &[&str] = &[ $( $key, $( $alias, )* )* ];

            /// The key that another spelling means, as the help shows it and as the table names it.
            fn meant(text: &str) -> Option<(&'static str, &'static str)> {
                let spellings = [ $( ($key, $key, $key), $( ($alias, $alias, $key), )* $( ($folk, $key, $key), )* )* ];
                let found = spellings.into_iter().find(|(spelling, ..)| $crate::reader::alike(text, spelling));
                found.map(|(_, shown, key)| (shown, key))
            }
        }

        impl $crate::reader::Record for $name {
            const NAME_KEY: &'static str = $crate::reader::record!(@name $($name_key)?);

            fn has_key(text: &str) -> bool {
                Self::meant(text).is_some()
            }

            fn read_record(
                node: &$crate::yaml::Node<'_>,
                named: bool,
                cx: &mut $crate::reader::Reader<'_>,
            ) -> Option<(Option<$crate::reader::Text>, Self)> {
                let Some(entries) = node.as_mapping() else {
                    cx.wrong_type(node, concat!("a mapping (", $what, ")"));
                    return None;
                };
                let mut record = Self { span: node.span, ..Self::default() };
                let mut name = None;
                let mut seen = Vec::new();
                for (key, value) in entries {
                    let standard = match key.text.as_ref() {
                        $(
                            $key $( | $alias )* => $key,
                            $( $folk => {
                                cx.non_standard(key.span, $folk, $key);
                                $key
                            } )*
                        )*
                        $( $tag => continue, )?
                        text if named && text == Self::NAME_KEY => {
                            name = $crate::reader::Field::read_field(value, cx);
                            continue;
                        }
                        text if named && (text == "id" || $crate::reader::alike(text, Self::NAME_KEY)) => {
                            cx.non_standard(key.span, text, Self::NAME_KEY);
                            name = $crate::reader::Field::read_field(value, cx);
                            continue;
                        }
                        text if text.starts_with("x-") => continue,
                        text => match Self::meant(text).filter(|(_, standard)| !seen.contains(standard)) {
                            Some((spelling, standard)) => {
                                cx.non_standard(key.span, text, spelling);
                                standard
                            }
                            None => {
                                cx.unknown_key(key, $what, Self::KEYS);
                                continue;
                            }
                        },
                    };
                    seen.push(standard);
                    cx.key = Some(standard);
                    match standard {
                        $( $key => record.$field = $crate::reader::Field::read_field(value, cx), )*
                        _ => {}
                    }
                }
                Some((name, record))
            }
        }

        impl $crate::reader::FromYaml for $name {
            fn read(node: &$crate::yaml::Node<'_>, cx: &mut $crate::reader::Reader<'_>) -> Option<Self> {
                <Self as $crate::reader::Record>::read_record(node, false, cx).map(|(_, record)| record)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let mut properties = serde_json::Map::new();
                $( properties.insert($tag.to_owned(), serde_json::json!({ "type": "string", "enum": [$tag_value] })); )?
                $(
                    let schema = generator.subschema_for::<$ty>();
                    let schema = $crate::schema::described(schema, concat!($($fdoc, "\n"),+));
                    $( properties.insert($alias.to_owned(), schema.clone()); )*
                    properties.insert($key.to_owned(), schema);
                )*
                $crate::schema::record(properties, concat!($($doc, "\n"),+))
            }
        }
    };
    (@name $name_key:literal) => { $name_key };
    (@name) => { "name" };
}

/// Defines a closed set of words, each with the spellings that mean it.
macro_rules! words {
    (
        $(#[doc = $doc:literal])+
        pub enum $name:ident is $what:literal {
            $( $(#[doc = $vdoc:literal])+ $variant:ident = $word:literal $(or $alias:literal)* $(folk $folk:literal)* ; )+
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $( $(#[doc = $vdoc])+ $variant, )+ }

        impl $name {
            /// The standard words.
            pub const WORDS: &[&str] = &[ $( $word, $( $alias, )* )+ ];

            /// The word as the specification spells it.
            pub fn as_str(self) -> &'static str {
                match self { $( $name::$variant => $word, )+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::reader::FromYaml for $crate::source::Spanned<$name> {
            fn read(node: &$crate::yaml::Node<'_>, cx: &mut $crate::reader::Reader<'_>) -> Option<Self> {
                let Some(text) = node.as_text() else {
                    cx.wrong_type(node, concat!("a word (", $what, ")"));
                    return None;
                };
                let value = match text {
                    $( $word $( | $alias )* => $name::$variant, )+
                    _ => {
                        let folded = $crate::reader::fold(text);
                        let found = match folded.as_str() {
                            $( f if f == $crate::reader::fold($word) $( || f == $crate::reader::fold($alias) )* $( || f == $crate::reader::fold($folk) )* => Some($name::$variant), )+
                            _ => None,
                        };
                        let Some(value) = found else {
                            cx.unknown_word(node, text, $what, $name::WORDS);
                            return None;
                        };
                        cx.non_standard(node.span, text, value.as_str());
                        value
                    }
                };
                Some($crate::source::Spanned::new(value, node.span))
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool { true }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": Self::WORDS })
            }
        }
    };
}

/// Defines a choice of records by the word under a key.
macro_rules! tagged {
    (
        $(#[doc = $doc:literal])+
        pub enum $name:ident is $what:literal by $tag:literal $(, absent $absent:ident)? {
            $( $(#[doc = $vdoc:literal])+ $variant:ident($record:ty) = $word:literal $(folk $folk:literal)* ; )+
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        #[allow(clippy::large_enum_variant, reason = "a document holds few of these, and a box would be in every reader's way")]
        pub enum $name { $( $(#[doc = $vdoc])+ $variant($record), )+ }

        impl $name {
            /// The words that choose.
            pub const WORDS: &[&str] = &[ $( $word, )+ ];

            /// The word that chose this record.
            pub fn kind(&self) -> &'static str {
                match self { $( $name::$variant(_) => $word, )+ }
            }

            /// Where the record stands.
            pub fn span(&self) -> $crate::source::Span {
                match self { $( $name::$variant(record) => record.span, )+ }
            }
        }

        impl $crate::reader::Record for $name {
            const NAME_KEY: &'static str = "name";

            fn has_key(text: &str) -> bool {
                text == $tag $( || <$record as $crate::reader::Record>::has_key(text) )+
            }

            fn read_record(
                node: &$crate::yaml::Node<'_>,
                named: bool,
                cx: &mut $crate::reader::Reader<'_>,
            ) -> Option<(Option<$crate::reader::Text>, Self)> {
                if node.as_mapping().is_none() {
                    cx.wrong_type(node, concat!("a mapping (", $what, ")"));
                    return None;
                }
                let Some(tag) = node.get($tag) else {
                    $(
                        if let Some(word) = $absent(node) {
                            cx.push($crate::diagnostic::Diagnostic::new(
                                $crate::diagnostic::Code::NonStandardForm,
                                node.span,
                                format!(concat!($what, " without `", $tag, "`"))
                            ).help(format!(concat!("it is read as `", $tag, ": {}`"), word)));
                            return Self::choose(word, node, named, cx);
                        }
                    )?
                    cx.push($crate::diagnostic::Diagnostic::new(
                        $crate::diagnostic::Code::MissingKey,
                        node.span,
                        concat!($what, " without `", $tag, "`"),
                    ).help(format!(concat!("add `", $tag, ":` with one of {}"), $crate::reader::list(Self::WORDS))));
                    return None;
                };
                let Some(text) = tag.as_text() else {
                    cx.wrong_type(tag, concat!("a word (", $what, ")"));
                    return None;
                };
                if Self::WORDS.contains(&text) {
                    return Self::choose(text, node, named, cx);
                }
                let folded = $crate::reader::fold(text);
                let word = match folded.as_str() {
                    $( f if f == $crate::reader::fold($word) $( || f == $crate::reader::fold($folk) )* => $word, )+
                    _ => {
                        cx.unknown_word(tag, text, $what, Self::WORDS);
                        return None;
                    }
                };
                cx.non_standard(tag.span, text, word);
                Self::choose(word, node, named, cx)
            }
        }

        impl $name {
            fn choose(
                word: &str,
                node: &$crate::yaml::Node<'_>,
                named: bool,
                cx: &mut $crate::reader::Reader<'_>,
            ) -> Option<(Option<$crate::reader::Text>, Self)> {
                match word {
                    $( $word => <$record as $crate::reader::Record>::read_record(node, named, cx)
                        .map(|(name, record)| (name, $name::$variant(record))), )+
                    _ => None,
                }
            }
        }

        impl $crate::reader::FromYaml for $name {
            fn read(node: &$crate::yaml::Node<'_>, cx: &mut $crate::reader::Reader<'_>) -> Option<Self> {
                <Self as $crate::reader::Record>::read_record(node, false, cx).map(|(_, record)| record)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let choices = [ $( generator.subschema_for::<$record>(), )+ ];
                schemars::json_schema!({ "description": $crate::schema::prose(concat!($($doc, "\n"),+)), "anyOf": choices })
            }
        }
    };
}

pub(crate) use {record, tagged, words};

/// A word without what spellings differ in: case, `-`, `_`, spaces.
pub(crate) fn fold(word: &str) -> String {
    folded(word).collect()
}

/// Whether two words fold to the same; nothing is stored, since a file may ask a million times.
pub(crate) fn alike(one: &str, other: &str) -> bool {
    folded(one).eq(folded(other))
}

fn folded(word: &str) -> impl Iterator<Item = char> {
    word.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase)
}

impl Reader<'_> {
    /// Reports a word that is none of those allowed.
    pub(crate) fn unknown_word(&mut self, node: &Node<'_>, found: &str, what: &str, known: &[&'static str]) {
        if self.sink.is_full() {
            return;
        }
        let mut diagnostic = Diagnostic::new(Code::UnknownValue, node.span, format!("`{found}` is not {what}"));
        if let Some(near) = nearest(found, known.iter().copied()) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?")).fix(near);
        }
        self.push(diagnostic.help(format!("the choices are {}", list(known))));
    }
}
