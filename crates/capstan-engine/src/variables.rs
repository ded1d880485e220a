//! Variables get their values: once, when an engine is built.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::bindings::{BindingError, Environment, Files, Secret, Values, locate};
use crate::limits::BINDING_FILE_BYTES_MAX;
use crate::plan::{OperationId, Plan, Variable, VariableId};

/// The values of a plan's variables. What is missing is kept with the reason: only an operation
/// that needs it will complain.
pub(crate) struct Variables {
    pub(crate) values: Vec<Option<Secret>>,
    reasons: HashMap<VariableId, Reason>,
}

/// Why a variable has no value.
enum Reason {
    /// The environment does not have it.
    Unset,
    /// The file does not have it.
    NoKey(PathBuf),
    /// The file cannot be used.
    Source(std::sync::Arc<BindingError>),
}

impl Variables {
    /// Reads every variable of a plan from where it is bound to.
    pub(crate) fn resolve(plan: &Plan, environment: &dyn Environment, files: &dyn Files, folder: &Path) -> Self {
        let mut sources = Sources { files, folder, read: HashMap::new() };
        let mut variables = Variables { values: Vec::new(), reasons: HashMap::new() };
        for (index, variable) in plan.variables.iter().enumerate() {
            let value = match sources.value(variable, environment) {
                Ok(value) => Some(Secret::new(value)),
                Err(reason) => {
                    variables.reasons.insert(VariableId(u32::try_from(index).unwrap_or(u32::MAX)), reason);
                    None
                }
            };
            variables.values.push(value);
        }
        variables
    }

    /// Why a variable has no value, as a sentence.
    pub(crate) fn reason(&self, id: VariableId, variable: &Variable) -> String {
        match self.reasons.get(&id) {
            Some(Reason::NoKey(path)) => format!("`{}` has no key `{}`", path.display(), variable.key),
            Some(Reason::Source(error)) => error.to_string(),
            Some(Reason::Unset) | None if *variable.key == *variable.name => "not set in the environment".to_owned(),
            Some(Reason::Unset) | None => format!("`{}` is not set in the environment", variable.key),
        }
    }

    /// The problem of a variable's source, where it has one.
    pub(crate) fn source_error(&self, id: VariableId) -> Option<&BindingError> {
        match self.reasons.get(&id) {
            Some(Reason::Source(error)) => Some(error),
            Some(Reason::Unset | Reason::NoKey(_)) | None => None,
        }
    }
}

/// A variable that an operation needs, and whether it has a value now. Never the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableState {
    /// Its name in placeholders.
    pub name: String,
    /// The key at its source.
    pub key: String,
    /// The location of its source, as written; `None` is the process environment.
    pub location: Option<String>,
    /// Why it has no value; `None` when it has one.
    pub missing: Option<String>,
}

impl Plan {
    /// The variables that an operation needs, looked up where they are bound to. `folder` is what
    /// the locations of binding files are relative to: that of the capability.
    pub fn variable_states(
        &self,
        operation: OperationId,
        environment: &dyn Environment,
        files: &dyn Files,
        folder: &Path,
    ) -> Vec<VariableState> {
        let variables = Variables::resolve(self, environment, files, folder);
        let needed = self.operation(operation).variables.all();
        let state = |id: VariableId| {
            let variable = &self.variables[id.index()];
            let missing = variables.values[id.index()].is_none();
            VariableState {
                name: variable.name.to_string(),
                key: variable.key.to_string(),
                location: variable.location.as_ref().map(|(location, _)| location.to_string()),
                missing: missing.then(|| variables.reason(id, variable)),
            }
        };
        needed.into_iter().map(state).collect()
    }
}

/// Binding files, each read once.
struct Sources<'s> {
    files: &'s dyn Files,
    folder: &'s Path,
    read: HashMap<String, Result<(PathBuf, Values), std::sync::Arc<BindingError>>>,
}

impl Sources<'_> {
    fn value(&mut self, variable: &Variable, environment: &dyn Environment) -> Result<String, Reason> {
        let Some((location, _)) = &variable.location else {
            return environment.var(&variable.key).filter(|v| !v.trim().is_empty()).ok_or(Reason::Unset);
        };
        let (files, folder) = (self.files, self.folder);
        let source = self
            .read
            .entry(location.to_string())
            .or_insert_with(|| read(location, files, folder).map_err(std::sync::Arc::new));
        match source {
            Ok((path, values)) => {
                values.get(&variable.key).map(str::to_owned).ok_or_else(|| Reason::NoKey(path.clone()))
            }
            Err(error) => Err(Reason::Source(error.clone())),
        }
    }
}

fn read(location: &str, files: &dyn Files, folder: &Path) -> Result<(PathBuf, Values), BindingError> {
    let path = locate(location, folder)?;
    let bytes = files.read(&path, BINDING_FILE_BYTES_MAX).map_err(|error| BindingError::unreadable(&path, &error))?;
    let values = Values::parse(&path, &bytes)?;
    Ok((path, values))
}
