//! The read-only view of a plan: what adapters list, describe and complete.

use capstan_spec::document::{Method, RawFormat, ValueType};

use super::auth::Auth;
use super::display::Show;
use super::operation::{Input, Operation, OperationId, Place, Source};
use super::output::{Output, Shape};
use super::pages::Pagination;
use super::{Fixed, Plan};

/// The operations of a plan, for people and for protocols.
#[derive(Clone, Copy, Debug)]
pub struct Catalogue<'p> {
    plan: &'p Plan,
}

impl<'p> Catalogue<'p> {
    pub(crate) fn new(plan: &'p Plan) -> Self {
        Catalogue { plan }
    }

    /// The name of the file, as the caller gave it.
    pub fn file(&self) -> &'p str {
        &self.plan.file
    }

    /// What the capability is called.
    pub fn title(&self) -> Option<&'p str> {
        self.plan.title.as_deref()
    }

    /// What the capability does.
    pub fn description(&self) -> Option<&'p str> {
        self.plan.description.as_deref()
    }

    /// The consumed operations, in file order.
    pub fn operations(&self) -> impl Iterator<Item = OperationView<'p>> + use<'p> {
        let plan = self.plan;
        plan.operations.iter().map(move |operation| OperationView { plan, operation })
    }

    /// The operation of an id.
    pub fn operation(&self, id: OperationId) -> OperationView<'p> {
        OperationView { plan: self.plan, operation: self.plan.operation(id) }
    }
}

/// An operation.
#[derive(Clone, Copy, Debug)]
pub struct OperationView<'p> {
    plan: &'p Plan,
    operation: &'p Operation,
}

impl<'p> OperationView<'p> {
    /// Whether its answer is bytes that are not taken apart.
    pub fn is_binary(&self) -> bool {
        self.operation.outputs.format == RawFormat::Binary
    }

    /// Its id in the plan.
    pub fn id(&self) -> OperationId {
        self.operation.id
    }

    /// The namespace of its API.
    pub fn namespace(&self) -> &'p str {
        &self.operation.namespace
    }

    /// The name of its resource.
    pub fn resource(&self) -> &'p str {
        &self.operation.resource
    }

    /// Its name.
    pub fn name(&self) -> &'p str {
        &self.operation.name
    }

    /// Its HTTP method.
    pub fn method(&self) -> Method {
        self.operation.request.method
    }

    /// Its path behind the base URI, as written.
    pub fn path(&self) -> &'p str {
        &self.operation.path_written
    }

    /// The base URI, as written; empty where there is none.
    pub fn base_uri(&self) -> &'p str {
        &self.operation.base_written
    }

    /// What it does.
    pub fn description(&self) -> Option<&'p str> {
        self.operation.description.as_deref()
    }

    /// What a caller gives.
    pub fn inputs(&self) -> impl Iterator<Item = InputView<'p>> + use<'p> {
        self.operation.inputs.iter().map(|input| InputView { input })
    }

    /// What a caller gives under this name.
    pub fn input(&self, name: &str) -> Option<InputView<'p>> {
        let is_named = |input: &&Input| *input.name == *name || input.alias.as_deref() == Some(name);
        self.operation.inputs.iter().find(is_named).map(|input| InputView { input })
    }

    /// What the document fixes.
    pub fn fixed(&self) -> impl Iterator<Item = FixedView<'p>> + use<'p> {
        let show = Show { plan: self.plan, operation: self.operation };
        self.operation.fixed.iter().map(move |fixed| FixedView { show, fixed })
    }

    /// The outputs; none means the body itself.
    pub fn outputs(&self) -> impl Iterator<Item = OutputView<'p>> + use<'p> {
        self.operation.outputs.outputs.iter().map(|output| OutputView { output })
    }

    /// The declared format of the answer.
    pub fn format(&self) -> capstan_spec::document::RawFormat {
        self.operation.outputs.format
    }

    /// How its pages are followed, where it has pages.
    pub fn pagination(&self) -> Option<PaginationView<'p>> {
        self.operation.pagination.as_ref().map(|pagination| PaginationView { operation: self.operation, pagination })
    }

    /// How the request proves who sends it, variables by name; `None` where it does not.
    pub fn authentication(&self) -> Option<String> {
        if let Some(id) = self.operation.inferred_bearer {
            let name = &self.plan.variables[id.index()].name;
            return Some(format!("bearer {{{{{name}}}}} (inferred: nothing else uses it)"));
        }
        match &self.operation.request.auth {
            Auth::None => None,
            Auth::Unsupported { kind, .. } => Some(format!("{kind} (cannot be sent yet)")),
            Auth::Proof(proof) => Some(Show { plan: self.plan, operation: self.operation }.proof(proof)),
            Auth::Credentials(credentials) => {
                Some(Show { plan: self.plan, operation: self.operation }.credentials(credentials))
            }
        }
    }

    /// Whether the credential that the document asks for can be sent; otherwise a caller has to
    /// give one of another kind.
    pub fn is_authentication_supported(&self) -> bool {
        !matches!(self.operation.request.auth, Auth::Unsupported { .. })
    }

    /// The names of the variables that it needs.
    pub fn variables(&self) -> Vec<&'p str> {
        self.operation.variables.all().into_iter().map(|id| &*self.plan.variables[id.index()].name).collect()
    }

    /// `file:line:column` of its definition.
    pub fn location(&self) -> Option<String> {
        self.plan.locate(self.operation.span)
    }
}

/// How the pages of an operation are followed.
#[derive(Clone, Copy, Debug)]
pub struct PaginationView<'p> {
    operation: &'p Operation,
    pagination: &'p Pagination,
}

impl<'p> PaginationView<'p> {
    /// Its type: `cursor`, `offset`, `page`, `link`, `nextLink` or `keyset`.
    pub fn kind(&self) -> &'static str {
        self.pagination.advance.kind()
    }

    /// The parameter that asks for a page.
    pub fn parameter(&self) -> Option<&'p str> {
        self.pagination.advance.parameter().map(|id| &*self.operation.inputs[id.index()].name)
    }

    /// Whether nobody declared it: the names of parameters gave it away.
    pub fn is_recognised(&self) -> bool {
        self.pagination.is_recognised
    }

    /// The line of a document that says it.
    pub fn to_yaml(&self) -> String {
        let parameter = self.parameter().map(|name| ("parameter", name.to_owned()));
        let items = self.pagination.items.as_ref().map(|items| ("items", items.to_string()));
        let keys = [("type", self.kind().to_owned())].into_iter().chain(parameter);
        let keys = keys.chain(self.pagination.advance.keys()).chain(items);
        let keys: Vec<String> = keys.map(|(key, value)| format!("{key}: {}", flow_scalar(&value))).collect();
        format!("pagination: {{ {} }}", keys.join(", "))
    }
}

/// A text inside a YAML flow mapping: in quotes where it would mean something else.
fn flow_scalar(text: &str) -> String {
    let is_plain = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '-'));
    if is_plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}

/// What a caller gives to an operation.
#[derive(Clone, Copy, Debug)]
pub struct InputView<'p> {
    input: &'p Input,
}

impl<'p> InputView<'p> {
    /// Its name.
    pub fn name(&self) -> &'p str {
        &self.input.name
    }

    /// Its type.
    pub fn kind(&self) -> ValueType {
        self.input.kind
    }

    /// Whether it must be given.
    pub fn is_required(&self) -> bool {
        self.input.required
    }

    /// Where it goes.
    pub fn place(&self) -> Place {
        self.input.place
    }

    /// What it means.
    pub fn description(&self) -> Option<&'p str> {
        self.input.description.as_deref()
    }

    /// Its value when none is given.
    pub fn default(&self) -> Option<&'p serde_json::Value> {
        self.input.default.as_ref()
    }

    /// The values allowed; empty means any.
    pub fn one_of(&self) -> &'p [serde_json::Value] {
        &self.input.one_of
    }

    /// The regular expression it must match.
    pub fn pattern(&self) -> Option<&'p str> {
        self.input.pattern.as_ref().map(crate::pattern::Pattern::as_str)
    }

    /// The longest text allowed, in characters.
    pub fn max_length(&self) -> Option<u64> {
        self.input.max_length
    }

    /// Whether the document declares it; otherwise a placeholder implies it.
    pub fn is_declared(&self) -> bool {
        self.input.declared
    }
}

/// A parameter whose value the document fixes.
#[derive(Clone, Copy, Debug)]
pub struct FixedView<'p> {
    show: Show<'p>,
    fixed: &'p Fixed,
}

impl<'p> FixedView<'p> {
    /// Its name.
    pub fn name(&self) -> &'p str {
        &self.fixed.name
    }

    /// Where it goes.
    pub fn place(&self) -> Place {
        self.fixed.place
    }

    /// Its value, variables by name.
    pub fn value(&self) -> String {
        match &self.fixed.value {
            Source::Template(template) => self.show.template(template),
            Source::Input(_) | Source::Json(_) => "(data)".to_owned(),
        }
    }

    /// What it means.
    pub fn description(&self) -> Option<&'p str> {
        self.fixed.description.as_deref()
    }
}

/// An output of an operation.
#[derive(Clone, Copy, Debug)]
pub struct OutputView<'p> {
    output: &'p Output,
}

impl<'p> OutputView<'p> {
    /// Its name.
    pub fn name(&self) -> &'p str {
        &self.output.name
    }

    /// Its declared type.
    pub fn kind(&self) -> Option<ValueType> {
        match &self.output.shape {
            Shape::Path { kind, .. } => *kind,
            Shape::Object { .. } | Shape::Map { .. } => Some(ValueType::Object),
            Shape::Array { .. } => Some(ValueType::Array),
            Shape::Constant(_) => None,
        }
    }

    /// The path into the answer, as written.
    pub fn path(&self) -> Option<String> {
        match &self.output.shape {
            Shape::Path { path, .. } | Shape::Array { path, .. } | Shape::Map { path, .. } => Some(path.to_string()),
            Shape::Object { path, .. } => path.as_ref().map(ToString::to_string),
            Shape::Constant(_) => None,
        }
    }
}
