//! What an operation is called on the command line: the shortest name that means it alone.

use std::collections::{HashMap, HashSet};

use capstan_engine::{OperationView, Plan};

/// The operations of a plan, each with the name to call it by, in file order.
pub(crate) fn named(plan: &Plan) -> Vec<(String, OperationView<'_>)> {
    let operations: Vec<OperationView<'_>> = plan.catalogue().operations().collect();
    let namespaces: HashSet<&str> = operations.iter().map(OperationView::namespace).collect();
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for operation in &operations {
        *uses.entry(operation.name()).or_default() += 1;
    }
    let name = |operation: &OperationView<'_>| match namespaces.len() {
        0 | 1 if uses[operation.name()] == 1 => operation.name().to_owned(),
        _ => qualified(plan, operation),
    };
    operations.iter().map(|operation| (name(operation), *operation)).collect()
}

/// The name of one operation, as [`named`] gives it.
pub(crate) fn name_of(plan: &Plan, operation: &OperationView<'_>) -> String {
    let found = named(plan).into_iter().find(|(_, other)| other.id() == operation.id());
    found.map_or_else(|| operation.name().to_owned(), |(name, _)| name)
}

/// The first of the longer names that is unique; method and path where none is.
fn qualified(plan: &Plan, operation: &OperationView<'_>) -> String {
    let (namespace, resource, name) = (operation.namespace(), operation.resource(), operation.name());
    let candidates = [
        (namespace, format!("{namespace}.{name}")),
        (resource, format!("{resource}.{name}")),
        (resource, format!("{namespace}.{resource}.{name}")),
    ];
    let mut candidates = candidates.into_iter().filter(|(qualifier, _)| !qualifier.is_empty());
    let unique = candidates.find(|(_, name)| plan.find(name).is_ok_and(|id| id == operation.id()));
    unique.map_or_else(|| format!("{} {}", operation.method(), operation.path()), |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn names(consumes: &str) -> Vec<String> {
        let text = format!("ikanos: 1.0.0-beta5\ncapability:\n  consumes:\n{consumes}");
        let files = capstan_engine::bindings::MapFiles::default();
        let plan: Arc<Plan> = capstan_engine::load_text("a.yaml", &text, &files).plan.expect("the capability is right");
        named(&plan).into_iter().map(|(name, _)| name).collect()
    }

    fn api(namespace: &str, resources: &str) -> String {
        format!(
            "  - {{type: http, namespace: {namespace}, baseUri: 'https://example.com', resources: {{{resources}}}}}\n"
        )
    }

    #[test]
    fn a_name_stands_alone_where_it_is_the_only_one() {
        let one = api("n", "r: {path: /r, operations: {get: {method: GET}, put: {method: PUT}}}");
        assert_eq!(names(&one), ["get", "put"]);
    }

    #[test]
    fn names_of_several_apis_have_their_namespace() {
        let resource = "r: {path: /r, operations: {get: {method: GET}}}";
        assert_eq!(names(&format!("{}{}", api("n", resource), api("m", resource))), ["n.get", "m.get"]);
    }

    #[test]
    fn names_that_collide_in_an_api_have_their_resource() {
        let two = api(
            "n",
            "r: {path: /r, operations: {get: {method: GET}}}, s: {path: /s, operations: {get: {method: GET}}}",
        );
        assert_eq!(names(&two), ["r.get", "s.get"]);
    }
}
