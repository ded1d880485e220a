//! Placeholders in texts: where they stand and what they name (specification, "Expressions").
//!
//! This is syntax alone. Whether a name is a parameter or a bound variable, and how its value
//! is written, is decided by whoever compiles the text.

/// How a placeholder is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// `{{name}}`, the standard form.
    Double,
    /// `{name}`, the form of paths.
    Single,
    /// `${name}`.
    Dollar,
    /// `$env.name` or `$secrets.name`.
    Environment,
    /// `$this.namespace.name`.
    This,
}

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Text that stands for itself.
    Literal(&'t str),
    /// A placeholder.
    Placeholder(Placeholder<'t>),
}

/// A placeholder of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placeholder<'t> {
    /// How it is spelled.
    pub form: Form,
    /// What stands inside, without spaces around it.
    pub body: &'t str,
    /// The whole, as spelled.
    pub source: &'t str,
    /// Where it begins in the text, in bytes.
    pub offset: usize,
    /// Whether it may fill several path segments: `{name+}` (Smithy) or `{+name}` (RFC 6570).
    pub greedy: bool,
}

impl<'t> Placeholder<'t> {
    /// Whether the body is a name, not an expression.
    pub fn is_name(&self) -> bool {
        is_name(self.body)
    }

    /// The name without its namespace: what stands behind the first dot, or the whole.
    pub fn local(&self) -> &'t str {
        self.body.split_once('.').map_or(self.body, |(_, local)| local)
    }

    /// The namespace: what stands before the first dot.
    pub fn namespace(&self) -> Option<&'t str> {
        match self.form {
            Form::Environment => Some("env"),
            Form::Double | Form::Single | Form::Dollar | Form::This => self.body.split_once('.').map(|(ns, _)| ns),
        }
    }
}

/// Whether a text is a name: letters, digits and the marks that parameters have in their names.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_name_mark)
}

fn is_name_mark(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '@' | ':' | '[' | ']')
}

/// Splits a text into its pieces. What is no placeholder is literal, so this cannot fail; an
/// opening `{{` that is never closed is reported by [`unclosed`]. Takes time in proportion to
/// the text, whatever it is.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let scan = Scan { text, last_double: text.rfind("}}"), last_triple: text.rfind("}}}") };
    let mut pieces = Vec::new();
    let mut literal = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find(['{', '$']).map(|i| at + i) {
        match scan.placeholder_at(found) {
            Some(placeholder) => {
                if literal < found {
                    pieces.push(Piece::Literal(&text[literal..found]));
                }
                at = found + placeholder.source.len();
                literal = at;
                pieces.push(Piece::Placeholder(placeholder));
            }
            None => at = found + 1,
        }
    }
    if literal < text.len() {
        pieces.push(Piece::Literal(&text[literal..]));
    }
    pieces
}

/// The placeholders of a text.
pub fn placeholders(text: &str) -> impl Iterator<Item = Placeholder<'_>> {
    // Most texts have neither mark, and are not worth a list.
    let pieces = if text.contains(['{', '$']) { pieces(text) } else { Vec::new() };
    pieces.into_iter().filter_map(|p| match p {
        Piece::Placeholder(placeholder) => Some(placeholder),
        Piece::Literal(_) => None,
    })
}

/// Where a `{{` begins that no `}}` closes, in bytes.
pub fn unclosed(text: &str) -> Option<usize> {
    let last = text.rfind("{{")?;
    let closed = text[last..].contains("}}");
    (!closed).then_some(last)
}

/// A text and where its last closing marks stand: behind them no search is begun, or a text of
/// a million opening braces would be searched a million times.
struct Scan<'t> {
    text: &'t str,
    last_double: Option<usize>,
    last_triple: Option<usize>,
}

impl<'t> Scan<'t> {
    fn placeholder_at(&self, at: usize) -> Option<Placeholder<'t>> {
        let rest = &self.text[at..];
        if rest.starts_with("${{") {
            return self.closed(at, 3, "}}", self.last_double);
        }
        if rest.starts_with("{{{")
            && let Some(found) = self.closed(at, 3, "}}}", self.last_triple)
        {
            return Some(found);
        }
        if rest.starts_with("{{") {
            return self.closed(at, 2, "}}", self.last_double);
        }
        if let Some(inner) = rest.strip_prefix("${") {
            return dollar(rest, at, inner);
        }
        if let Some(inner) = rest.strip_prefix('{') {
            return single(rest, at, inner);
        }
        prefixed(rest, at)
    }

    /// The placeholder that begins with `open` bytes of marks at `at`, up to the next `close`.
    fn closed(&self, at: usize, open: usize, close: &str, last: Option<usize>) -> Option<Placeholder<'t>> {
        let start = at + open;
        last.filter(|last| start <= *last)?;
        let end = start + self.text[start..].find(close)?;
        let body = self.text[start..end].trim();
        let source = &self.text[at..end + close.len()];
        (!body.is_empty()).then_some(Placeholder { form: Form::Double, body, source, offset: at, greedy: false })
    }
}

/// `${name}`.
fn dollar<'t>(rest: &'t str, at: usize, inner: &'t str) -> Option<Placeholder<'t>> {
    let end = inner.find(|c: char| !is_name_mark(c) && c != ' ').filter(|end| inner[*end..].starts_with('}'))?;
    let body = inner[..end].trim();
    let source = &rest[..2 + end + 1];
    is_name(body).then_some(Placeholder { form: Form::Dollar, body, source, offset: at, greedy: false })
}

/// `{name}`, `{name+}`, `{+name}`.
fn single<'t>(rest: &'t str, at: usize, inner: &'t str) -> Option<Placeholder<'t>> {
    let other = |c: char| !is_name_mark(c) && !matches!(c, '+' | '*');
    let end = inner.find(other).filter(|end| inner[*end..].starts_with('}'))?;
    let written = &inner[..end];
    let body = written.trim_start_matches('+').trim_end_matches(['+', '*']);
    let greedy = body.len() != written.len();
    let source = &rest[..1 + end + 1];
    is_name(body).then_some(Placeholder { form: Form::Single, body, source, offset: at, greedy })
}

/// `$env.name`, `$secrets.name`, `$this.name`.
fn prefixed(rest: &str, at: usize) -> Option<Placeholder<'_>> {
    let prefixes = [("$env.", Form::Environment), ("$secrets.", Form::Environment), ("$this.", Form::This)];
    prefixes.into_iter().find_map(|(prefix, form)| {
        let inner = rest.strip_prefix(prefix)?;
        let end = inner.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))).unwrap_or(inner.len());
        let body = inner[..end].trim_end_matches('.');
        let source = &rest[..prefix.len() + body.len()];
        (!body.is_empty()).then_some(Placeholder { form, body, source, offset: at, greedy: false })
    })
}

#[cfg(test)]
mod tests {
    use super::{Form, placeholders, unclosed};

    fn names(text: &str) -> Vec<(Form, &str)> {
        placeholders(text).map(|p| (p.form, p.body)).collect()
    }

    #[test]
    fn knows_every_spelling() {
        assert_eq!(names("a {{ x }} b"), [(Form::Double, "x")]);
        assert_eq!(names("{{{x}}}"), [(Form::Double, "x")]);
        assert_eq!(
            names("/{id}/{key+}/{+path}"),
            [(Form::Single, "id"), (Form::Single, "key"), (Form::Single, "path")]
        );
        assert_eq!(names("https://${HOST}/"), [(Form::Dollar, "HOST")]);
        assert_eq!(names("$env.TOKEN."), [(Form::Environment, "TOKEN")]);
        assert_eq!(names("$this.tools.id"), [(Form::This, "tools.id")]);
        assert_eq!(names("{{a | upper}}"), [(Form::Double, "a | upper")]);
    }

    #[test]
    fn a_heap_of_marks_takes_no_time() {
        let marks = ["{", "{{", "{{{", "{{ ", "${", "${{", "{a", "$env.", "{{{x}} ", "{ "];
        for mark in marks {
            let text = format!("{}}}", mark.repeat(200_000 / mark.len()));
            assert!(super::pieces(&text).len() <= text.len());
        }
    }

    #[test]
    fn leaves_other_braces_alone() {
        assert_eq!(names(r#"{"a": {"b": 1}}"#), []);
        assert_eq!(names("{ x }"), []);
        assert_eq!(names("{}"), []);
        assert_eq!(names("costs $5 {"), []);
        assert_eq!(unclosed("a {{b"), Some(2));
        assert_eq!(unclosed("{{a}}"), None);
    }
}
