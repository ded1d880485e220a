//! Base URIs and paths become pieces that cannot be moved by what fills them.

use capstan_spec::Text;
use capstan_spec::diagnostic::{Code, Diagnostic};
use capstan_spec::placeholder::{self, Form, Piece};
use capstan_spec::source::Span;

use super::OperationSource;
use super::names::{Implied, Scope};
use crate::encode;
use crate::plan::{Base, Part, PathPart, Place, Segment};

/// A path and the place that wrote it.
pub(super) struct WrittenPath {
    pub(super) text: String,
    pub(super) span: Span,
}

/// The path of an operation behind the base URI.
///
/// An operation's own path (not standard) replaces that of the resource when it begins with it,
/// and follows it otherwise.
pub(super) fn joined_path(source: &OperationSource<'_>) -> WrittenPath {
    let resource = source.resource.value.path.as_ref();
    let outer = resource.map_or("", |p| p.value.trim());
    let span = resource.map_or(source.resource.value.span, |p| p.span);
    let Some(own) = &source.operation.value.path else {
        return WrittenPath { text: outer.to_owned(), span };
    };
    let inner = own.value.trim();
    let (outer_path, outer_query) = split_query(outer);
    let stem = outer_path.trim_end_matches('/');
    let replaces = inner.strip_prefix(stem).is_some_and(|rest| {
        stem.is_empty() || rest.is_empty() || rest.starts_with('/') || rest.starts_with('?') || rest.starts_with(':')
    });
    let mut text = match inner {
        "" | "/" => outer_path.to_owned(),
        _ if replaces => inner.to_owned(),
        _ if inner.starts_with(['/', '?', ':']) => format!("{stem}{inner}"),
        _ => format!("{stem}/{inner}"),
    };
    if !outer_query.is_empty() {
        text.push(if text.contains('?') { '&' } else { '?' });
        text.push_str(outer_query);
    }
    WrittenPath { text, span: own.span }
}

/// Compiles a base URI.
pub(super) fn base(written: Option<&Text>, scope: &mut Scope<'_>) -> Base {
    let Some(written) = written.filter(|w| !w.value.trim().is_empty()) else { return Base::Missing };
    let text = written.value.trim();
    let Some((scheme, rest)) = text.split_once("://").filter(|(scheme, _)| !scheme.contains('{')) else {
        return variable_base(text, written.span, scope);
    };
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        bad_base(written.span, format!("`{scheme}` is not a scheme of HTTP"), "begin with `https://`", scope);
        return Base::Missing;
    }
    let end = authority_end(rest);
    let (authority, path) = rest.split_at(end);
    let implied = Implied::required(Place::BaseUri);
    let parts = scope.template(authority, written.span, &implied).parts;
    check_authority(&parts, authority, written.span, scope);
    let (path, _) = split_query(path);
    let path = path.split('#').next().unwrap_or("").trim_end_matches('/');
    Base::Uri {
        scheme: scheme.to_ascii_lowercase().into(),
        authority: parts,
        path: segments(path, written.span, &implied, scope),
    }
}

/// Where host and port end: at the first `/`, `?` or `#` outside of a placeholder.
fn authority_end(rest: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in rest.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '/' | '?' | '#' if depth == 0 => return at,
            _ => {}
        }
    }
    rest.len()
}

/// A base URI that begins with a placeholder: a variable holds scheme and host.
fn variable_base(text: &str, span: Span, scope: &mut Scope<'_>) -> Base {
    if text.contains("://") {
        let help = "write `https://`, or let one variable hold scheme and host";
        bad_base(span, format!("the scheme of `{text}` is a placeholder"), help, scope);
        return Base::Missing;
    }
    let pieces = placeholder::pieces(text);
    let Some(Piece::Placeholder(first)) = pieces.first().filter(|p| matches!(p, Piece::Placeholder(_))) else {
        let help = "a base URI begins with `https://`";
        bad_base(span, format!("`{text}` is not a base URI"), help, scope);
        return Base::Missing;
    };
    let name = if first.form == Form::Environment { first.body } else { first.local() };
    let variable = scope.variable(name, first.namespace(), span);
    let path = text[first.source.len()..].trim_end_matches('/');
    let implied = Implied::required(Place::BaseUri);
    Base::Variable { variable, path: segments(path, span, &implied, scope) }
}

fn check_authority(parts: &[Part], written: &str, span: Span, scope: &mut Scope<'_>) {
    if written.contains('@') {
        let help = "write the credential under `authentication: { type: basic, … }`";
        bad_base(span, "a base URI holds no user name or password".to_owned(), help, scope);
        return;
    }
    let sample: String = parts
        .iter()
        .map(|p| match p {
            Part::Literal(text) => text,
            Part::Variable(_) | Part::Input(_) | Part::Expression(_) | Part::Nested(_) => "1",
        })
        .collect();
    if !encode::is_authority(&sample) {
        bad_base(span, format!("`{written}` is not a host"), "a base URI is `https://host/path`", scope);
    }
}

fn bad_base(span: Span, message: String, help: &str, scope: &mut Scope<'_>) {
    scope.sink.push(Diagnostic::new(Code::BadBaseUri, span, message).help(help));
}

/// Compiles a path: its segments, and the query that it and the base URI carry themselves.
pub(super) fn path(
    written: &WrittenPath,
    base: Option<&Text>,
    scope: &mut Scope<'_>,
) -> (Vec<PathPart>, Vec<PathPart>) {
    let implied = Implied::required(Place::Path);
    let (path, query) = split_query(&written.text);
    let (_, base_query) = base.map_or(("", ""), |b| split_query(b.value.trim()));
    let joined = [base_query, query].map(|q| q.split('#').next().unwrap_or("").trim_matches('&'));
    let query = if joined.iter().all(|q| !q.is_empty()) { joined.join("&") } else { joined.concat() };
    let path = if path.is_empty() || path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let path = segments(&path, written.span, &implied, scope);
    let query = scope
        .template(&query, written.span, &Implied::required(Place::Query))
        .parts
        .into_iter()
        .filter(|part| *part != Part::Literal("".into()))
        .map(|part| match part {
            Part::Literal(text) => PathPart::Literal(encode::query_literal(&text).into()),
            slot => PathPart::Segment(Segment { parts: vec![slot], greedy: false }),
        })
        .collect();
    (path, query)
}

/// Splits at the first `?` outside of a placeholder.
fn split_query(text: &str) -> (&str, &str) {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '?' if depth == 0 => return (&text[..at], &text[at + 1..]),
            _ => {}
        }
    }
    (text, "")
}

/// Compiles a path into literal runs and segments with slots.
fn segments(path: &str, span: Span, implied: &Implied<'_>, scope: &mut Scope<'_>) -> Vec<PathPart> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    for (index, segment) in split_segments(path).into_iter().enumerate() {
        if index > 0 {
            literal.push('/');
        }
        if !segment.contains(['{', '$']) {
            literal.push_str(&encode::path_literal(segment));
            continue;
        }
        let greedy = placeholder::placeholders(segment).any(|p| p.greedy);
        let slots = scope.template(segment, span, implied).parts;
        if slots.iter().all(|p| matches!(p, Part::Literal(_))) {
            literal.push_str(&encode::path_literal(segment));
            continue;
        }
        if !literal.is_empty() {
            parts.push(PathPart::Literal(std::mem::take(&mut literal).into()));
        }
        let slots = slots.into_iter().map(encoded_literal).collect();
        parts.push(PathPart::Segment(Segment { parts: slots, greedy }));
    }
    if !literal.is_empty() {
        parts.push(PathPart::Literal(literal.into()));
    }
    parts
}

fn encoded_literal(part: Part) -> Part {
    match part {
        Part::Literal(text) => Part::Literal(encode::path_literal(&text).into()),
        Part::Variable(_) | Part::Input(_) | Part::Expression(_) | Part::Nested(_) => part,
    }
}

/// The segments of a path; a slash inside a placeholder separates nothing.
fn split_segments(path: &str) -> Vec<&str> {
    let mut segments = Vec::new();
    let mut depth = 0_usize;
    let mut from = 0;
    for (at, c) in path.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '/' if depth == 0 => {
                segments.push(&path[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    segments.push(&path[from..]);
    segments
}
