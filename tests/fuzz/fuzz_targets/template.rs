//! Templates: whatever a path, a value, a body and a parameter say, nothing panics, and a request
//! that is rendered goes to the origin of the base URI.

#![no_main]

use capstan_engine::bindings::{MapEnvironment, RealFiles};
use capstan_engine::{Engine, Invocation, Reveal, load_text};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

fuzz_target!(|input: (&str, &str, &str, &str)| {
    let (path, value, body, param) = input;
    // JSON strings are YAML, and keep the text from being anything else.
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let document = format!(
        "ikanos: 1.0.0-beta5\nbinds: [{{namespace: env, keys: {{TOKEN: TOKEN}}}}]\ncapability:\n  consumes:\n    - namespace: api\n      type: http\n      baseUri: https://api.example.com/base\n      authentication: {{type: bearer, token: '{{{{TOKEN}}}}'}}\n      resources:\n        r:\n          path: {}\n          operations:\n            o:\n              method: POST\n              inputParameters: {{q: {{in: query, value: {}}}, p: {{in: header}}}}\n              body: {}\n",
        text(path), text(value), text(body)
    );
    let Some(plan) = load_text("fuzz.yaml", &document, &RealFiles).plan else { return };
    let names: Vec<String> = plan.catalogue().operations().flat_map(|o| o.inputs().map(|i| i.name().to_owned()).collect::<Vec<_>>()).collect();
    let environment: MapEnvironment = [("TOKEN".to_owned(), "secret-4711".to_owned())].into_iter().collect();
    let engine = Engine::builder(plan).environment(Arc::new(environment)).build().expect("nothing is overridden");
    let invocation = names.into_iter().fold(Invocation::new("o"), |i, name| i.param(name, param));
    if let Ok(request) = engine.render(&invocation, Reveal::Secret) {
        let url = url::Url::parse(&request.url).expect("a rendered URL is one");
        assert_eq!(url.origin().ascii_serialization(), "https://api.example.com", "{}", request.url);
        assert!(url.username().is_empty(), "{}", request.url);
        // Whoever writes `..` into a path of the file means it; a parameter cannot.
        let has_dots = path.contains('.') || path.to_ascii_lowercase().contains("%2e");
        assert!(has_dots || url.path().starts_with("/base"), "{}", request.url);
    }
});
