//! What a placeholder names: an input of the operation, or a bound variable.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use capstan_spec::Capability;
use capstan_spec::diagnostic::{Code, Diagnostic, Sink};
use capstan_spec::document::ValueType;
use capstan_spec::placeholder::{self, Form, Piece, Placeholder};
use capstan_spec::source::Span;

use super::OperationSource;
use crate::plan::{Auth, Credential, Expressions, Input, InputId, Part, Place, Template, Variable, VariableId};

/// The variables and expressions of a plan while it is compiled.
pub(super) struct Names {
    pub(super) variables: Vec<Variable>,
    pub(super) expressions: Expressions,
    namespaces: Vec<Arc<str>>,
}

impl Names {
    pub(super) fn new(capability: &Capability) -> Self {
        let mut variables = Vec::new();
        for binding in &capability.binds {
            for (variable, key) in &binding.keys.entries {
                variables.push(Variable {
                    name: variable.value.clone(),
                    namespace: binding.namespace.as_ref().map(|n| n.value.clone()),
                    key: key.value.clone(),
                    location: binding.location.as_ref().map(|l| (l.value.clone(), l.span)),
                    span: variable.span,
                    declared: true,
                });
            }
        }
        let namespaces = capability.binds.iter().filter_map(|b| b.namespace.as_ref().map(|n| n.value.clone()));
        Names { variables, expressions: Expressions::default(), namespaces: namespaces.collect() }
    }

    /// Declares a variable of the process environment, unless one of the name is bound.
    pub(super) fn declare_environment(&mut self, name: &Arc<str>, span: Span) {
        if self.bound(name, None).is_none() {
            let (name, key) = (name.clone(), name.clone());
            self.variables.push(Variable { name, namespace: None, key, location: None, span, declared: true });
        }
    }

    fn bound(&self, name: &str, namespace: Option<&str>) -> Option<VariableId> {
        let fits = |v: &Variable| {
            &*v.name == name && namespace.is_none_or(|n| v.namespace.as_deref() == Some(n) || !v.declared)
        };
        self.variables.iter().position(fits).map(id)
    }
}

fn id(index: usize) -> VariableId {
    VariableId(u32::try_from(index).unwrap_or(u32::MAX))
}

/// The names of one operation while it is compiled: its inputs, and the variables it uses.
pub(super) struct Scope<'k> {
    pub(super) names: &'k mut Names,
    pub(super) sink: &'k mut Sink,
    inputs: Vec<Input>,
    index: Index,
    used: BTreeSet<VariableId>,
}

/// How an input that only a placeholder names comes to be.
#[derive(Clone)]
pub(super) struct Implied<'i> {
    pub(super) place: Place,
    pub(super) required: bool,
    pub(super) kind: ValueType,
    pub(super) description: Option<Arc<str>>,
    pub(super) alias: Option<&'i Arc<str>>,
}

impl Implied<'_> {
    /// A required text.
    pub(super) fn required(place: Place) -> Self {
        Implied { place, required: true, kind: ValueType::String, description: None, alias: None }
    }

    /// An optional value of any type.
    pub(super) fn optional(place: Place) -> Self {
        Implied { place, required: false, kind: ValueType::Json, description: None, alias: None }
    }

    /// The input.
    pub(super) fn input(&self, name: &str, span: Span) -> Input {
        Input {
            name: name.into(),
            alias: self.alias.filter(|a| &***a != name).cloned(),
            kind: self.kind,
            item_kind: None,
            required: self.required,
            place: self.place,
            description: self.description.clone(),
            default: None,
            one_of: Vec::new(),
            pattern: None,
            max_length: None,
            minimum: None,
            maximum: None,
            declared: false,
            span,
        }
    }
}

impl<'k> Scope<'k> {
    /// A scope outside of any operation.
    pub(super) fn bare(names: &'k mut Names, sink: &'k mut Sink) -> Self {
        Scope { names, sink, inputs: Vec::new(), index: Index::default(), used: BTreeSet::new() }
    }

    pub(super) fn new(source: &OperationSource<'_>, names: &'k mut Names, sink: &'k mut Sink) -> Self {
        let inputs = super::inputs::declared(source);
        Scope { names, sink, inputs, index: Index::default(), used: BTreeSet::new() }
    }

    pub(super) fn input_mut(&mut self, id: InputId) -> &mut Input {
        &mut self.inputs[id.index()]
    }

    /// The input of a name: spelled so, or so but for case, `-` and `_`.
    pub(super) fn find(&mut self, name: &str) -> Option<InputId> {
        let index = if self.inputs.len() > SEARCHED_MAX {
            self.index.find(&self.inputs, name)
        } else {
            let exact = self.inputs.iter().position(|i| &*i.name == name);
            exact.or_else(|| self.inputs.iter().position(|i| is_same(&i.name, name)))
        };
        index.map(InputId::at)
    }

    pub(super) fn add(&mut self, input: Input) -> InputId {
        self.inputs.push(input);
        InputId::at(self.inputs.len() - 1)
    }

    /// The input of a name, made where the document does not declare it.
    pub(super) fn imply(&mut self, name: &str, span: Span, implied: &Implied<'_>) -> InputId {
        if let Some(id) = self.find(name) {
            return id;
        }
        self.add(implied.input(name, span))
    }

    /// The variable of a name; one that nothing binds is read from the environment, and said so.
    pub(super) fn variable(&mut self, name: &str, namespace: Option<&str>, span: Span) -> VariableId {
        let namespace = namespace.filter(|n| self.names.namespaces.iter().any(|known| &**known == *n));
        let found = self.names.bound(name, namespace).or_else(|| self.names.bound(name, None));
        let id = found.unwrap_or_else(|| {
            self.sink.push(
                Diagnostic::new(Code::UnboundVariable, span, format!("`{name}` is used but nothing binds it"))
                    .help("it is read from the environment")
                    .help(format!("declare it: `binds: [{{ namespace: env, keys: {{ {name}: {name} }} }}]`")),
            );
            self.names.variables.push(Variable {
                name: name.into(),
                namespace: None,
                key: name.into(),
                location: None,
                span,
                declared: false,
            });
            id(self.names.variables.len() - 1)
        });
        self.used.insert(id);
        id
    }

    /// A variable of the process environment, unless one of the name is bound. One that is not
    /// needed may have no value.
    pub(super) fn environment_variable(&mut self, name: &str, is_needed: bool, span: Span) -> VariableId {
        self.names.declare_environment(&name.into(), span);
        let id = self.names.bound(name, None).unwrap_or_else(|| id(self.names.variables.len() - 1));
        if is_needed {
            self.used.insert(id);
        }
        id
    }

    fn is_bound(&self, name: &str) -> bool {
        self.names.bound(name, None).is_some()
    }

    /// Compiles a text of the document.
    pub(super) fn template(&mut self, text: &str, span: Span, implied: &Implied<'_>) -> Template {
        if !text.contains(['{', '$']) {
            return Template::literal(text);
        }
        if let Some(at) = placeholder::unclosed(text) {
            let at = text[..at].chars().count();
            self.sink.push(
                Diagnostic::new(Code::BadTemplate, span, format!("`{{{{` at character {} is never closed", at + 1))
                    .help("close it with `}}`"),
            );
        }
        let mut parts: Vec<Part> = Vec::new();
        for piece in placeholder::pieces(text) {
            let part = match piece {
                Piece::Literal(text) => Part::Literal(text.into()),
                Piece::Placeholder(placeholder) => self.part(&placeholder, span, implied),
            };
            match (parts.last_mut(), part) {
                (Some(Part::Literal(last)), Part::Literal(next)) => *last = format!("{last}{next}").into(),
                (_, part) => parts.push(part),
            }
        }
        Template { parts }
    }

    /// What a placeholder names.
    pub(super) fn part(&mut self, placeholder: &Placeholder<'_>, span: Span, implied: &Implied<'_>) -> Part {
        if !placeholder.is_name() {
            return self.expression(placeholder, span, implied);
        }
        let body = placeholder.body;
        let local = placeholder.local();
        let in_auth = implied.place == Place::Authentication;
        let in_url = matches!(implied.place, Place::Path | Place::BaseUri);
        match placeholder.form {
            Form::Environment => Part::Variable(self.variable(body, None, span)),
            Form::This => Part::Input(self.imply(last(body), span, implied)),
            _ if in_auth && self.is_bound(body) => Part::Variable(self.variable(body, None, span)),
            _ if !in_auth && self.find(body).is_some() => Part::Input(self.imply(body, span, implied)),
            _ if self.is_bound(body) => Part::Variable(self.variable(body, None, span)),
            // A single brace outside of a URL is a placeholder for a bound variable alone: texts
            // hold braces of their own.
            Form::Single if !in_url => Part::Literal(placeholder.source.into()),
            Form::Double | Form::Dollar | Form::Single => match placeholder.namespace() {
                Some(ns) if self.is_variable(ns, local) => Part::Variable(self.variable(local, Some(ns), span)),
                Some(_) if !in_url => Part::Input(self.imply(last(body), span, implied)),
                Some(_) | None if in_auth || (is_variable_name(body) && !in_path(implied)) => {
                    Part::Variable(self.variable(body, None, span))
                }
                Some(_) | None => Part::Input(self.imply(body, span, implied)),
            },
        }
    }

    /// Whether `namespace.name` is a variable: bound there, or of the environment.
    fn is_variable(&self, namespace: &str, name: &str) -> bool {
        matches!(namespace, "env" | "secrets" | "vars" | "environment" | "binds")
            || self.names.bound(name, Some(namespace)).is_some_and(|id| self.names.variables[id.index()].declared)
    }

    fn expression(&mut self, placeholder: &Placeholder<'_>, span: Span, implied: &Implied<'_>) -> Part {
        if placeholder.form != Form::Double {
            return Part::Literal(placeholder.source.into());
        }
        let id = match self.names.expressions.add(placeholder.body) {
            Ok(id) => id,
            Err(error) => {
                let message = format!("`{}` is not an expression: {error}", placeholder.source);
                self.sink.push(
                    Diagnostic::new(Code::BadTemplate, span, message)
                        .help("a placeholder is a name, `{{name}}`, or an expression, `{{name | upper}}`"),
                );
                return Part::Literal(placeholder.source.into());
            }
        };
        for name in self.names.expressions.names(id) {
            let local = last(&name);
            if self.find(local).is_none() && (self.is_bound(local) || name.starts_with("env.")) {
                self.variable(local, None, span);
            } else {
                self.imply(local, span, implied);
            }
        }
        Part::Expression(id)
    }

    /// The variables used since this was last asked, sorted.
    pub(super) fn take_used(&mut self) -> Vec<VariableId> {
        std::mem::take(&mut self.used).into_iter().collect()
    }

    /// Whether the document binds a variable of this name.
    pub(super) fn is_declared(&self, name: &str) -> bool {
        self.names.bound(name, None).is_some_and(|id| self.names.variables[id.index()].declared)
    }

    /// A header parameter that the authentication fills itself is not asked of the caller.
    pub(super) fn relax_authorization(&mut self, auth: &Auth, inferred: bool) {
        let is_filled = |name: &str| match auth {
            Auth::None => inferred && name.eq_ignore_ascii_case("authorization"),
            Auth::Credentials(credentials) => credentials.iter().any(|credential| match credential {
                Credential::Bearer(_) | Credential::Basic(..) => name.eq_ignore_ascii_case("authorization"),
                Credential::Header(header, _) => name.eq_ignore_ascii_case(header.as_str()),
                Credential::Query(query, _) => **query == *name,
                Credential::Cookie(..) => false,
            }),
            Auth::Unsupported { .. } | Auth::Proof(_) => name.eq_ignore_ascii_case("authorization"),
        };
        for input in &mut self.inputs {
            let by_auth = matches!(input.place, Place::Header | Place::Query) && is_filled(&input.name);
            input.required &= !by_auth;
        }
    }

    /// The inputs, declared ones first.
    pub(super) fn finish(self) -> Vec<Input> {
        self.inputs
    }
}

fn in_path(implied: &Implied<'_>) -> bool {
    implied.place == Place::Path
}

/// What stands behind the last dot.
fn last(body: &str) -> &str {
    body.rsplit('.').next().unwrap_or(body)
}

/// Whether a name is spelled as variables are: `API_KEY`.
fn is_variable_name(name: &str) -> bool {
    name.contains('_')
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

fn is_same(a: &str, b: &str) -> bool {
    a.len().abs_diff(b.len()) <= 8 && fold(a) == fold(b)
}

/// A name without what spellings differ in.
pub(super) fn fold(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

/// Operations with up to this many inputs are searched; beyond that an index is kept, so that
/// the time of a load grows with the file and not with its square.
const SEARCHED_MAX: usize = 24;

/// Where the inputs of a large operation are, by name and by folded name; the first of a name.
#[derive(Default)]
struct Index {
    exact: HashMap<Arc<str>, usize>,
    folded: HashMap<String, usize>,
    indexed: usize,
}

impl Index {
    fn find(&mut self, inputs: &[Input], name: &str) -> Option<usize> {
        for (position, input) in inputs.iter().enumerate().skip(self.indexed) {
            self.exact.entry(input.name.clone()).or_insert(position);
            self.folded.entry(fold(&input.name)).or_insert(position);
        }
        self.indexed = inputs.len();
        self.exact.get(name).or_else(|| self.folded.get(&fold(name))).copied()
    }
}
