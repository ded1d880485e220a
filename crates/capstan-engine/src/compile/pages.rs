//! A pagination becomes compiled paths and the input that asks for a page; or it is recognised by
//! the names that nearly every API uses.

use capstan_spec::Text;
use capstan_spec::diagnostic::{Code, Diagnostic, Sink};
use capstan_spec::document::{self, Method, ValueType};
use capstan_spec::nearest;
use capstan_spec::source::{Span, Spanned};

use super::OperationSource;
use super::names::Implied;
use super::output::path;
use crate::encode;
use crate::jsonpath::JsonPath;
use crate::plan::{
    Advance, Input, InputId, ListStyle, Output, Pagination, Place, QueryParameter, Shape, Source, folded,
};

/// The pagination of an operation: the caller's, the document's, or what the names tell. A
/// parameter that nothing declares becomes one of the query.
pub(super) fn compile(
    source: &OperationSource<'_>,
    inputs: &mut Vec<Input>,
    query: &mut Vec<QueryParameter>,
    outputs: &[Output],
    sink: &mut Sink,
) -> Option<Pagination> {
    match written(source) {
        Some(pagination) => Compiler { inputs, query, sink }.pagination(pagination),
        None if source.method() == Method::Get => recognise(inputs, outputs),
        None => None,
    }
}

fn written<'c>(source: &OperationSource<'c>) -> Option<&'c document::Pagination> {
    let name = source.operation.name.as_ref().map_or("", |name| &name.value);
    let mut amended = source.capability.amendments(source.consumes).filter_map(|a| a.operations.get(name));
    amended.find_map(|a| a.pagination.as_ref()).or(source.operation.value.pagination.as_ref())
}

struct Compiler<'k> {
    inputs: &'k mut Vec<Input>,
    query: &'k mut Vec<QueryParameter>,
    sink: &'k mut Sink,
}

impl Compiler<'_> {
    fn pagination(&mut self, written: &document::Pagination) -> Option<Pagination> {
        use document::Pagination as Written;
        let span = written.span();
        let (advance, items) = match written {
            Written::Cursor(w) => {
                let parameter = self.parameter(w.parameter.as_ref(), span);
                let next = self.required(w.next.as_ref(), "next", "$.next_cursor", span);
                let more = self.optional(w.more.as_ref());
                (Advance::Cursor { parameter: parameter?, next: vec![next?], more }, &w.items)
            }
            Written::Offset(w) => {
                let parameter = self.parameter(w.parameter.as_ref(), span)?;
                let (total, more) = (self.optional(w.total.as_ref()), self.optional(w.more.as_ref()));
                (Advance::Offset { parameter, start: start(w.start, 0), total, more }, &w.items)
            }
            Written::Page(w) => {
                let parameter = self.parameter(w.parameter.as_ref(), span)?;
                let (total, more) = (self.optional(w.total.as_ref()), self.optional(w.more.as_ref()));
                let pages = self.optional(w.pages.as_ref());
                (Advance::Page { parameter, start: start(w.start, 1), pages, total, more }, &w.items)
            }
            Written::Link(w) => (Advance::Link, &w.items),
            Written::NextLink(w) => {
                let next = self.required(w.next.as_ref(), "next", "$.links.next", span)?;
                (Advance::NextLink { next }, &w.items)
            }
            Written::Keyset(w) => {
                let parameter = self.parameter(w.parameter.as_ref(), span);
                let key = self.required(w.key.as_ref(), "key", "$.id", span);
                let more = self.optional(w.more.as_ref());
                (Advance::Keyset { parameter: parameter?, key: key?, more }, &w.items)
            }
        };
        Some(Pagination { advance, items: self.optional(items.as_ref()), is_recognised: false })
    }

    fn optional(&mut self, text: Option<&Text>) -> Option<JsonPath> {
        text.and_then(|text| path(text, self.sink))
    }

    fn required(&mut self, text: Option<&Text>, key: &str, example: &str, span: Span) -> Option<JsonPath> {
        if text.is_none() {
            self.missing(key, example, span);
        }
        self.optional(text)
    }

    /// The input of a name; a slip of the pen is none.
    fn parameter(&mut self, name: Option<&Text>, span: Span) -> Option<InputId> {
        let Some(name) = name else {
            self.missing("parameter", "cursor", span);
            return None;
        };
        if let Some(found) = self.inputs.iter().position(|input| input.name == name.value) {
            return Some(InputId::at(found));
        }
        match nearest(&name.value, self.inputs.iter().map(|input| &*input.name)) {
            None => Some(self.implied(name)),
            Some(near) => {
                let message = format!("`{}` is no parameter of this operation", name.value);
                let diagnostic = Diagnostic::new(Code::BadPagination, name.span, message);
                self.sink.push(diagnostic.help(format!("did you mean `{near}`? If not, declare it")));
                None
            }
        }
    }

    /// A parameter of the query that only the pagination names.
    fn implied(&mut self, name: &Text) -> InputId {
        let id = InputId::at(self.inputs.len());
        let implied = Implied { kind: ValueType::String, ..Implied::optional(Place::Query) };
        self.inputs.push(implied.input(&name.value, name.span));
        let (name, value) = (encode::to_component(&name.value), Source::Input(id));
        self.query.push(QueryParameter { name, value, style: ListStyle::Repeat });
        id
    }

    fn missing(&mut self, key: &str, example: &str, span: Span) {
        self.sink.push(
            Diagnostic::new(Code::MissingKey, span, format!("a pagination without `{key}`"))
                .help(format!("add `{key}: {example}`")),
        );
    }
}

fn start(written: Option<Spanned<u64>>, standard: u64) -> u64 {
    written.map_or(standard, |start| start.value)
}

/// Parameters that take a token, folded, and where answers give the next one.
const CURSORS: [(&str, &[&str]); 5] = [
    ("nexttoken", &["$.next_token", "$.nextToken"]),
    ("pagetoken", &["$.next_page_token", "$.nextPageToken"]),
    ("cursor", NEXT_CURSORS),
    ("startcursor", NEXT_CURSORS),
    ("continuationtoken", &["$.continuationToken", "$.continuation_token", "$.nextContinuationToken"]),
];

const NEXT_CURSORS: &[&str] = &[
    "$.next_cursor",
    "$.nextCursor",
    "$.meta.next_cursor",
    "$.meta.nextCursor",
    "$.pagination.next_cursor",
    "$.pagination.nextCursor",
    "$.paging.next_cursor",
    "$.response_metadata.next_cursor",
];

/// The pagination that parameters give away by their names. Only what cannot be meant otherwise:
/// a token that an answer repeats or a page that does not change ends the calls with an error.
fn recognise(inputs: &[Input], outputs: &[Output]) -> Option<Pagination> {
    let of = |names: &[&str]| {
        let named = |input: &Input| names.contains(&folded(&input.name).as_str());
        inputs.iter().position(named).map(InputId::at)
    };
    let cursor = CURSORS.iter().find_map(|(name, paths)| Some((of(&[name])?, *paths)));
    let advance = if let Some((parameter, paths)) = cursor {
        let declared = outputs.iter().filter_map(next_output);
        let usual = paths.iter().filter_map(|path| JsonPath::compile(path).ok());
        Advance::Cursor { parameter, next: declared.chain(usual).collect(), more: None }
    } else if let Some(parameter) = of(&["startingafter"]) {
        let (key, more) = (JsonPath::compile("$.id").ok()?, JsonPath::compile("$.has_more").ok());
        Advance::Keyset { parameter, key, more }
    } else if let Some(parameter) = of(&["offset", "skip"]) {
        Advance::Offset { parameter, start: 0, total: None, more: None }
    } else {
        let parameter = of(&["page", "pagenumber"])?;
        Advance::Page { parameter, start: 1, pages: None, total: None, more: None }
    };
    Some(Pagination { advance, items: None, is_recognised: true })
}

/// The path of an output that is the next token by its name.
fn next_output(output: &Output) -> Option<JsonPath> {
    let is_next = ["nexttoken", "nextcursor", "nextpagetoken"].contains(&folded(&output.name).as_str());
    match &output.shape {
        Shape::Path { path, .. } if is_next => Some(path.clone()),
        Shape::Path { .. } | Shape::Constant(_) | Shape::Object { .. } | Shape::Array { .. } | Shape::Map { .. } => {
            None
        }
    }
}
