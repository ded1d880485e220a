//! YAML text becomes a tree of spanned nodes, within limits.
//!
//! The tree borrows from the text and keeps every scalar as it was spelled; what a scalar
//! means is decided by whoever wants it. Aliases are expanded, merge keys applied.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Add;

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
        return radix(hex, 16);
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return radix(octal, 8);
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

/// The standard library takes a sign in front of the digits; YAML does not.
fn radix(digits: &str, radix: u32) -> Option<serde_json::Number> {
    if digits.starts_with('+') {
        return None;
    }
    u64::from_str_radix(digits, radix).ok().map(Into::into)
}

/// Reads the first document of a text. Problems go to the sink; `None` when there is no tree.
pub(crate) fn read<'s>(file: FileId, text: &'s str, sink: &mut Sink) -> Option<Node<'s>> {
    let mut builder = Builder::new(file, sink);
    if let Some(byte) = text.find('\0') {
        // The parser would take it for the end of the text, and half a file for a whole one.
        builder.nul(text[..byte].chars().count());
        return None;
    }
    let mut parser = Parser::new_from_str(text);
    loop {
        match parser.next_event() {
            None | Some(Ok((Event::StreamEnd, _))) => return builder.root,
            Some(Ok((event, span))) => {
                let place = builder.place_of(span.start, span.end);
                match builder.accept(event, place) {
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

/// Where an event stands, and on which lines.
#[derive(Clone, Copy)]
struct Place {
    span: Span,
    first_line: usize,
    last_line: usize,
}

/// How much a piece of the tree takes.
#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    bytes: usize,
}

impl Add for Size {
    type Output = Size;
    fn add(self, other: Size) -> Size {
        Size { nodes: self.nodes + other.nodes, bytes: self.bytes + other.bytes }
    }
}

/// A collection whose end has not been seen yet.
struct Open<'s> {
    place: Place,
    anchor: usize,
    before: Size,
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

/// An anchored node and what a copy of it takes.
struct Anchored<'s> {
    node: Node<'s>,
    size: Size,
}

struct Builder<'s, 'k> {
    file: FileId,
    sink: &'k mut Sink,
    open: Vec<Open<'s>>,
    anchors: HashMap<usize, Anchored<'s>>,
    /// What the tree takes.
    taken: Size,
    /// What the copies take that anchors keep.
    kept: Size,
    documents: usize,
    root: Option<Node<'s>>,
}

impl<'s, 'k> Builder<'s, 'k> {
    fn new(file: FileId, sink: &'k mut Sink) -> Self {
        Builder {
            file,
            sink,
            open: Vec::new(),
            anchors: HashMap::new(),
            taken: Size::default(),
            kept: Size::default(),
            documents: 0,
            root: None,
        }
    }

    fn place_of(&self, start: Marker, end: Marker) -> Place {
        let span = Span::new(self.file, start.index(), end.index());
        Place { span, first_line: start.line(), last_line: end.line() }
    }

    fn accept(&mut self, event: Event<'s>, place: Place) -> Step {
        if let Event::DocumentStart(_) = event {
            return self.document_start(place.span);
        }
        if self.build(event, place) { Step::Next } else { Step::Failed }
    }

    /// Adds one event to the tree; `false` when it broke a limit or makes no tree.
    fn build(&mut self, event: Event<'s>, place: Place) -> bool {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                let size = Size { nodes: 1, bytes: text.len() };
                let node = Node { span: place.span, kind: Kind::Scalar { text, plain } };
                self.take(size, place.span) && self.place(node, anchor, size)
            }
            Event::Alias(id) => self.alias(id, place.span),
            Event::SequenceStart(anchor, _) => self.start(place, anchor, OpenState::Sequence(Vec::new())),
            Event::MappingStart(anchor, _) => self.start(place, anchor, OpenState::Mapping(OpenMapping::default())),
            Event::SequenceEnd | Event::MappingEnd => self.end(place),
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

    /// Counts what is about to be added; `false` when it is too much.
    fn take(&mut self, size: Size, span: Span) -> bool {
        self.taken = self.taken + size;
        self.is_within(span)
    }

    /// Counts what an anchor is about to keep: anchors around anchors multiply like aliases.
    fn keep(&mut self, size: Size, span: Span) -> bool {
        self.kept = self.kept + size;
        self.is_within(span)
    }

    fn is_within(&mut self, span: Span) -> bool {
        let all = self.taken + self.kept;
        if all.nodes > limits::NODES_MAX {
            self.too_deep(span, format!("the file expands to more than {} values", limits::NODES_MAX));
            return false;
        }
        if all.bytes > limits::EXPANDED_BYTES_MAX {
            let limit = limits::EXPANDED_BYTES_MAX / (1024 * 1024);
            self.too_deep(span, format!("the file expands to more than {limit} MiB"));
            return false;
        }
        true
    }

    fn too_deep(&mut self, span: Span, message: String) {
        self.sink.push(
            Diagnostic::new(Code::TooDeep, span, message)
                .help("no capability needs this; look for an alias that repeats itself or a missing line break"),
        );
    }

    fn start(&mut self, place: Place, anchor: usize, state: OpenState<'s>) -> bool {
        if self.open.len() >= limits::DEPTH_MAX {
            self.too_deep(place.span, format!("the file is nested more than {} levels deep", limits::DEPTH_MAX));
            return false;
        }
        let before = self.taken;
        self.open.push(Open { place, anchor, before, state });
        self.take(Size { nodes: 1, bytes: 0 }, place.span)
    }

    fn end(&mut self, end: Place) -> bool {
        let Some(open) = self.open.pop() else {
            return true;
        };
        let span = shown(&open, end);
        let kind = match open.state {
            OpenState::Sequence(items) => Kind::Sequence(items),
            OpenState::Mapping(mapping) => Kind::Mapping(merge(mapping.entries)),
        };
        let size = Size { nodes: self.taken.nodes - open.before.nodes, bytes: self.taken.bytes - open.before.bytes };
        self.place(Node { span, kind }, open.anchor, size)
    }

    fn alias(&mut self, id: usize, span: Span) -> bool {
        let Some(size) = self.anchors.get(&id).map(|anchored| anchored.size) else {
            self.sink.push(
                Diagnostic::new(Code::YamlSyntax, span, "an alias stands inside its own anchor")
                    .help("write the value out, or put the anchor on another value"),
            );
            return false;
        };
        // Counted before it is copied, so that a bomb never takes its memory.
        if !self.take(size, span) {
            return false;
        }
        let Some(node) = self.anchors.get(&id).map(|a| a.node.clone()) else {
            return false;
        };
        self.place(node, 0, size)
    }

    fn place(&mut self, node: Node<'s>, anchor: usize, size: Size) -> bool {
        if anchor != 0 {
            if !self.keep(size, node.span) {
                return false;
            }
            self.anchors.insert(anchor, Anchored { node: node.clone(), size });
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

    fn nul(&mut self, at: usize) {
        let span = Span::new(self.file, at, at + 1);
        self.sink.push(
            Diagnostic::new(Code::YamlSyntax, span, "the file is not YAML: it has a NUL character")
                .help("the file is binary, or in an encoding such as UTF-16; save it as UTF-8"),
        );
    }

    fn syntax_error(&mut self, error: &ScanError, text: &str) {
        // Behind a broken directive the parser counts bytes, not characters.
        let at = error.marker().index().min(text.chars().count());
        let span = Span::new(self.file, at, at + 1);
        if error.info().contains(PARSER_TOO_DEEP) {
            return self.too_deep(span, format!("the file is nested more than {} levels deep", limits::DEPTH_MAX));
        }
        let mut diagnostic = Diagnostic::new(Code::YamlSyntax, span, format!("the file is not YAML: {}", error.info()));
        for help in syntax_help(text, error) {
            diagnostic = diagnostic.help(help);
        }
        self.sink.push(diagnostic);
    }
}

/// The range to show for a collection: what a person recognises it by, on one line. That is
/// the first key of a mapping, the first dash of a list, the whole of a one-line `{…}` or `[…]`.
fn shown(open: &Open<'_>, end: Place) -> Span {
    let start = open.place.span;
    let is_flow = start.end() > start.start();
    if is_flow && open.place.first_line == end.last_line {
        return Span::new(start.file(), start.start(), end.span.end());
    }
    match &open.state {
        OpenState::Mapping(mapping) if !is_flow => mapping.entries.first().map_or(start, |(key, _)| key.span),
        OpenState::Mapping(_) | OpenState::Sequence(_) => Span::new(start.file(), start.start(), start.start() + 1),
    }
}

/// What the parser says when brackets are nested deeper than it reads ahead.
const PARSER_TOO_DEEP: &str = "recursion limit";

/// What usually stands behind a syntax error on this line.
fn syntax_help(text: &str, error: &ScanError) -> Vec<String> {
    let content = text.lines().nth(error.marker().line().saturating_sub(1)).unwrap_or("");
    let indent = content.len() - content.trim_start().len();
    let mut help = Vec::new();
    if content[..indent].contains('\t') {
        help.push("YAML is indented with spaces; this line has a tab".to_owned());
    }
    let has_brace = is_brace_in_flow(text, error);
    if has_brace {
        help.push("a value with `{` or `}` must be quoted here".to_owned());
    } else if content.contains("{%") || content.contains("{{") {
        help.push(
            "a value that begins with `{` must be quoted; a file template must be filled in before it is a capability"
                .to_owned(),
        );
    }
    if !has_brace && content.matches(": ").count() > 1 && !content.contains(['{', '\'', '"']) {
        help.push("a value that contains `: ` must be quoted".to_owned());
    }
    let causes = [
        ("unexpected character", "a value that begins with this character must be quoted"),
        ("unknown anchor", "no `&` defines this name before; a value that begins with `*` must be quoted"),
        ("unknown escape", "in double quotes `\\` begins an escape; single quotes take it as it is"),
    ];
    help.extend(causes.iter().find(|(cause, _)| error.info().contains(cause)).map(|(_, advice)| (*advice).to_owned()));
    if help.is_empty() {
        help.push(
            "look at this line and the one before: a quote or bracket not closed, or an indent that differs".to_owned(),
        );
    }
    help
}

/// Whether a `{…}` or `[…]` broke off at a brace that was meant as a part of a value: `${KEY}`, `/{id}`.
fn is_brace_in_flow(text: &str, error: &ScanError) -> bool {
    let before = error.marker().index().saturating_sub(1);
    let mut near = text.chars().skip(before);
    let (last, at) = (near.next(), near.next());
    error.info().contains("while parsing a flow") && (at == Some('{') || last == Some('}'))
}

/// Applies `<<` keys: their entries are added where the mapping has none of that name.
fn merge<'s>(entries: Vec<(Key<'s>, Node<'s>)>) -> Vec<(Key<'s>, Node<'s>)> {
    if !entries.iter().any(|(k, _)| k.text == "<<") {
        return entries;
    }
    let (merges, mut own): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(k, _)| k.text == "<<");
    let mut known: HashSet<Cow<'s, str>> = own.iter().map(|(k, _)| k.text.clone()).collect();
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
            if known.insert(key.text.clone()) {
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
