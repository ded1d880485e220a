//! A description as data.

use capstan_engine::{FixedView, InputView, OutputView, Plan, VariableState};
use serde_json::{Value, json};

use super::Subject;
use crate::command::list::operations_value;

/// A file: what it is about, and its operations.
pub(super) fn file(plan: &Plan) -> Value {
    let catalogue = plan.catalogue();
    json!({
        "file": plan.file(),
        "title": catalogue.title(),
        "description": catalogue.description(),
        "operations": operations_value(plan),
    })
}

/// An operation.
pub(super) fn operation(subject: &Subject<'_>) -> Value {
    let operation = &subject.operation;
    json!({
        "file": subject.plan.file(),
        "name": subject.name,
        "namespace": operation.namespace(),
        "resource": operation.resource(),
        "description": operation.description(),
        "method": operation.method().as_str(),
        "base_uri": Some(operation.base_uri()).filter(|uri| !uri.is_empty()),
        "path": operation.path(),
        "parameters": operation.inputs().map(|input| parameter(&input)).collect::<Value>(),
        "fixed": operation.fixed().map(|fixed| constant(&fixed)).collect::<Value>(),
        "outputs": operation.outputs().map(|output| output_value(&output)).collect::<Value>(),
        "pagination": operation.pagination().map(|p| json!({
            "type": p.kind(),
            "parameter": p.parameter(),
            "recognised": p.is_recognised(),
            "declaration": p.to_yaml(),
        })),
        "authentication": operation.authentication(),
        "variables": subject.variables.iter().map(variable).collect::<Value>(),
        "location": operation.location(),
        "example": subject.example(),
    })
}

fn parameter(input: &InputView<'_>) -> Value {
    json!({
        "name": input.name(),
        "in": input.place().to_string(),
        "type": input.kind().as_str(),
        "required": input.is_required(),
        "default": input.default(),
        "enum": Some(input.one_of()).filter(|values| !values.is_empty()),
        "pattern": input.pattern(),
        "max_length": input.max_length(),
        "description": input.description(),
        "declared": input.is_declared(),
    })
}

fn constant(fixed: &FixedView<'_>) -> Value {
    json!({
        "name": fixed.name(),
        "in": fixed.place().to_string(),
        "value": fixed.value(),
        "description": fixed.description(),
    })
}

fn output_value(output: &OutputView<'_>) -> Value {
    json!({ "name": output.name(), "type": output.kind().map(|kind| kind.as_str()), "path": output.path() })
}

fn variable(state: &VariableState) -> Value {
    json!({
        "name": state.name,
        "key": state.key,
        "location": state.location,
        "set": state.missing.is_none(),
        "reason": state.missing,
    })
}
