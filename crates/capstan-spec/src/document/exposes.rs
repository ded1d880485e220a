//! `exposes`: what a capability serves, over REST, MCP, as Agent Skills, and to its operators.

use super::auth::Authentication;
use super::collection::{Named, StringMap};
use super::data::Data;
use super::output::OutputParameter;
use super::parameter::InputParameter;
use super::step::{Call, Mapping, Step, With};
use crate::reader::{Field, FromYaml, Reader, Text, record, tagged, words};
use crate::source::Spanned;
use crate::yaml::{Kind, Node};

tagged! {
    /// An exposed interface (specification, "Exposes").
    pub enum Exposes is "an exposed interface" by "type" {
        /// REST over HTTP.
        Rest(Rest) = "rest" folk "http" folk "api";
        /// The Model Context Protocol.
        Mcp(Mcp) = "mcp";
        /// Agent Skills.
        Skill(SkillServer) = "skill" folk "skills";
        /// Health, metrics and management.
        Control(Control) = "control";
    }
}

record! {
    /// An interface over REST (specification, "Exposes REST").
    pub struct Rest is "a rest interface", tag "type" = "rest" {
        /// Names it in references.
        namespace: Option<Text> = "namespace";
        /// What it is.
        description: Option<Text> = "description";
        /// The address it listens on; absent, the loopback.
        address: Option<Text> = "address";
        /// The port it listens on.
        port: Option<Spanned<u64>> = "port";
        /// How its callers prove who they are.
        authentication: Option<Authentication> = "authentication" folk "auth";
        /// The size of the largest binary answer.
        max_binary_size: Option<Text> = "maxBinarySize";
        /// Parameters of every operation.
        input_parameters: Named<InputParameter> = "inputParameters";
        /// Its resources.
        resources: Named<ExposedResource> = "resources";
    }
}

record! {
    /// An exposed resource (specification, "Exposed Resource").
    pub struct ExposedResource is "an exposed resource" {
        /// The name that people see. Alpha versions wrote `label`.
        display: Option<Text> = "display" or "label";
        /// Words to find it by.
        tags: Vec<Text> = "tags";
        /// What it is.
        description: Option<Text> = "description";
        /// Its path.
        path: Option<Text> = "path";
        /// Parameters of every operation of the resource.
        input_parameters: Named<InputParameter> = "inputParameters";
        /// Its operations.
        operations: Named<ExposedOperation> = "operations";
        /// The consumed API that everything is handed on to.
        forward: Option<Forward> = "forward";
    }
}

record! {
    /// Hands requests on to a consumed API (specification, "Forward").
    pub struct Forward is "a forward" {
        /// The consumed API.
        target_namespace: Option<Text> = "targetNamespace";
        /// The headers that are handed on.
        trusted_headers: Vec<Text> = "trustedHeaders";
    }
}

record! {
    /// An exposed operation (specification, "Exposed Operation").
    pub struct ExposedOperation is "an exposed operation" {
        /// The name that people see. Alpha versions wrote `label`.
        display: Option<Text> = "display" or "label";
        /// Words to find it by.
        tags: Vec<Text> = "tags";
        /// What it does.
        description: Option<Text> = "description" folk "summary";
        /// The HTTP method; absent, GET.
        method: Option<Spanned<super::consumes::Method>> = "method";
        /// Its parameters.
        input_parameters: Named<InputParameter> = "inputParameters";
        /// The flow that it is.
        reference: Option<Text> = "ref";
        /// The operation it calls.
        call: Option<Call> = "call";
        /// Values for the call.
        with: With = "with";
        /// Its steps.
        steps: Named<Step> = "steps";
        /// How the result is built from the steps.
        mappings: Vec<Mapping> = "mappings";
        /// The format of the answer.
        output_raw_format: Option<Spanned<super::consumes::RawFormat>> = "outputRawFormat";
        /// The schema that reads the answer.
        output_schema: Option<Text> = "outputSchema";
        /// Its outputs.
        output_parameters: Named<OutputParameter> = "outputParameters";
        /// The answers it gives, by status.
        responses: Responses = "responses";
        /// The binary answer it gives.
        response_binary: Option<ResponseBinary> = "responseBinary";
    }
}

/// The answers of an operation, by status code.
#[derive(Clone, Debug, Default)]
pub struct Responses {
    /// Status (`200`, `4XX`) and answer, in the order written.
    pub entries: Vec<(Text, Response)>,
}

impl Field for Responses {
    fn read_field(node: &Node<'_>, cx: &mut Reader<'_>) -> Self {
        Responses { entries: map_of(node, cx) }
    }
}

impl schemars::JsonSchema for Responses {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Responses".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let response = generator.subschema_for::<Response>();
        schemars::json_schema!({ "type": "object", "additionalProperties": response })
    }
}

/// A map from any key to a record.
fn map_of<T: FromYaml>(node: &Node<'_>, cx: &mut Reader<'_>) -> Vec<(Text, T)> {
    let Some(entries) = node.as_mapping() else {
        if !node.is_null() {
            cx.wrong_type(node, "a mapping");
        }
        return Vec::new();
    };
    entries
        .iter()
        .filter_map(|(key, value)| Some((Spanned::new(key.text.as_ref().into(), key.span), T::read(value, cx)?)))
        .collect()
}

record! {
    /// An answer of an exposed operation.
    pub struct Response is "a response" {
        /// What it means.
        description: Option<Text> = "description";
        /// Its payload, by media type.
        content: Contents = "content";
    }
}

/// The payloads of an answer, by media type.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// Media type and payload, in the order written.
    pub entries: Vec<(Text, Content)>,
}

impl Field for Contents {
    fn read_field(node: &Node<'_>, cx: &mut Reader<'_>) -> Self {
        Contents { entries: map_of(node, cx) }
    }
}

impl schemars::JsonSchema for Contents {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Contents".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let content = generator.subschema_for::<Content>();
        schemars::json_schema!({ "type": "object", "additionalProperties": content })
    }
}

record! {
    /// A payload of an answer.
    pub struct Content is "a content" {
        /// Whether it is bytes.
        binary: Option<Spanned<bool>> = "binary";
        /// Its JSON Schema.
        schema: Option<Data> = "schema";
    }
}

record! {
    /// A binary answer.
    pub struct ResponseBinary is "a binary response" {
        /// The status; absent, 200.
        status: Option<Spanned<u64>> = "status";
        /// The media type.
        media_type: Option<Text> = "mediaType";
        /// What it is.
        description: Option<Text> = "description";
    }
}

words! {
    /// How an MCP server is reached.
    pub enum Transport is "a transport" {
        /// Over HTTP.
        Http = "http" folk "sse" folk "streamable-http";
        /// Over standard input and output.
        Stdio = "stdio";
    }
}

words! {
    /// Who may keep an answer.
    pub enum CacheScope is "a cache scope" {
        /// Anybody.
        Public = "public";
        /// The caller alone.
        Private = "private";
    }
}

record! {
    /// An interface over the Model Context Protocol (specification, "Exposes MCP").
    pub struct Mcp is "an mcp interface", tag "type" = "mcp" {
        /// How it is reached; absent, over HTTP.
        transport: Option<Spanned<Transport>> = "transport";
        /// The address it listens on; absent, the loopback.
        address: Option<Text> = "address";
        /// The port it listens on.
        port: Option<Spanned<u64>> = "port";
        /// Names it in references.
        namespace: Option<Text> = "namespace";
        /// What it is, for clients.
        description: Option<Text> = "description";
        /// The size of the largest binary answer.
        max_binary_size: Option<Text> = "maxBinarySize";
        /// How long a list may be kept, in milliseconds.
        ttl_ms: Option<Spanned<u64>> = "ttlMs";
        /// Who may keep it.
        cache_scope: Option<Spanned<CacheScope>> = "cacheScope";
        /// How its callers prove who they are.
        authentication: Option<Authentication> = "authentication" folk "auth";
        /// Parameters of every tool.
        input_parameters: Named<InputParameter> = "inputParameters";
        /// Its tools.
        tools: Named<McpTool> = "tools";
        /// Its resources.
        resources: Named<McpResource> = "resources";
        /// Its prompts.
        prompts: Named<McpPrompt> = "prompts";
    }
}

record! {
    /// A tool (specification, "MCP Tool").
    pub struct McpTool is "a tool" {
        /// The name that people see. Alpha versions wrote `label`.
        display: Option<Text> = "display" or "label";
        /// Words to find it by.
        tags: Vec<Text> = "tags";
        /// What it does, for models.
        description: Option<Text> = "description";
        /// Its parameters.
        input_parameters: Named<InputParameter> = "inputParameters";
        /// The flow that it is.
        reference: Option<Text> = "ref";
        /// The operation it calls.
        call: Option<Call> = "call";
        /// Values for the call.
        with: With = "with";
        /// Its steps.
        steps: Named<Step> = "steps";
        /// How the result is built from the steps.
        mappings: Vec<Mapping> = "mappings";
        /// What may be assumed of it.
        hints: Option<Hints> = "hints" folk "annotations";
        /// Its outputs.
        output_parameters: Named<OutputParameter> = "outputParameters";
    }
}

record! {
    /// What may be assumed of a tool (MCP, "Tool Annotations").
    pub struct Hints is "hints" {
        /// Whether it changes nothing.
        read_only: Option<Spanned<bool>> = "readOnly" folk "readOnlyHint";
        /// Whether it may destroy something.
        destructive: Option<Spanned<bool>> = "destructive" folk "destructiveHint";
        /// Whether doing it twice is doing it once.
        idempotent: Option<Spanned<bool>> = "idempotent" folk "idempotentHint";
        /// Whether it reaches beyond this capability.
        open_world: Option<Spanned<bool>> = "openWorld" folk "openWorldHint";
    }
}

record! {
    /// A resource for models (specification, "MCP Resource").
    pub struct McpResource is "an mcp resource" {
        /// The name that people see. Alpha versions wrote `label`.
        display: Option<Text> = "display" or "label";
        /// Its URI, or a template for it.
        uri: Option<Text> = "uri";
        /// What it is.
        description: Option<Text> = "description";
        /// Its media type.
        mime_type: Option<Text> = "mimeType";
        /// Whether it is bytes.
        binary: Option<Spanned<bool>> = "binary";
        /// The operation it calls.
        call: Option<Call> = "call";
        /// Values for the call.
        with: With = "with";
        /// Its steps.
        steps: Named<Step> = "steps";
        /// How the result is built from the steps.
        mappings: Vec<Mapping> = "mappings";
        /// Its outputs.
        output_parameters: Named<OutputParameter> = "outputParameters";
        /// The folder it is read from, a `file:///` URI.
        location: Option<Text> = "location";
    }
}

record! {
    /// A prompt (specification, "MCP Prompt").
    pub struct McpPrompt is "a prompt" {
        /// The name that people see. Alpha versions wrote `label`.
        display: Option<Text> = "display" or "label";
        /// What it is for.
        description: Option<Text> = "description";
        /// What it asks for.
        arguments: Named<PromptArgument> = "arguments";
        /// Its messages.
        template: Vec<PromptMessage> = "template";
        /// The file it is read from, a `file:///` URI.
        location: Option<Text> = "location";
    }
}

record! {
    /// An argument of a prompt.
    pub struct PromptArgument is "a prompt argument" {
        /// The name that people see. Alpha versions wrote `label`.
        display: Option<Text> = "display" or "label";
        /// What it means.
        description: Option<Text> = "description";
        /// Whether it must be given; absent, yes.
        required: Option<Spanned<bool>> = "required";
    }
}

words! {
    /// Who says a message of a prompt.
    pub enum Role is "a role" {
        /// The user.
        User = "user";
        /// The model.
        Assistant = "assistant";
    }
}

record! {
    /// A message of a prompt.
    pub struct PromptMessage is "a prompt message" {
        /// Who says it.
        role: Option<Spanned<Role>> = "role";
        /// What is said.
        content: Option<Text> = "content";
    }
}

record! {
    /// A server of Agent Skills (specification, "Exposes Skill").
    pub struct SkillServer is "a skill interface", tag "type" = "skill" {
        /// The address it listens on; absent, the loopback.
        address: Option<Text> = "address";
        /// The port it listens on.
        port: Option<Spanned<u64>> = "port";
        /// Names it in references.
        namespace: Option<Text> = "namespace";
        /// What it is.
        description: Option<Text> = "description";
        /// How its callers prove who they are.
        authentication: Option<Authentication> = "authentication" folk "auth";
        /// Parameters of every skill.
        input_parameters: Named<InputParameter> = "inputParameters";
        /// Its skills.
        skills: Named<Skill> = "skills";
    }
}

record! {
    /// A skill (specification, "Exposed Skill").
    pub struct Skill is "a skill" {
        /// What it is for.
        description: Option<Text> = "description";
        /// Its licence.
        license: Option<Text> = "license";
        /// What it needs.
        compatibility: Option<Text> = "compatibility";
        /// Further facts.
        metadata: StringMap = "metadata";
        /// The tools it may use.
        allowed_tools: Option<Text> = "allowed-tools";
        /// What its argument looks like.
        argument_hint: Option<Text> = "argument-hint";
        /// Whether a person may call it; absent, yes.
        user_invocable: Option<Spanned<bool>> = "user-invocable";
        /// Whether a model may not call it; absent, it may.
        disable_model_invocation: Option<Spanned<bool>> = "disable-model-invocation";
        /// The folder of its files, a `file:///` URI.
        location: Option<Text> = "location";
        /// Its tools.
        tools: Named<SkillTool> = "tools";
    }
}

record! {
    /// A tool of a skill.
    pub struct SkillTool is "a skill tool" {
        /// What it does.
        description: Option<Text> = "description";
        /// The exposed tool or operation that it is.
        from: Option<SkillToolSource> = "from";
        /// The file with its instructions.
        instruction: Option<Text> = "instruction";
    }
}

record! {
    /// The exposed tool or operation behind a tool of a skill.
    pub struct SkillToolSource is "a source of a skill tool" {
        /// The exposed interface.
        source_namespace: Option<Text> = "sourceNamespace";
        /// Its tool or operation.
        action: Option<Text> = "action";
    }
}

record! {
    /// An interface for operators (specification, "Exposes Control").
    pub struct Control is "a control interface", tag "type" = "control" {
        /// The address it listens on; absent, the loopback.
        address: Option<Text> = "address";
        /// The port it listens on.
        port: Option<Spanned<u64>> = "port";
        /// How its callers prove who they are.
        authentication: Option<Authentication> = "authentication" folk "auth";
        /// What may be managed.
        management: Option<Management> = "management";
        /// What may be observed.
        observability: Option<Observability> = "observability";
    }
}

record! {
    /// What may be managed (specification, "Control Management").
    pub struct Management is "management" {
        /// Whether health is shown; absent, yes.
        health: Option<Spanned<bool>> = "health";
        /// Whether facts about the capability are shown.
        info: Option<Spanned<bool>> = "info";
        /// Whether it may be loaded again.
        reload: Option<Spanned<bool>> = "reload";
        /// Whether it may be validated.
        validate: Option<Spanned<bool>> = "validate";
        /// Whether and how logs are shown.
        logs: Option<Logs> = "logs";
        /// Whether and how scripts may run.
        scripting: Option<Scripting> = "scripting";
    }
}

/// Whether and how logs are shown.
#[derive(Clone, Debug)]
pub enum Logs {
    /// All of it, or nothing.
    Flag(Spanned<bool>),
    /// Part by part.
    Endpoint(LogsEndpoint),
}

impl FromYaml for Logs {
    fn read(node: &Node<'_>, cx: &mut Reader<'_>) -> Option<Self> {
        match &node.kind {
            Kind::Mapping(_) => LogsEndpoint::read(node, cx).map(Logs::Endpoint),
            Kind::Scalar { .. } | Kind::Sequence(_) => Spanned::read(node, cx).map(Logs::Flag),
        }
    }
}

impl schemars::JsonSchema for Logs {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Logs".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "anyOf": [{ "type": "boolean" }, generator.subschema_for::<LogsEndpoint>()] })
    }
}

record! {
    /// How logs are shown.
    pub struct LogsEndpoint is "a logs endpoint" {
        /// Whether the level may be changed; absent, yes.
        level_control: Option<Spanned<bool>> = "level-control";
        /// Whether they are streamed.
        stream: Option<Spanned<bool>> = "stream";
        /// How many may listen, 1 to 20; absent, 5.
        max_subscribers: Option<Spanned<u64>> = "max-subscribers";
    }
}

record! {
    /// How scripts may run (specification, "Scripting Management").
    pub struct Scripting is "scripting" {
        /// Whether they may; absent, yes.
        enabled: Option<Spanned<bool>> = "enabled";
        /// The folder of scripts that do not name one.
        default_location: Option<Text> = "defaultLocation";
        /// The language of scripts that do not name one.
        default_language: Option<Spanned<super::step::Language>> = "defaultLanguage";
        /// How long a script may run, in milliseconds; absent, 60,000.
        timeout: Option<Spanned<u64>> = "timeout";
        /// How many statements a script may run; absent, 100,000.
        statement_limit: Option<Spanned<u64>> = "statementLimit";
        /// The languages allowed; absent, all.
        allowed_languages: Vec<Spanned<super::step::Language>> = "allowedLanguages";
    }
}

record! {
    /// What may be observed (specification, "Observability").
    pub struct Observability is "observability" {
        /// Whether anything is; absent, yes.
        enabled: Option<Spanned<bool>> = "enabled";
        /// Metrics.
        metrics: Option<Metrics> = "metrics";
        /// Traces.
        traces: Option<Traces> = "traces";
        /// Where both are sent.
        exporters: Option<Exporters> = "exporters";
    }
}

record! {
    /// Metrics.
    pub struct Metrics is "metrics" {
        /// The endpoint that shows them.
        local: Option<LocalEndpoint> = "local";
    }
}

record! {
    /// An endpoint of the control interface.
    pub struct LocalEndpoint is "a local endpoint" {
        /// Whether it is there; absent, yes.
        enabled: Option<Spanned<bool>> = "enabled";
    }
}

words! {
    /// How a trace is handed on.
    pub enum Propagation is "a propagation" {
        /// W3C Trace Context.
        W3c = "w3c";
        /// Zipkin's B3.
        B3 = "b3";
    }
}

record! {
    /// Traces.
    pub struct Traces is "traces" {
        /// The share that is kept, 0 to 1; absent, 1.
        sampling: Option<Spanned<f64>> = "sampling";
        /// How a trace is handed on; absent, W3C.
        propagation: Option<Spanned<Propagation>> = "propagation";
        /// The endpoint that shows them.
        local: Option<TracesLocal> = "local";
    }
}

record! {
    /// The endpoint that shows traces.
    pub struct TracesLocal is "a local endpoint" {
        /// Whether it is there; absent, yes.
        enabled: Option<Spanned<bool>> = "enabled";
        /// How many it keeps, 10 to 10,000; absent, 100.
        buffer_size: Option<Spanned<u64>> = "buffer-size";
    }
}

record! {
    /// Where metrics and traces are sent.
    pub struct Exporters is "exporters" {
        /// An OpenTelemetry collector.
        otlp: Option<Otlp> = "otlp";
    }
}

record! {
    /// An OpenTelemetry collector.
    pub struct Otlp is "an otlp exporter" {
        /// Its endpoint.
        endpoint: Option<Text> = "endpoint";
    }
}
