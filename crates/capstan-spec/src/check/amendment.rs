//! Whether a change from outside finds what it changes.
//!
//! Settings serve many files, so a namespace that this file lacks is no mistake of theirs; only one
//! that is nearly one of its own is told, as a warning. An operation that a namespace lacks is an
//! error where it is nearly one of its own, or where the file is named: the change was meant for this
//! API, and would be lost without a word. Otherwise it is a warning, for several files may describe
//! parts of one API under one namespace.

use crate::amending::{self, Scope};
use crate::capability::Capability;
use crate::diagnostic::{Code, Diagnostic, Severity, Sink};
use crate::document::{Amendment, Consumes};
use crate::nearest::nearest;
use crate::source::FileId;

pub(crate) fn check(capability: &Capability, scope: &Scope, file: FileId, amendment: &Amendment, sink: &mut Sink) {
    let is_changed = |consumes: &&Consumes| match scope {
        Scope::Namespace(name, _) => namespace(consumes) == Some(name),
        Scope::File | Scope::Any => true,
    };
    let changed: Vec<&Consumes> = capability.consumes.iter().filter(is_changed).collect();
    match scope {
        Scope::Namespace(name, range) if changed.is_empty() => {
            let known = capability.consumes.iter().filter_map(namespace);
            let Some(near) = nearest(name, known) else { return };
            let message = format!("`{name}` is no namespace of this file");
            let diagnostic = Diagnostic::new(Code::UnresolvedReference, amending::span(file, range), message);
            let mut diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
            diagnostic.severity = Severity::Warning;
            sink.push(diagnostic);
        }
        Scope::Namespace(..) => operations(&changed, amendment, Severity::Warning, sink),
        Scope::File => operations(&changed, amendment, Severity::Error, sink),
        Scope::Any => {}
    }
}

/// Tells of operations that the APIs lack; `otherwise` is how severe it is where no name is near.
fn operations(changed: &[&Consumes], amendment: &Amendment, otherwise: Severity, sink: &mut Sink) {
    let resources = changed.iter().flat_map(|consumes| consumes.resources.iter());
    let operations = resources.flat_map(|resource| resource.value.operations.iter());
    let known: Vec<&str> = operations.filter_map(|operation| Some(&*operation.name.as_ref()?.value)).collect();
    for name in amendment.operations.iter().filter_map(|operation| operation.name.as_ref()) {
        if known.contains(&&*name.value) {
            continue;
        }
        let message = format!("`{}` is no operation of this API", name.value);
        let mut diagnostic = Diagnostic::new(Code::UnresolvedReference, name.span, message);
        sink.push(match nearest(&name.value, known.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(near),
            None => {
                diagnostic.severity = otherwise;
                diagnostic.help("if another file has it, say it there: `[file.\"PATH\".operations.…]`")
            }
        });
    }
}

fn namespace(consumes: &Consumes) -> Option<&str> {
    consumes.namespace.as_ref().map(|name| &*name.value)
}
