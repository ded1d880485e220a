//! Where slots may stand in XML: in character data and in quoted attribute values. Anywhere else a
//! value would be markup, whatever is escaped.

use capstan_spec::diagnostic::{Code, Diagnostic};
use capstan_spec::source::Span;

use super::names::Scope;
use crate::plan::{Part, Template};

/// Where in a document a text ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Text,
    Tag,
    Attribute(char),
    Comment,
    CharacterData,
}

/// Reports slots that stand where a value would be markup.
pub(super) fn check(template: &Template, span: Span, scope: &mut Scope<'_>) {
    let mut state = State::Text;
    for part in &template.parts {
        let Part::Literal(text) = part else {
            report(state, span, scope);
            continue;
        };
        state = behind(text, state);
    }
}

/// The state behind a text.
fn behind(text: &str, mut state: State) -> State {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (next, length) = match state {
            State::Text if rest.starts_with("<!--") => (State::Comment, 4),
            State::Text if rest.starts_with("<![CDATA[") => (State::CharacterData, 9),
            State::Text if c == '<' => (State::Tag, 1),
            State::Tag if c == '>' => (State::Text, 1),
            State::Tag if matches!(c, '"' | '\'') => (State::Attribute(c), 1),
            State::Attribute(quote) if c == quote => (State::Tag, 1),
            State::Comment if rest.starts_with("-->") => (State::Text, 3),
            State::CharacterData if rest.starts_with("]]>") => (State::Text, 3),
            same => (same, c.len_utf8()),
        };
        state = next;
        rest = &rest[length..];
    }
    state
}

fn report(state: State, span: Span, scope: &mut Scope<'_>) {
    let place = match state {
        State::Text | State::Attribute(_) => return,
        State::Tag => "a tag",
        State::Comment => "a comment",
        State::CharacterData => "a CDATA section",
    };
    scope.sink.push(
        Diagnostic::new(Code::BadBody, span, format!("a placeholder cannot stand in {place} of an XML body"))
            .help("values stand between tags or in quoted attributes, and are escaped there"),
    );
}
