//! The JSON Schema against the published ones, key by key and file by file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::harness::{project, shared, yaml_files};

/// A definition of the published schemas and the definitions of ours that it became.
const RECORDS: &[(&str, &[&str])] = &[
    ("Aggregate", &["Aggregate"]),
    ("AggregateFlow", &["Flow"]),
    ("AggregateFunction", &["Flow"]),
    ("AuthApiKey", &["ApiKey"]),
    ("AuthBasic", &["Basic"]),
    ("AuthBearer", &["Bearer"]),
    ("AuthDigest", &["Digest"]),
    ("AuthOAuth2", &["OAuth2"]),
    ("Binding", &["Binding"]),
    ("Capability", &["CapabilitySection"]),
    ("ConsumedHttpOperation", &["ConsumedOperation"]),
    ("ConsumedHttpResource", &["ConsumedResource"]),
    ("ConsumedInputParameter", &["InputParameter"]),
    ("ConsumedOutputParameter", &["OutputParameter"]),
    ("ConsumesHttp", &["Consumes"]),
    ("ControlLogsEndpointSpec", &["LogsEndpoint"]),
    ("ControlManagementSpec", &["Management"]),
    ("ExposedInputParameter", &["InputParameter"]),
    ("ExposedOperation", &["ExposedOperation"]),
    ("ExposedResource", &["ExposedResource"]),
    ("ExposedSkill", &["Skill"]),
    ("ExposesControl", &["Control"]),
    ("ExposesMcp", &["Mcp"]),
    ("ExposesRest", &["Rest"]),
    ("ExposesSkill", &["SkillServer"]),
    ("ForwardConfig", &["Forward"]),
    ("ImportEntry", &["Import"]),
    ("ImportedConsumesHttp", &["Import"]),
    ("Info", &["Info"]),
    ("MappedOutputParameterArray", &["OutputParameter"]),
    ("MappedOutputParameterBase", &["OutputParameter"]),
    ("MappedOutputParameterBoolean", &["OutputParameter"]),
    ("MappedOutputParameterNumber", &["OutputParameter"]),
    ("MappedOutputParameterObject", &["OutputParameter"]),
    ("MappedOutputParameterString", &["OutputParameter"]),
    ("McpPrompt", &["McpPrompt"]),
    ("McpPromptArgument", &["PromptArgument"]),
    ("McpPromptMessage", &["PromptMessage"]),
    ("McpResource", &["McpResource"]),
    ("McpTool", &["McpTool"]),
    ("McpToolHints", &["Hints"]),
    ("McpToolInputParameter", &["InputParameter"]),
    ("MockOutputParameter", &["OutputParameter"]),
    ("ObservabilityExportersSpec", &["Exporters"]),
    ("ObservabilityLocalEndpointSpec", &["LocalEndpoint"]),
    ("ObservabilityMetricsSpec", &["Metrics"]),
    ("ObservabilityOtlpExporterSpec", &["Otlp"]),
    ("ObservabilitySpec", &["Observability"]),
    ("ObservabilityTracesLocalSpec", &["TracesLocal"]),
    ("ObservabilityTracesSpec", &["Traces"]),
    ("OperationStepBase", &["CallStep", "LookupStep", "ScriptStep"]),
    ("OperationStepCall", &["CallStep"]),
    ("OperationStepLookup", &["LookupStep"]),
    ("OperationStepScript", &["ScriptStep"]),
    ("OrchestratedOutputParameterArray", &["OutputParameter"]),
    ("OrchestratedOutputParameterBase", &["OutputParameter"]),
    ("OrchestratedOutputParameterObject", &["OutputParameter"]),
    ("OrchestratedOutputParameterScalar", &["OutputParameter"]),
    ("Person", &["Person"]),
    ("RequestBodyFormUrlEncoded", &["TypedBody"]),
    ("RequestBodyJson", &["TypedBody"]),
    ("RequestBodyMultipartForm", &["TypedBody"]),
    ("RequestBodyMultipartFormPart", &["MultipartPart"]),
    ("RequestBodyText", &["TypedBody"]),
    ("ScriptingManagementSpec", &["Scripting"]),
    ("Semantics", &["Semantics"]),
    ("SkillTool", &["SkillTool"]),
    ("StepOutputMapping", &["Mapping"]),
    ("TunnelZiti", &["Ziti"]),
];

/// Definitions without keys of their own: words, patterns, free maps, choices of the others.
const WITHOUT_KEYS: &[&str] = &[
    "Address",
    "Authentication",
    "BinarySize",
    "BindingKeys",
    "BindingVariableName",
    "CacheScope",
    "Hostname",
    "IPv4",
    "IPv6",
    "IdentifierExtended",
    "IdentifierKebab",
    "MappedOutputParameter",
    "OperationStep",
    "OrchestratedOutputParameter",
    "RequestBody",
    "RequestBodyRaw",
    "TunnelConfig",
    "UriLocation",
    "WithInjector",
];

/// The published schemas by their file names.
fn published() -> Option<Vec<(String, Value)>> {
    let folder = shared("reference")?;
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder can be read").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".schema.json") {
            let text = std::fs::read_to_string(entry.path()).expect("a schema can be read");
            found.push((name, serde_json::from_str(&text).expect("a schema is JSON")));
        }
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    Some(found)
}

/// The keys that a definition names, also within its choices.
fn keys(schema: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        found.extend(properties.keys().cloned());
    }
    for word in ["allOf", "anyOf", "oneOf"] {
        let choices = schema.get(word).and_then(Value::as_array);
        choices.into_iter().flatten().for_each(|choice| found.extend(keys(choice)));
    }
    found
}

/// The keys of our records by the name of the definition.
fn ours() -> BTreeMap<String, BTreeSet<String>> {
    let schema = capstan_spec::schema::json_schema();
    let mut records: BTreeMap<String, BTreeSet<String>> =
        schema["$defs"].as_object().expect("definitions").iter().map(|(name, d)| (name.clone(), keys(d))).collect();
    records.insert("Root".to_owned(), keys(&schema));
    records
}

#[test]
fn every_published_key_is_a_key_of_ours() {
    let Some(published) = published() else { return };
    let ours = ours();
    let mut missing = Vec::new();
    for (file, schema) in &published {
        let definitions = schema["$defs"].as_object().expect("definitions");
        for (name, definition) in definitions.iter().filter(|(name, _)| !WITHOUT_KEYS.contains(&name.as_str())) {
            match RECORDS.iter().find(|(theirs, _)| theirs == name) {
                Some((_, records)) => missing.extend(absent(file, name, &keys(definition), records, &ours)),
                None => missing.push(format!("{file}: `{name}` is mapped to nothing")),
            }
        }
        missing.extend(absent(file, "the root", &keys(schema), &["Root"], &ours));
        let bare = WITHOUT_KEYS.iter().filter_map(|name| Some((name, definitions.get(*name)?)));
        missing.extend(
            bare.filter(|(_, d)| !keys(d).is_empty()).map(|(name, _)| format!("{file}: `{name}` has keys now")),
        );
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

fn absent(
    file: &str,
    name: &str,
    theirs: &BTreeSet<String>,
    records: &[&str],
    ours: &BTreeMap<String, BTreeSet<String>>,
) -> Vec<String> {
    let lacks = |record: &str, key: &str| !ours.get(record).is_some_and(|keys| keys.contains(key));
    // The name of a record stands beside it, in the collection's own schema.
    let wanted = theirs.iter().filter(|key| *key != "name" || records == ["MultipartPart"]);
    wanted
        .flat_map(|key| records.iter().filter(|r| lacks(r, key)).map(move |r| (key, r)))
        .map(|(key, record)| format!("{file}: `{key}` of `{name}` is no key of `{record}`"))
        .collect()
}

#[test]
fn keys_of_every_record() {
    let lines = ours().into_iter().filter(|(_, keys)| !keys.is_empty());
    let list: String = lines.map(|(name, keys)| format!("{name}: {}\n", Vec::from_iter(keys).join(" "))).collect();
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(list);
    });
}

fn validator(schema: &Value) -> jsonschema::Validator {
    jsonschema::validator_for(schema).expect("the schema is one")
}

/// A file as JSON: what a validator in an editor sees.
fn value(path: &Path) -> Option<Value> {
    serde_yaml::from_str(&std::fs::read_to_string(path).ok()?).ok()
}

#[track_caller]
fn assert_accepted(validator: &jsonschema::Validator, path: &Path, file: &Value) {
    let problems: Vec<String> =
        validator.iter_errors(file).map(|e| format!("{}: {e}", e.instance_path())).take(3).collect();
    assert!(problems.is_empty(), "{}: {}", path.display(), problems.join("\n"));
}

#[test]
fn our_capabilities_are_accepted() {
    let ours = validator(&capstan_spec::schema::json_schema());
    let files = yaml_files(&project().join("capabilities"));
    assert!(!files.is_empty());
    for path in files {
        let file = value(&path).expect("a capability is YAML");
        assert_accepted(&ours, &path, &file);
    }
}

#[test]
fn what_a_published_schema_accepts_is_accepted() {
    let (Some(published), Some(corpus)) = (published(), shared("corpus")) else { return };
    let ours = validator(&capstan_spec::schema::json_schema());
    let published: Vec<_> = published.iter().map(|(_, schema)| validator(schema)).collect();
    let mut accepted = 0;
    for path in yaml_files(&corpus) {
        let Some(file) = value(&path) else { continue };
        if published.iter().any(|p| p.is_valid(&file)) {
            accepted += 1;
            assert_accepted(&ours, &path, &file);
        }
    }
    assert!(accepted > 0, "no file of the corpus is accepted by a published schema");
    eprintln!("{accepted} files that a published schema accepts are accepted");
}
