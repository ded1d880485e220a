//! Checks a whole capability: names, references, bindings.
//!
//! Each check takes the capability and the sink and goes on after a problem, so that one run
//! shows all of them.

mod amendment;
mod extensions;
mod shape;

use std::collections::HashMap;

use indexmap::IndexSet;

use crate::capability::Capability;
use crate::diagnostic::{Code, Diagnostic, Sink};
use crate::document::{Call, Consumes, Exposes, Named, Step};
use crate::nearest::nearest;
use crate::reader::Text;
use crate::source::Span;

pub(crate) use amendment::check as amendment;

/// Runs every check.
pub(crate) fn check(capability: &Capability, sink: &mut Sink) {
    content(capability, sink);
    namespaces(capability, sink);
    capability.consumes.iter().for_each(|consumes| operations(consumes, sink));
    References::new(capability).check(sink);
    bindings(capability, sink);
    shape::check(capability, sink);
    capability.consumes.iter().for_each(|consumes| extensions::check(consumes, sink));
}

/// A file must hold something.
fn content(capability: &Capability, sink: &mut Sink) {
    let empty = capability.consumes.is_empty()
        && capability.exposes.is_empty()
        && capability.aggregates.is_empty()
        && capability.binds.is_empty();
    if empty && !sink.has_errors() {
        sink.push(
            Diagnostic::new(Code::NotACapability, capability.span, "the file consumes nothing and exposes nothing")
                .help("describe the API and its operations under `capability: consumes:`"),
        );
    }
}

/// The first place of each name; a second one is reported.
#[derive(Default)]
struct Unique<'c> {
    first: HashMap<&'c str, Span>,
}

impl<'c> Unique<'c> {
    fn see(&mut self, name: &'c Text, what: &str, help: &str, sink: &mut Sink) {
        if let Some(first) = self.first.insert(&name.value, name.span) {
            self.first.insert(&name.value, first);
            sink.push(
                Diagnostic::new(Code::DuplicateName, name.span, format!("{what} `{}` is named twice", name.value))
                    .label(first, "it is named here first")
                    .help(help),
            );
        }
    }
}

fn namespaces(capability: &Capability, sink: &mut Sink) {
    let mut consumed = Unique::default();
    for consumes in &capability.consumes {
        match &consumes.namespace {
            Some(name) => consumed.see(name, "the consumed API", "give each consumed API a namespace of its own", sink),
            None => missing(consumes.span, "a consumed API", "namespace", sink),
        }
        if consumes.kind.as_ref().is_some_and(|kind| !kind.eq_ignore_ascii_case("http")) {
            let kind = consumes.kind.as_ref().map(|k| k.value.to_string()).unwrap_or_default();
            sink.push(
                Diagnostic::new(Code::UnsupportedTransport, consumes.span, format!("a consumed API of type `{kind}`"))
                    .help("only `type: http` exists; the operations of this API are called over HTTP all the same"),
            );
        }
    }
    let mut aggregates = Unique::default();
    for namespace in capability.aggregates.iter().filter_map(|a| a.namespace.as_ref()) {
        aggregates.see(namespace, "the aggregate", "give each aggregate a namespace of its own", sink);
    }
}

fn missing(span: Span, what: &str, key: &str, sink: &mut Sink) {
    sink.push(Diagnostic::new(Code::MissingKey, span, format!("{what} without `{key}`")).help(format!("add `{key}:`")));
}

/// The names of a consumed API's operations, and what each must have.
fn operations(consumes: &Consumes, sink: &mut Sink) {
    let mut resources = Unique::default();
    let mut operations = Unique::default();
    for resource in &consumes.resources {
        if let Some(name) = &resource.name {
            resources.see(name, "the resource", "rename one of the two", sink);
        }
        for operation in &resource.value.operations {
            match &operation.name {
                Some(name) => {
                    let help = "call one of them as `resource.operation`, or rename it";
                    operations.see(name, "the operation", help, sink);
                }
                None => missing(operation.value.span, "a consumed operation", "name", sink),
            }
        }
    }
}

/// What references may lead to.
struct References<'c> {
    capability: &'c Capability,
    namespaces: IndexSet<&'c str>,
    operations: IndexSet<String>,
    flows: IndexSet<String>,
}

impl<'c> References<'c> {
    fn new(capability: &'c Capability) -> Self {
        let mut operations = IndexSet::new();
        for consumes in &capability.consumes {
            let namespace = consumes.namespace.as_ref().map_or("", |n| &n.value);
            for resource in &consumes.resources {
                let resource_name = resource.name.as_ref().map_or("", |n| &n.value);
                for name in resource.value.operations.iter().filter_map(|o| o.name.as_ref()) {
                    operations.insert(format!("{namespace}.{}", name.value));
                    operations.insert(format!("{namespace}.{resource_name}.{}", name.value));
                }
            }
        }
        let flows = capability.aggregates.iter().flat_map(|aggregate| {
            let namespace = aggregate.namespace.as_ref().map_or("", |n| &n.value);
            let names = aggregate.flows.iter().filter_map(|f| f.name.as_ref());
            names.map(move |name| format!("{namespace}.{}", name.value))
        });
        let namespaces = capability.consumes.iter().filter_map(|c| c.namespace.as_ref()).map(|n| &*n.value);
        References { capability, namespaces: namespaces.collect(), operations, flows: flows.collect() }
    }

    fn check(&self, sink: &mut Sink) {
        for aggregate in &self.capability.aggregates {
            for flow in &aggregate.flows {
                self.call(flow.value.call.as_ref(), sink);
                self.steps(&flow.value.steps, sink);
            }
        }
        for exposes in &self.capability.exposes {
            match exposes {
                Exposes::Rest(rest) => self.rest(rest, sink),
                Exposes::Mcp(mcp) => self.mcp(mcp, sink),
                Exposes::Skill(_) | Exposes::Control(_) => {}
            }
        }
    }

    fn rest(&self, rest: &crate::document::Rest, sink: &mut Sink) {
        for resource in &rest.resources {
            if let Some(target) = resource.value.forward.as_ref().and_then(|f| f.target_namespace.as_ref()) {
                self.namespace(target, sink);
            }
            for operation in &resource.value.operations {
                self.call(operation.value.call.as_ref(), sink);
                self.flow(operation.value.reference.as_ref(), sink);
                self.steps(&operation.value.steps, sink);
            }
        }
    }

    fn mcp(&self, mcp: &crate::document::Mcp, sink: &mut Sink) {
        for tool in &mcp.tools {
            self.call(tool.value.call.as_ref(), sink);
            self.flow(tool.value.reference.as_ref(), sink);
            self.steps(&tool.value.steps, sink);
        }
        for resource in &mcp.resources {
            self.call(resource.value.call.as_ref(), sink);
            self.steps(&resource.value.steps, sink);
        }
    }

    fn steps(&self, steps: &Named<Step>, sink: &mut Sink) {
        let mut earlier: IndexSet<&str> = IndexSet::new();
        for step in steps {
            match &step.value {
                Step::Call(call) => self.call(call.call.as_ref(), sink),
                Step::Lookup(lookup) => {
                    if let Some(index) = lookup.index.as_ref().filter(|i| !earlier.contains(&*i.value)) {
                        unresolved(index, "an earlier step", earlier.iter().copied(), sink);
                    }
                }
                Step::Script(_) => {}
            }
            earlier.extend(step.name.as_ref().map(|n| &*n.value));
        }
    }

    fn call(&self, call: Option<&Call>, sink: &mut Sink) {
        let name = match call {
            Some(Call::Name(name)) => name,
            Some(Call::Target(target)) => match &target.operation {
                Some(name) => name,
                None => return missing(target.span, "a call", "operation", sink),
            },
            None => return,
        };
        if !self.operations.contains(&*name.value) && !self.is_elsewhere(&name.value) {
            let known = self.operations.iter().map(String::as_str);
            unresolved(name, "a consumed operation", known, sink);
        }
    }

    fn flow(&self, name: Option<&Text>, sink: &mut Sink) {
        let Some(name) = name else { return };
        if !self.flows.contains(&*name.value) && !self.is_elsewhere(&name.value) {
            unresolved(name, "a flow of an aggregate", self.flows.iter().map(String::as_str), sink);
        }
    }

    /// Whether a reference leads out of what was read: into an import that failed, which is
    /// reported already, or into the file that will import this one.
    fn is_elsewhere(&self, reference: &str) -> bool {
        let missing = &self.capability.missing_namespaces;
        let mut dots = reference.match_indices('.');
        self.capability.is_standalone || dots.any(|(dot, _)| missing.contains(&reference[..dot]))
    }

    fn namespace(&self, target: &Text, sink: &mut Sink) {
        let elsewhere = self.capability.is_standalone || self.capability.missing_namespaces.contains(&*target.value);
        if !elsewhere && !self.namespaces.contains(&*target.value) {
            unresolved(target, "a consumed API", self.namespaces.iter().copied(), sink);
        }
    }
}

fn unresolved<'n>(name: &Text, what: &str, known: impl Iterator<Item = &'n str>, sink: &mut Sink) {
    if sink.is_full() {
        return;
    }
    let is_suggesting = sink.is_suggesting();
    let mut diagnostic =
        Diagnostic::new(Code::UnresolvedReference, name.span, format!("`{}` is not {what}", name.value));
    diagnostic = match nearest(&name.value, known.filter(|_| is_suggesting)) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(near),
        None => diagnostic.help(format!("define it, or name {what} that exists")),
    };
    sink.push(diagnostic);
}

/// Suffixes of variables that are sent as a bearer token where nothing says how.
const BEARER_SUFFIXES: &[&str] = &["ACCESS_TOKEN", "BEARER_TOKEN", "AUTH_TOKEN"];

/// Suffixes of variables that hold a credential.
const CREDENTIAL_SUFFIXES: &[&str] = &["KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL", "CREDENTIALS"];

impl Capability {
    /// The bound variables that no placeholder names, in file order.
    pub fn unused_variables(&self) -> impl Iterator<Item = &Text> {
        let bound = self.binds.iter().flat_map(|binding| &binding.keys.entries);
        bound.map(|(variable, _)| variable).filter(|v| !self.named.contains(&*v.value))
    }

    /// The variable that is sent as a bearer token to consumed APIs without authentication: the
    /// only one whose name says that it is one, and only when nothing uses it.
    pub fn inferred_bearer(&self) -> Option<&Text> {
        let is_bearer = |v: &&Text| BEARER_SUFFIXES.iter().any(|s| v.value.ends_with(s));
        let mut bearers = self.binds.iter().flat_map(|b| &b.keys.entries).map(|(v, _)| v).filter(is_bearer);
        let only = bearers.next().filter(|_| bearers.next().is_none())?;
        (!self.named.contains(&*only.value)).then_some(only)
    }

    /// Whether some consumed API says nothing about authentication.
    pub fn has_unauthenticated(&self) -> bool {
        self.consumes.iter().any(|c| self.authentication(c).is_none())
    }
}

fn bindings(capability: &Capability, sink: &mut Sink) {
    let alone = capability.consumes.is_empty() && capability.exposes.is_empty();
    if alone || !capability.missing_namespaces.is_empty() {
        // A file of bindings alone is there for others to import; what a missing import would
        // have used is not known.
        return;
    }
    let inferred = capability.inferred_bearer().filter(|_| capability.has_unauthenticated()).map(|v| v.span);
    for variable in capability.unused_variables() {
        let name = &variable.value;
        let diagnostic = if inferred == Some(variable.span) {
            let message = format!("`{name}` is bound but used nowhere; it is sent as a bearer token");
            Diagnostic::new(Code::UnusedCredential, variable.span, message).help(format!(
                "say so with `authentication: {{ type: bearer, token: \"{{{{{name}}}}}\" }}` on the consumed API"
            ))
        } else if CREDENTIAL_SUFFIXES.iter().any(|s| name.ends_with(s)) {
            let message = format!("`{name}` is bound but used nowhere; requests are sent without it");
            Diagnostic::new(Code::UnusedCredential, variable.span, message).help(flag(name))
        } else {
            let message = format!("`{name}` is bound but used nowhere");
            Diagnostic::new(Code::UnusedBinding, variable.span, message).help("use it as a placeholder, or remove it")
        };
        sink.push(diagnostic);
    }
}

/// The flag that sends an unused credential.
fn flag(name: &str) -> String {
    let how = if name.ends_with("TOKEN") { "bearer".to_owned() } else { "apikey:header:X-API-Key".to_owned() };
    format!("add `authentication:` to the consumed API, or call with `--auth '{how}:{{{{{name}}}}}'`")
}
