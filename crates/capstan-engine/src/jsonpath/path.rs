//! A compiled path and what it yields of a document.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::query::{Query, SingularStep};
use super::walk::{self, Place};
use super::{JsonPathError, bounds, filter, legacy, lower, plain};

/// A JSONPath, compiled once and applied to any number of documents.
///
/// Its `Display` is the text it was compiled from.
#[derive(Clone, Debug)]
pub struct JsonPath {
    source: String,
    /// The standard's spelling, where the source is an older one.
    standard: Option<String>,
    form: Form,
    /// Whether the source ends in `.length()`.
    measures: bool,
}

#[derive(Clone, Debug)]
enum Form {
    Singular(Vec<SingularStep>),
    Indefinite(Query),
}

/// What an output mapping gets from a path.
#[derive(Clone, Debug, PartialEq)]
pub enum Selected<'v> {
    /// A path that can match one node matched none, or `.length()` met something without a length.
    Nothing,
    /// The node of a path that can match one.
    Node(&'v Value),
    /// The nodes, perhaps none, of a path that can match many.
    Nodes(Vec<&'v Value>),
    /// What `.length()` counted.
    Length(usize),
}

impl JsonPath {
    /// Compiles a path in the spelling of RFC 9535 or in an older one.
    ///
    /// Older spellings are: the empty text and `$.` for the root, no leading `$`, names with dashes,
    /// spaces, `@`, `$` or a leading digit after a dot, `$.['name']`, and `.length()`.
    ///
    /// # Errors
    /// The text is a path in neither spelling, or exceeds the bounds.
    pub fn compile(text: &str) -> Result<Self, JsonPathError> {
        if legacy::is_root(text) {
            return Ok(Self::legacy_root(text));
        }
        bounds::check(text)?;
        match Form::compile(text) {
            Ok(form) => Ok(Self::standard(text, form)),
            Err(strict) => Self::compile_legacy(text, strict),
        }
    }

    /// Compiles a path in the spelling of RFC 9535 alone.
    ///
    /// # Errors
    /// RFC 9535 calls the text not well-formed or not valid, or it exceeds the bounds.
    pub fn compile_strict(text: &str) -> Result<Self, JsonPathError> {
        bounds::check(text)?;
        Ok(Self::standard(text, Form::compile(text)?))
    }

    fn standard(text: &str, form: Form) -> Self {
        Self { source: text.to_owned(), standard: None, form, measures: false }
    }

    fn legacy_root(text: &str) -> Self {
        Self {
            source: text.to_owned(),
            standard: Some("$".to_owned()),
            form: Form::Singular(Vec::new()),
            measures: false,
        }
    }

    /// The strict error tells more wherever rewriting finds nothing to say.
    fn compile_legacy(text: &str, strict: JsonPathError) -> Result<Self, JsonPathError> {
        let rewritten = legacy::rewrite(text)?;
        let form = Form::compile(&rewritten.standard).map_err(|_| strict)?;
        let suffix = if rewritten.measures { ".length()" } else { "" };
        let spelling = rewritten.standard + suffix;
        Ok(Self {
            source: text.to_owned(),
            standard: (spelling != text).then_some(spelling),
            form,
            measures: rewritten.measures,
        })
    }

    /// Whether the path is the root, the whole document.
    pub fn is_root(&self) -> bool {
        self.singular_steps().is_some_and(<[_]>::is_empty)
    }

    /// Whether the path can match at most one node.
    pub fn is_singular(&self) -> bool {
        matches!(self.form, Form::Singular(_))
    }

    /// The standard spelling, when the text is an older one; for a warning that shows it.
    ///
    /// `.length()` by itself is no older spelling: the standard has none for it, and it is kept.
    pub fn is_legacy(&self) -> Option<&str> {
        self.standard.as_deref()
    }

    /// The steps of a path that yields one node as it stands; `None` for a path that can match many
    /// and for one that ends in `.length()`.
    pub fn singular_steps(&self) -> Option<&[SingularStep]> {
        match &self.form {
            Form::Singular(steps) if !self.measures => Some(steps),
            Form::Singular(_) | Form::Indefinite(_) => None,
        }
    }

    /// All nodes that the path matches, in RFC 9535's order; members in the document's order.
    ///
    /// For a path that ends in `.length()`, the nodes that it would measure.
    pub fn nodes<'v>(&self, document: &'v Value) -> Vec<&'v Value> {
        match &self.form {
            Form::Singular(steps) => walk::follow(steps, Place::root(document)).into_iter().collect(),
            Form::Indefinite(query) => walk::all(query, Place::root(document)),
        }
    }

    /// What an output mapping gets: the one node of a singular path, or an array of the matches.
    pub fn select<'v>(&self, document: &'v Value) -> Selected<'v> {
        self.select_from(Place::root(document))
    }

    /// What an output mapping gets of a document that writes a list of one as its element, as XML
    /// does. Where the path finds nothing, a node that is no list counts as a list of itself.
    pub(crate) fn select_lone<'v>(&self, document: &'v Value) -> Selected<'v> {
        match self.select(document) {
            Selected::Nothing => self.select_from(Place::lone_root(document)),
            Selected::Nodes(nodes) if nodes.is_empty() => self.select_from(Place::lone_root(document)),
            found @ (Selected::Node(_) | Selected::Nodes(_) | Selected::Length(_)) => found,
        }
    }

    /// Whether a path that can match many looked into something that is there, and matched nothing
    /// because that is empty or nothing in it fits; and not because a name is another.
    pub(crate) fn looks_into_nothing(&self, document: &Value) -> bool {
        let Form::Indefinite(query) = &self.form else { return false };
        let (trunk, fork) = query.to_trunk();
        let found = fork.and_then(|fork| Some((fork, walk::first(&trunk, Place::root(document))?)));
        found.is_some_and(|(fork, node)| match node {
            Value::Array(elements) => elements.is_empty() || fork.may_choose_nothing(),
            Value::Object(members) => members.is_empty() || fork.may_choose_nothing(),
            Value::Null => true,
            Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        })
    }

    /// Whether there is an object where the last name of the path is looked for.
    pub(crate) fn has_parent(&self, document: &Value) -> bool {
        let Form::Singular(steps) = &self.form else { return false };
        let parent = steps.split_last().map(|(_, parents)| parents);
        parent.is_some_and(|steps| walk::follow(steps, Place::root(document)).is_some())
    }

    fn select_from<'v>(&self, root: Place<'v>) -> Selected<'v> {
        let selected = match &self.form {
            Form::Singular(steps) => walk::follow(steps, root).map_or(Selected::Nothing, Selected::Node),
            Form::Indefinite(query) => Selected::Nodes(walk::all(query, root)),
        };
        if self.measures { selected.measured() } else { selected }
    }
}

impl Form {
    fn compile(text: &str) -> Result<Self, JsonPathError> {
        if let Some(steps) = plain::steps(text) {
            return Ok(Self::Singular(steps));
        }
        let query = lower::compile(text)?;
        Ok(match query.to_singular() {
            Some(steps) => Self::Singular(steps),
            None => Self::Indefinite(query),
        })
    }
}

impl Selected<'_> {
    /// The selection as a value of its own; `None` for nothing.
    pub fn to_value(&self) -> Option<Value> {
        match self {
            Self::Nothing => None,
            Self::Node(node) => Some((*node).clone()),
            Self::Nodes(nodes) => Some(nodes.iter().copied().cloned().collect()),
            Self::Length(length) => Some(Value::from(*length)),
        }
    }

    fn measured(self) -> Self {
        let length = match &self {
            Self::Nothing => None,
            Self::Node(node) => filter::length(node),
            Self::Nodes(nodes) => Some(nodes.len()),
            Self::Length(length) => Some(*length),
        };
        length.map_or(Self::Nothing, Self::Length)
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl FromStr for JsonPath {
    type Err = JsonPathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::compile(text)
    }
}
