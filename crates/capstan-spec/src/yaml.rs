//! YAML text becomes a tree of spanned nodes, within limits.
//!
//! The tree borrows from the text and keeps every scalar as it was spelled; what a scalar
//! means is decided by whoever wants it. Aliases are expanded, merge keys applied.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError};

use crate::diagnostic::{Code, Diagnostic, Sink};
use crate::limits;
use crate::source::{FileId, Span};

/// A node of the tree and the place it was written at.
#[derive(Clone, Debug)]
pub(crate) struct Node<'s> {
    pub(crate) span: Span,
    pub(crate) kind: Kind<'s>,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum Kind<'s> {
    /// A scalar as spelled; `plain` when it stood without quotes, block style or tag.
    Scalar { text: Cow<'s, str>, plain: bool },
    /// A list.
    Sequence(Vec<Node<'s>>),
    /// A map, in the order written; keys are unique.
    Mapping(Vec<(Key<'s>, Node<'s>)>),
}

/// A key of a mapping.
#[derive(Clone, Debug)]
pub(crate) struct Key<'s> {
    pub(crate) text: Cow<'s, str>,
    pub(crate) span: Span,
}

impl<'s> Node<'s> {
    fn null(span: Span) -> Self {
        Node { span, kind: Kind::Scalar { text: Cow::Borrowed(""), plain: true } }
    }

    /// Whether this is YAML's null: nothing, `~` or `null`.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, plain: true } if is_null_word(text))
    }

    /// The scalar as spelled; `None` for null and for collections.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } if !self.is_null() => Some(text),
            Kind::Scalar { .. } | Kind::Sequence(_) | Kind::Mapping(_) => None,
        }
    }

    /// The entries of a mapping.
    pub(crate) fn as_mapping(&self) -> Option<&[(Key<'s>, Node<'s>)]> {
        match &self.kind {
            Kind::Mapping(entries) => Some(entries),
            Kind::Scalar { .. } | Kind::Sequence(_) => None,
        }
    }

    /// The value of a key of a mapping.
    pub(crate) fn get(&self, key: &str) -> Option<&Node<'s>> {
        self.as_mapping()?.iter().find(|(k, _)| k.text == key).map(|(_, v)| v)
    }

    /// What this node is, for messages.
    pub(crate) fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar { .. } if self.is_null() => "nothing",
            Kind::Scalar { text, plain: true } if is_bool_word(text) => "a boolean",
            Kind::Scalar { text, plain: true } if number(text).is_some() => "a number",
            Kind::Scalar { .. } => "a text",
            Kind::Sequence(_) => "a list",
            Kind::Mapping(_) => "a mapping",
        }
    }
}

fn is_null_word(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

fn is_bool_word(text: &str) -> bool {
    boolean(text).is_some()
}

/// A boolean of the YAML 1.2 core schema (section 10.3.2).
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// A number of the YAML 1.2 core schema (section 10.3.2) that JSON can carry; the infinities
/// and NaN are texts here.
pub(crate) fn number(text: &str) -> Option<serde_json::Number> {
    let first = *text.as_bytes().first()?;
    if !(first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.')) {
        return None;
    }
    if let Some(hex) = text.strip_prefix("0x") {
        return u64::from_str_radix(hex, 16).ok().map(Into::into);
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return u64::from_str_radix(octal, 8).ok().map(Into::into);
    }
    if let Ok(int) = text.parse::<i64>() {
        return Some(int.into());
    }
    if let Ok(int) = text.parse::<u64>() {
        return Some(int.into());
    }
    let mantissa = text.trim_start_matches(['-', '+']);
    let digits = mantissa.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'-' | b'+'));
    let has_digit = mantissa.bytes().next().is_some_and(|b| b.is_ascii_digit() || b == b'.');
    if !digits || !has_digit {
        return None;
    }
    text.parse::<f64>().ok().and_then(serde_json::Number::from_f64)
}

/// Reads the first document of a text. Problems go to the sink; `None` when there is no tree.
pub(crate) fn read<'s>(file: FileId, text: &'s str, sink: &mut Sink) -> Option<Node<'s>> {
    let mut builder = Builder::new(file, sink);
    let mut parser = Parser::new_from_str(text);
    loop {
        match parser.next_event() {
            None | Some(Ok((Event::StreamEnd, _))) => return builder.root,
            Some(Ok((event, span))) => {
                let span = builder.span(span.start, span.end);
                match builder.accept(event, span) {
                    Step::Next => {}
                    Step::Done => return builder.root,
                    Step::Failed => return None,
                }
            }
            Some(Err(error)) => {
                builder.syntax_error(&error, text);
                return None;
            }
        }
    }
}

/// What the builder wants after an event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Next,
    Done,
    Failed,
}

/// A collection whose end has not been seen yet.
struct Open<'s> {
    span: Span,
    anchor: usize,
    nodes_before: usize,
    state: OpenState<'s>,
}

enum OpenState<'s> {
    Sequence(Vec<Node<'s>>),
    Mapping(OpenMapping<'s>),
}

/// Mappings up to this length are searched for a duplicate key; longer ones are indexed.
const SEARCHED_MAX: usize = 24;

#[derive(Default)]
struct OpenMapping<'s> {
    entries: Vec<(Key<'s>, Node<'s>)>,
    key: Option<Key<'s>>,
    /// Where each key stands, kept once the mapping is long: a search for each of a million
    /// keys would never end.
    index: HashMap<String, Span>,
}

impl<'s> OpenMapping<'s> {
    fn earlier(&self, text: &str) -> Option<Span> {
        if text == "<<" {
            return None;
        }
        if self.entries.len() > SEARCHED_MAX {
            return self.index.get(text).copied();
        }
        self.entries.iter().find(|(k, _)| k.text == text).map(|(k, _)| k.span)
    }

    fn push(&mut self, key: Key<'s>, node: Node<'s>) {
        self.entries.push((key, node));
        if self.entries.len() > SEARCHED_MAX {
            let from = if self.index.is_empty() { 0 } else { self.entries.len() - 1 };
            for (k, _) in &self.entries[from..] {
                self.index.insert(k.text.to_string(), k.span);
            }
        }
    }
}

/// An anchored node and how many nodes a copy of it adds.
struct Anchored<'s> {
    node: Node<'s>,
    nodes: usize,
}

struct Builder<'s, 'k> {
    file: FileId,
    sink: &'k mut Sink,
    open: Vec<Open<'s>>,
    anchors: HashMap<usize, Anchored<'s>>,
    nodes: usize,
    documents: usize,
    root: Option<Node<'s>>,
}

impl<'s, 'k> Builder<'s, 'k> {
    fn new(file: FileId, sink: &'k mut Sink) -> Self {
        Builder { file, sink, open: Vec::new(), anchors: HashMap::new(), nodes: 0, documents: 0, root: None }
    }

    fn span(&self, start: Marker, end: Marker) -> Span {
        Span::new(self.file, start.index(), end.index())
    }

    fn accept(&mut self, event: Event<'s>, span: Span) -> Step {
        if let Event::DocumentStart(_) = event {
            return self.document_start(span);
        }
        if self.build(event, span) { Step::Next } else { Step::Failed }
    }

    /// Adds one event to the tree; `false` when it broke a limit or makes no tree.
    fn build(&mut self, event: Event<'s>, span: Span) -> bool {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                let node = Node { span, kind: Kind::Scalar { text, plain } };
                self.count(1, span) && self.place(node, anchor, 1)
            }
            Event::Alias(id) => self.alias(id, span),
            Event::SequenceStart(anchor, _) => self.start(span, anchor, OpenState::Sequence(Vec::new())),
            Event::MappingStart(anchor, _) => self.start(span, anchor, OpenState::Mapping(OpenMapping::default())),
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                true
            }
        }
    }

    fn document_start(&mut self, span: Span) -> Step {
        self.documents += 1;
        if self.documents > 1 {
            self.sink.push(
                Diagnostic::new(
                    Code::SeveralDocuments,
                    span,
                    "the file holds several YAML documents; only the first is read",
                )
                .help("put each capability into a file of its own"),
            );
            return Step::Done;
        }
        Step::Next
    }

    fn count(&mut self, nodes: usize, span: Span) -> bool {
        self.nodes += nodes;
        if self.nodes <= limits::NODES_MAX {
            return true;
        }
        self.too_deep(span, format!("the file expands to more than {} values", limits::NODES_MAX));
        false
    }

    fn too_deep(&mut self, span: Span, message: String) {
        self.sink.push(
            Diagnostic::new(Code::TooDeep, span, message)
                .help("no capability needs this; look for an alias that repeats itself or a missing line break"),
        );
    }

    fn start(&mut self, span: Span, anchor: usize, state: OpenState<'s>) -> bool {
        if self.open.len() >= limits::DEPTH_MAX {
            self.too_deep(span, format!("the file is nested more than {} levels deep", limits::DEPTH_MAX));
            return false;
        }
        let nodes_before = self.nodes;
        self.open.push(Open { span, anchor, nodes_before, state });
        self.count(1, span)
    }

    fn end(&mut self, end: Span) -> bool {
        let Some(open) = self.open.pop() else {
            return true;
        };
        let span = Span::new(self.file, open.span.start(), end.start().max(open.span.end()));
        let kind = match open.state {
            OpenState::Sequence(items) => Kind::Sequence(items),
            OpenState::Mapping(mapping) => Kind::Mapping(merge(mapping.entries)),
        };
        let nodes = self.nodes - open.nodes_before;
        self.place(Node { span, kind }, open.anchor, nodes)
    }

    fn alias(&mut self, id: usize, span: Span) -> bool {
        let Some(anchored) = self.anchors.get(&id) else {
            self.sink.push(Diagnostic::new(Code::YamlSyntax, span, "an alias stands inside its own anchor"));
            return false;
        };
        let nodes = anchored.nodes;
        // Counted before it is copied, so that a bomb never takes its memory.
        if !self.count(nodes, span) {
            return false;
        }
        let Some(node) = self.anchors.get(&id).map(|a| a.node.clone()) else {
            return false;
        };
        self.place(node, 0, nodes)
    }

    fn place(&mut self, node: Node<'s>, anchor: usize, nodes: usize) -> bool {
        if anchor != 0 {
            self.anchors.insert(anchor, Anchored { node: node.clone(), nodes });
        }
        match self.open.last_mut().map(|o| &mut o.state) {
            None => self.root = Some(node),
            Some(OpenState::Sequence(items)) => items.push(node),
            Some(OpenState::Mapping(mapping)) => match mapping.key.take() {
                Some(name) => mapping.push(name, node),
                None => return self.key(node),
            },
        }
        true
    }

    fn key(&mut self, node: Node<'s>) -> bool {
        let span = node.span;
        let Kind::Scalar { text, .. } = node.kind else {
            self.sink.push(
                Diagnostic::new(Code::YamlSyntax, span, "a key is a collection; the specification has only text keys")
                    .help("a value that begins with `{` or `[` must be quoted"),
            );
            return false;
        };
        let Some(Open { state: OpenState::Mapping(mapping), .. }) = self.open.last_mut() else {
            return true;
        };
        if let Some(earlier) = mapping.earlier(&text) {
            self.sink.push(
                Diagnostic::new(Code::DuplicateKey, span, format!("`{text}` stands twice in this mapping"))
                    .label(earlier, "it stands here first")
                    .help("remove one of the two, or rename it"),
            );
        }
        mapping.key = Some(Key { text, span });
        true
    }

    fn syntax_error(&mut self, error: &ScanError, text: &str) {
        let at = error.marker().index();
        let span = Span::new(self.file, at, at + 1);
        let mut diagnostic = Diagnostic::new(Code::YamlSyntax, span, format!("the file is not YAML: {}", error.info()));
        for help in syntax_help(text, error.marker().line()) {
            diagnostic = diagnostic.help(help);
        }
        self.sink.push(diagnostic);
    }
}

/// What usually stands behind a syntax error on this line.
fn syntax_help(text: &str, line: usize) -> Vec<String> {
    let content = text.lines().nth(line.saturating_sub(1)).unwrap_or("");
    let indent = content.len() - content.trim_start().len();
    let mut help = Vec::new();
    if content[..indent].contains('\t') {
        help.push("YAML is indented with spaces; this line has a tab".to_owned());
    }
    if content.contains("{%") || content.contains("{{") || content.trim_start().starts_with('%') {
        help.push("a value that begins with `{` or `%` must be quoted; a file template must be filled in before it is a capability".to_owned());
    }
    if content.matches(": ").count() > 1 {
        help.push("a value that contains `: ` must be quoted".to_owned());
    }
    help
}

/// Applies `<<` keys: their entries are added where the mapping has none of that name.
fn merge<'s>(entries: Vec<(Key<'s>, Node<'s>)>) -> Vec<(Key<'s>, Node<'s>)> {
    if !entries.iter().any(|(k, _)| k.text == "<<") {
        return entries;
    }
    let (merges, mut own): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(k, _)| k.text == "<<");
    for (_, node) in merges {
        let sources = match node.kind {
            Kind::Sequence(items) => items,
            kind @ (Kind::Mapping(_) | Kind::Scalar { .. }) => vec![Node { span: node.span, kind }],
        };
        for (key, value) in sources
            .into_iter()
            .filter_map(|s| match s.kind {
                Kind::Mapping(entries) => Some(entries),
                Kind::Scalar { .. } | Kind::Sequence(_) => None,
            })
            .flatten()
        {
            if !own.iter().any(|(k, _)| k.text == key.text) {
                own.push((key, value));
            }
        }
    }
    own
}

/// An absent value at a place, for callers that want a node whatever the author wrote.
pub(crate) fn absent<'s>(span: Span) -> Node<'s> {
    Node::null(span)
}
