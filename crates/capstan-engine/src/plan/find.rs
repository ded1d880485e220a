//! Names of operations: which one is meant.

use capstan_spec::diagnostic::Code;

use super::Plan;
use super::operation::{Operation, OperationId};
use crate::error::CallError;

impl Plan {
    /// The operation of a name: see [`crate::Invocation::new`] for its forms.
    ///
    /// # Errors
    /// No operation has the name, or several have.
    pub fn find(&self, name: &str) -> Result<OperationId, CallError> {
        let request = name.split_once(' ');
        let is_meant = |o: &&Operation| match request {
            Some((method, path)) => *o.name == *name || o.is_requested(method, path),
            None => o.is_named(name),
        };
        let mut meant = self.operations.iter().filter(is_meant);
        match (meant.next(), meant.next()) {
            (None, _) => Err(self.unknown(name)),
            (Some(one), None) => Ok(one.id),
            (Some(first), Some(second)) => {
                let several: Vec<&Operation> = [first, second].into_iter().chain(meant).collect();
                let error =
                    CallError::new(Code::AmbiguousOperation, format!("`{name}` names {} operations", several.len()));
                let error = several.iter().fold(error, |error, o| error.detail(o.distinct_name(&several)));
                Err(error.with_help("name one of them in full"))
            }
        }
    }

    fn unknown(&self, name: &str) -> CallError {
        let error = CallError::new(Code::UnknownOperation, format!("`{}` has no operation `{name}`", self.file));
        let qualified: Vec<String> = self.operations.iter().map(|o| format!("{}.{}", o.namespace, o.name)).collect();
        let near = if name.contains('.') {
            capstan_spec::nearest(name, qualified.iter().map(String::as_str))
        } else {
            capstan_spec::nearest(name, self.operations.iter().map(|o| &*o.name))
        };
        let error = near.into_iter().fold(error, |error, near| error.with_help(format!("did you mean `{near}`?")));
        error.with_help(format!("see `capstan list {}`", self.file))
    }
}

impl Operation {
    /// Whether it is this operation's method and path.
    fn is_requested(&self, method: &str, path: &str) -> bool {
        method.eq_ignore_ascii_case(self.request.method.as_str()) && is_same_path(path.trim(), &self.path_written)
    }

    /// Whether a name is one of this operation's.
    fn is_named(&self, name: &str) -> bool {
        if *self.name == *name {
            return true;
        }
        let Some(rest) = name.strip_suffix(&*self.name).and_then(|r| r.strip_suffix('.')) else { return false };
        *rest == *self.namespace
            || *rest == *self.resource
            || rest.strip_prefix(&*self.namespace).and_then(|r| r.strip_prefix('.')) == Some(&self.resource)
    }

    /// The shortest name that tells this operation from the others.
    fn distinct_name(&self, others: &[&Operation]) -> String {
        let candidates = [
            format!("{}.{}", self.namespace, self.name),
            format!("{}.{}", self.resource, self.name),
            format!("{}.{}.{}", self.namespace, self.resource, self.name),
        ];
        let unique = |name: &String| others.iter().filter(|o| o.is_named(name)).count() == 1;
        let distinct = candidates.into_iter().find(unique);
        let request = format!("{} {}", self.request.method, self.path_written);
        match distinct {
            Some(name) => format!("`{name}` ({request})"),
            None => format!("`{request}`"),
        }
    }
}

/// Whether two paths are one but for the spelling of their placeholders: `{id}`, `{{id}}`.
fn is_same_path(a: &str, b: &str) -> bool {
    let plain = |path: &str| path.replace("{{", "{").replace("}}", "}");
    a == b || plain(a) == plain(b)
}
