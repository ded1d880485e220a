//! What authors write beyond the schemas, with the standard form. It works all the same.

use crate::diagnostic::{Code, Diagnostic, Sink};
use crate::document::{
    Authentication, ConsumedOperation, Consumes, InputParameter, Method, Named, NamedItem, ParameterPlace, StringMap,
    ValueType,
};
use crate::source::Spanned;

/// Reports the extensions of a consumed API.
pub(super) fn check(consumes: &Consumes, sink: &mut Sink) {
    headers(&consumes.headers, "a consumed API", sink);
    if let Some(Authentication::ApiKey(key)) = &consumes.authentication
        && let Some((name, value)) = key.headers.entries.first()
    {
        let standard =
            format!("{{ type: apikey, key: {}, value: {:?}, placement: header }}", name.value, &*value.value);
        non_standard(name, "`headers` in an apikey authentication", &format!("authentication: {standard}"), sink);
    }
    for resource in &consumes.resources {
        headers(&resource.value.headers, "a resource", sink);
        parameters(&resource.value.input_parameters, sink);
        for operation in &resource.value.operations {
            operation_extensions(&operation.value, sink);
        }
    }
}

fn headers(headers: &StringMap, owner: &str, sink: &mut Sink) {
    if let Some((name, value)) = headers.entries.first() {
        let standard = format!("{{ name: {}, in: header, value: {:?} }}", name.value, &*value.value);
        non_standard(name, &format!("`headers` on {owner}"), &format!("inputParameters: [{standard}]"), sink);
    }
}

fn operation_extensions(operation: &ConsumedOperation, sink: &mut Sink) {
    if let Some(path) = &operation.path {
        sink.push(
            Diagnostic::new(
                Code::NonStandardForm,
                path.span,
                "an operation's own `path` is not standard; it works here",
            )
            .help(format!("the standard form is a resource with `path: {}` that holds this operation", path.value)),
        );
    }
    headers(&operation.headers, "an operation", sink);
    operation.method.iter().for_each(|m| method(m, sink));
    parameters(&operation.input_parameters, sink);
}

fn method(method: &Spanned<Method>, sink: &mut Sink) {
    let is_standard = !matches!(method.value, Method::Head | Method::Options);
    // A spelling that is not standard either is reported already.
    if is_standard || sink.has(Code::NonStandardForm, method.span) {
        return;
    }
    let message = format!("the method `{}` is not standard; it works here", method.value);
    sink.push(
        Diagnostic::new(Code::NonStandardForm, method.span, message)
            .help("the standard methods are `GET`, `POST`, `PUT`, `PATCH` and `DELETE`"),
    );
}

fn parameters(items: &Named<InputParameter>, sink: &mut Sink) {
    let body = form_body(items);
    items.iter().for_each(|item| parameter(&item.value, &body, sink));
}

/// The body that the parameters in a form are. A file makes it one of parts.
fn form_body(items: &Named<InputParameter>) -> String {
    let is_member = |item: &&NamedItem<InputParameter>| is_in_form(&item.value);
    let has_file = |item: &NamedItem<InputParameter>| item.value.kind.is_some_and(|kind| kind.value == ValueType::File);
    let kind = if items.iter().filter(is_member).any(has_file) { "multipartForm" } else { "formUrlEncoded" };
    let names = items.iter().filter(is_member).map(|item| item.name.as_ref().map_or("name", |name| &*name.value));
    let members: Vec<String> = names.map(|name| format!("{name}: \"{{{{{name}}}}}\"")).collect();
    format!("body: {{ type: {kind}, data: {{ {} }} }}", members.join(", "))
}

fn is_in_form(parameter: &InputParameter) -> bool {
    parameter.place.is_some_and(|place| place.value == ParameterPlace::Form)
}

/// `form_body` is the standard form of a parameter in a form, and of all others that are.
fn parameter(parameter: &InputParameter, form_body: &str, sink: &mut Sink) {
    if let Some(place) = parameter.place.filter(|_| is_in_form(parameter)) {
        non_standard(&place, "a parameter in a form", form_body, sink);
    }
    if let Some(kind) = parameter.kind.filter(|k| matches!(k.value, ValueType::Json | ValueType::File)) {
        let standard = if kind.value == ValueType::Json { "type: object" } else { "type: string" };
        non_standard(&kind, &format!("`type: {}`", kind.value), standard, sink);
    }
}

/// `standard` is the YAML to write instead.
fn non_standard<T>(at: &Spanned<T>, what: &str, standard: &str, sink: &mut Sink) {
    sink.push(
        Diagnostic::new(Code::NonStandardForm, at.span, format!("{what} is not standard; it works here"))
            .help(format!("the standard form is `{standard}`")),
    );
}
