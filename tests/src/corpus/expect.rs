//! What each operation of a file should send, worked out from its YAML alone.
//!
//! Written apart from the engine on purpose, and simpler: parameters get values by their type,
//! placeholders are looked up, and everything is kept decoded, so that [`super::compare`] can hold
//! it against the bytes that arrived whatever choices of encoding are free.

use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::{Map, Value, json};

mod yaml;

use yaml::{items, text, to_json};

/// Stands in for every base URI.
pub(super) const BASE_PATH: &str = "/base/v1";

/// One request, decoded.
pub(super) struct Expected {
    /// `namespace.operation`.
    pub(super) name: String,
    /// What the caller gives.
    pub(super) parameters: Map<String, Value>,
    pub(super) method: String,
    /// The segments of the path.
    pub(super) segments: Vec<String>,
    pub(super) query: Vec<(String, String)>,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Body,
}

/// A body.
pub(super) enum Body {
    None,
    /// A JSON value; text may also go as it is.
    Json(Value),
    Text(String),
    Form(Vec<(String, String)>),
    /// Each name and value occurs.
    Multipart(Vec<(String, String)>),
}

/// A file as far as requests go.
pub(super) struct Document<'a> {
    value: &'a serde_yaml::Value,
    variables: Vec<(String, String)>,
    /// Variables that come from files which nobody published.
    located: Vec<String>,
}

impl<'a> Document<'a> {
    pub(super) fn new(value: &'a serde_yaml::Value) -> Document<'a> {
        let capability = &value["capability"];
        let bindings = items(&value["binds"]).into_iter().chain(items(&capability["binds"]));
        let mut document = Document { value, variables: Vec::new(), located: Vec::new() };
        for (_, binding) in bindings {
            document.bind(binding);
        }
        let entries = items(&capability["consumes"]).into_iter().chain(items(&value["consumes"]));
        for (_, entry) in entries {
            document.imply(&to_json(&entry["authentication"]));
            document.imply(&to_json(&entry["auth"]));
        }
        document
    }

    fn bind(&mut self, binding: &serde_yaml::Value) {
        for (name, key) in items(&binding["keys"]) {
            if text(&binding["location"]).is_some() {
                self.located.push(name);
                continue;
            }
            let value = format!("value-{name}");
            self.variables.push((text(key).unwrap_or_else(|| name.clone()), value.clone()));
            self.variables.push((name, value));
        }
    }

    /// What an authentication names and nobody binds comes from the environment all the same.
    fn imply(&mut self, authentication: &Value) {
        // Without the braces of JSON, which would look like a placeholder's.
        let text = authentication.to_string();
        let text = text.strip_prefix('{').unwrap_or(&text);
        for found in PLACEHOLDER.captures_iter(text).filter(|found| found.get(4).is_none()) {
            let name = placeholder(&found).to_owned();
            let known = self.variables.iter().any(|(variable, _)| *variable == name);
            if !known && !self.located.contains(&name) {
                self.variables.push((name.clone(), format!("value-{name}")));
            }
        }
    }

    /// The environment in which all bindings have values.
    pub(super) fn variables(&self) -> &[(String, String)] {
        &self.variables
    }

    /// All operations that can be told apart by their names.
    pub(super) fn operations(&self) -> Vec<Expected> {
        let capability = &self.value["capability"];
        let entries = items(&capability["consumes"]).into_iter();
        let mut all: Vec<Expected> = Vec::new();
        for (_, entry) in entries.chain(items(&self.value["consumes"])) {
            for (_, resource) in items(&entry["resources"]) {
                for (name, operation) in items(&resource["operations"]) {
                    all.extend(self.operation(entry, resource, &name, operation));
                }
            }
        }
        let names: Vec<String> = all.iter().map(|expected| expected.name.clone()).collect();
        all.retain(|expected| names.iter().filter(|name| **name == expected.name).count() == 1);
        all
    }

    fn operation(
        &self,
        entry: &serde_yaml::Value,
        resource: &serde_yaml::Value,
        name: &str,
        operation: &serde_yaml::Value,
    ) -> Option<Expected> {
        let namespace = text(&entry["namespace"])?;
        let mut writer = Writer {
            document: self,
            foreseeable: true,
            fixed: Map::new(),
            expected: Expected {
                name: format!("{namespace}.{name}"),
                parameters: Map::new(),
                method: text(&operation["method"]).unwrap_or("GET".into()).to_uppercase(),
                segments: Vec::new(),
                query: Vec::new(),
                headers: Vec::new(),
                body: Body::None,
            },
        };
        let parameters = visible_parameters([entry, resource, operation])?;
        writer.declare(&parameters);
        writer.write_path(&join(resource, operation));
        writer.write_parameters(&parameters);
        for (name, value) in items(&entry["headers"]) {
            let value = writer.fill(&text(value).unwrap_or_default());
            writer.expected.headers.push((name.to_lowercase(), value));
        }
        writer.write_authentication([&entry["authentication"], &entry["auth"]])?;
        writer.write_body(&parameters, &operation["body"]);
        writer.foreseeable.then_some(writer.expected)
    }

    /// How many operations there are in all.
    pub(super) fn count(&self) -> usize {
        let entries = items(&self.value["capability"]["consumes"]).into_iter();
        let entries = entries.chain(items(&self.value["consumes"]));
        let resources = entries.flat_map(|(_, entry)| items(&entry["resources"]));
        resources.map(|(_, resource)| items(&resource["operations"]).len()).sum()
    }
}

/// A declared parameter.
struct Parameter {
    name: String,
    place: String,
    kind: String,
    /// A template that takes the caller's place.
    fixed: Option<Value>,
}

/// The parameters of all levels, inner over outer; none when one level names one twice.
fn visible_parameters(levels: [&serde_yaml::Value; 3]) -> Option<Vec<Parameter>> {
    let mut visible: Vec<Parameter> = Vec::new();
    for level in levels {
        let outer = visible.len();
        for (name, declared) in items(&level["inputParameters"]) {
            // Some names ran into the line below them; the first line is what was meant.
            let name = name.lines().next().unwrap_or_default().trim().to_owned();
            if visible[outer.min(visible.len())..].iter().any(|parameter| parameter.name == name) {
                return None;
            }
            let word = |key: &str| text(&declared[key]);
            visible.retain(|parameter| parameter.name != name);
            visible.push(Parameter {
                place: word("in").unwrap_or("body".into()),
                kind: word("type").unwrap_or("string".into()),
                fixed: Some(to_json(&declared["value"])).filter(|value| !value.is_null()),
                name,
            });
        }
    }
    Some(visible)
}

/// The path of a resource with that of its operation: appended, unless it repeats the resource's.
fn join(resource: &serde_yaml::Value, operation: &serde_yaml::Value) -> String {
    let outer = text(&resource["path"]).unwrap_or_default();
    let inner = text(&operation["path"]).filter(|path| path != "/").unwrap_or_default();
    let repeats = outer != "/" && inner.starts_with(outer.as_str());
    match (inner.is_empty(), repeats) {
        (true, _) => outer,
        (false, true) => inner,
        (false, false) => {
            format!("{}/{}", outer.trim_end_matches('/'), inner.trim_start_matches('/'))
        }
    }
}

/// `{{x}}`, `{{ns.x}}`, `${x}`, `$env.x`, `$secrets.x`, `{x}`.
static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"\{\{\s*([^{}]+?)\s*\}\}|\$\{([^{}]+)\}|\$(?:env|secrets)\.(\w+)|\{([^{}]+)\}";
    Regex::new(pattern).expect("the pattern is valid")
});

fn placeholder<'t>(found: &Captures<'t>) -> &'t str {
    let name = found.iter().skip(1).flatten().next().map_or("", |group| group.as_str());
    name.rsplit('.').next().unwrap_or(name).trim_end_matches('+')
}

struct Writer<'a> {
    document: &'a Document<'a>,
    /// Turns false when a value is needed that only its owner knows.
    foreseeable: bool,
    /// Values of fixed parameters, for a template that asks the caller for its own name.
    fixed: Map<String, Value>,
    expected: Expected,
}

impl Writer<'_> {
    /// Gives every parameter that is not fixed a value.
    fn declare(&mut self, parameters: &[Parameter]) {
        for parameter in parameters {
            let given = match parameter.fixed {
                Some(_) => &mut self.fixed,
                None => &mut self.expected.parameters,
            };
            given.insert(parameter.name.clone(), generate(parameter));
        }
    }

    fn bound(&self, name: &str) -> Option<String> {
        let found = self.document.variables.iter().find(|(variable, _)| variable == name);
        found.map(|(_, value)| value.clone())
    }

    /// The value of a placeholder: bound, declared, or a parameter that only it declares.
    fn value(&mut self, name: &str) -> Value {
        if let Some(declared) = self.expected.parameters.get(name) {
            return declared.clone();
        }
        if let Some(value) = self.bound(name) {
            return Value::from(value);
        }
        self.foreseeable &= !self.document.located.iter().any(|located| located == name);
        let value = self.fixed.get(name).cloned();
        let value = value.unwrap_or_else(|| format!("given {name}").into());
        self.expected.parameters.insert(name.to_owned(), value.clone());
        value
    }

    /// A text with its placeholders filled in; a single brace counts only around a bound name.
    fn fill(&mut self, template: &str) -> String {
        let filled = PLACEHOLDER.replace_all(template, |found: &Captures<'_>| {
            let name = placeholder(found);
            if found.get(4).is_some() && self.bound(name).is_none() {
                return found[0].to_owned();
            }
            plain(&self.value(name))
        });
        filled.into_owned()
    }

    fn write_path(&mut self, path: &str) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let path = format!("{BASE_PATH}/{}", path.trim_start_matches('/'));
        for segment in path.split('/') {
            let filled =
                PLACEHOLDER.replace_all(segment, |found: &Captures<'_>| plain(&self.value(placeholder(found))));
            let several = segment.ends_with("+}");
            let filled = filled.into_owned();
            match several {
                true => self.expected.segments.extend(filled.split('/').map(str::to_owned)),
                false => self.expected.segments.push(filled),
            }
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = self.fill(value);
            self.expected.query.push((name.to_owned(), value));
        }
    }

    fn write_parameters(&mut self, parameters: &[Parameter]) {
        for parameter in parameters {
            let value = match &parameter.fixed {
                Some(Value::String(template)) => Value::from(self.fill(template)),
                Some(template) => self.json(template),
                None => self.expected.parameters[&parameter.name].clone(),
            };
            match (parameter.place.as_str(), value) {
                ("query", Value::Array(values)) => {
                    let values = values.iter().map(|v| (parameter.name.clone(), plain(v)));
                    self.expected.query.extend(values);
                }
                ("query", value) => {
                    self.expected.query.push((parameter.name.clone(), plain(&value)));
                }
                // The length is the sender's to say.
                ("header", _) if parameter.name.eq_ignore_ascii_case("content-length") => {}
                ("header", value) => {
                    self.expected.headers.push((parameter.name.to_lowercase(), plain(&value)));
                }
                _ => {}
            }
        }
    }

    /// Nothing for the kinds that cannot be called yet.
    fn write_authentication(&mut self, declared: [&serde_yaml::Value; 2]) -> Option<()> {
        let Some(declared) = declared.into_iter().find(|value| !value.is_null()) else {
            return Some(());
        };
        for (name, value) in items(&declared["headers"]) {
            let value = self.fill(&text(value)?);
            self.expected.headers.push((name.to_lowercase(), value));
        }
        if !declared["headers"].is_null() {
            return Some(());
        }
        let mut word = |key: &str| text(&declared[key]).map(|template| self.fill(&template));
        let (name, value, place) = match word("type")?.as_str() {
            "bearer" => ("authorization".into(), format!("Bearer {}", word("token")?), None),
            "basic" => {
                let pair = format!("{}:{}", word("username")?, word("password")?);
                let encoded = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, pair);
                ("authorization".into(), format!("Basic {encoded}"), None)
            }
            "apikey" => {
                let name = word("key").or_else(|| word("name"))?;
                (name, word("value")?, word("placement").or_else(|| word("in")))
            }
            _ => return None,
        };
        let given = self.expected.headers.iter().any(|(given, _)| *given == name.to_lowercase());
        match place.as_deref() {
            // A header that the caller gives by its name is meant.
            _ if given => {}
            Some("body") => return None,
            Some("query") => self.expected.query.push((name, value)),
            _ => self.expected.headers.push((name.to_lowercase(), value)),
        }
        Some(())
    }

    fn write_body(&mut self, parameters: &[Parameter], declared: &serde_yaml::Value) {
        let in_place = |place: &str| -> Vec<&Parameter> {
            parameters.iter().filter(|parameter| parameter.place == place).collect()
        };
        let (body, form) = (in_place("body"), in_place("formData"));
        let data = if declared.is_mapping() { &declared["data"] } else { declared };
        self.expected.body = match (data.is_null(), form.is_empty(), body.as_slice()) {
            (false, _, _) => self.template(text(&declared["type"]).as_deref(), data),
            (true, false, _) => self.form(&form),
            (true, true, []) => Body::None,
            (true, true, [only]) => Body::Json(self.whole(only)),
            (true, true, several) => match several.iter().find(|p| p.name == "body") {
                Some(whole) => Body::Json(self.whole(whole)),
                None => {
                    let members = several.iter().map(|p| (p.name.clone(), self.whole(p)));
                    Body::Json(members.collect::<Map<_, _>>().into())
                }
            },
        };
    }

    fn whole(&mut self, parameter: &Parameter) -> Value {
        match &parameter.fixed {
            Some(template) => self.json(template),
            None => self.expected.parameters[&parameter.name].clone(),
        }
    }

    fn form(&mut self, parameters: &[&Parameter]) -> Body {
        let pairs = parameters.iter().map(|p| (p.name.clone(), plain(&self.whole(p)))).collect();
        match parameters.iter().any(|parameter| parameter.kind == "file") {
            true => Body::Multipart(pairs),
            false => Body::Form(pairs),
        }
    }

    fn template(&mut self, kind: Option<&str>, data: &serde_yaml::Value) -> Body {
        let filled = self.json(&to_json(data));
        let pairs = |value: &Value| -> Vec<(String, String)> {
            let members = value.as_object().into_iter().flatten();
            members.map(|(name, value)| (name.clone(), plain(value))).collect()
        };
        match kind {
            Some("form" | "formUrlEncoded") => Body::Form(pairs(&filled)),
            Some("multipart" | "multipartForm") => Body::Multipart(pairs(&filled)),
            Some("text" | "xml" | "raw" | "sparql") => Body::Text(plain(&filled)),
            _ => match filled.as_str().map(serde_json::from_str) {
                Some(Ok(parsed)) => Body::Json(parsed),
                _ => Body::Json(filled),
            },
        }
    }

    /// A JSON template: a lone placeholder becomes its value, others stand within their text.
    fn json(&mut self, template: &Value) -> Value {
        match template {
            Value::String(text) => match PLACEHOLDER.captures(text) {
                Some(found) if found[0] == **text && found.get(4).is_none() => self.value(placeholder(&found)),
                _ => Value::from(self.fill(text)),
            },
            Value::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            Value::Object(members) => {
                let members = members.iter().map(|(key, value)| (key.clone(), self.json(value)));
                Value::Object(members.collect())
            }
            other => other.clone(),
        }
    }
}

/// A value as text: JSON, but text without its quotes.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A value that its type allows and that an encoder could get wrong.
fn generate(parameter: &Parameter) -> Value {
    let header = parameter.place == "header";
    match (parameter.kind.as_str(), parameter.name.to_lowercase().as_str()) {
        ("integer" | "int" | "long", _) => json!(42),
        ("number" | "float" | "double", _) => json!(1.5),
        ("boolean" | "bool", _) => json!(true),
        ("array", _) => json!(["a b", "c&d"]),
        ("object" | "json", _) => json!({"k": "v \"1\"", "list": [1, null, "ü"]}),
        (_, "content-type" | "accept") if header => json!("application/json"),
        (_, name) if header => json!(format!("header {name}")),
        (_, name) if parameter.place == "path" => json!(format!("p {name}/ü?#")),
        (_, name) => json!(format!("{name} a&b=c+d ü")),
    }
}
