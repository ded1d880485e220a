//! The typed document: what an author wrote, in one form, every leaf with its place.
//!
//! One file for each chapter of the specification. The types are read by the tables that define
//! them; nothing after this module asks which version a file was, or which form it used.

mod aggregate;
mod amendment;
mod auth;
mod binding;
mod body;
mod collection;
mod consumes;
mod data;
mod exposes;
mod import;
mod info;
mod output;
mod pagination;
mod parameter;
mod resilience;
mod root;
mod section;
mod step;

pub use aggregate::{Aggregate, Flow, Semantics};
pub use amendment::{Amendment, OperationAmendment};
pub use auth::{
    ApiKey, Authentication, AwsSigV4, Basic, Bearer, ClientAuthentication, Digest, GrantType, OAuth1, OAuth2,
    Placement, SignatureMethod, Tls, TokenValidation,
};
pub use binding::{Binding, BindingKeys};
pub use body::{BodyKind, Compression, MultipartPart, RequestBody, TypedBody};
pub use collection::{Named, NamedItem, StringMap};
pub use consumes::{ConsumedOperation, ConsumedResource, Consumes, Method, RawFormat, Tunnel, TunnelFallback, Ziti};
pub use data::{Data, DataKind};
pub use exposes::{
    CacheScope, Content, Control, Exporters, ExposedOperation, ExposedResource, Exposes, Forward, Hints, LocalEndpoint,
    Logs, LogsEndpoint, Management, Mcp, McpPrompt, McpResource, McpTool, Metrics, Observability, Otlp, PromptArgument,
    PromptMessage, Propagation, Response, ResponseBinary, Responses, Rest, Role, Scripting, Skill, SkillServer,
    SkillTool, SkillToolSource, Traces, TracesLocal, Transport,
};
pub use import::{Import, OrImport};
pub use info::{Info, Person};
pub use output::{Items, OutputParameter};
pub use pagination::{Cursor, Keyset, Link, NextLink, Offset, PageNumber, Pagination};
pub use parameter::{ArrayStyle, InputParameter, ParameterPlace, Required, ValueType};
pub use resilience::{
    Backoff, CircuitBreaker, Factor, Failure, Failures, IdempotencyKey, OrOff, RateLimit, Resilience, Retry, Status,
    Statuses, Timeout,
};
pub use root::{CapabilitySection, Document, Root, Version};
pub use section::Section;
pub use step::{Call, CallStep, CallTarget, Language, LookupStep, Mapping, ScriptStep, Step, With};
