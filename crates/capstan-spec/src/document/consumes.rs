//! `consumes`: the HTTP APIs that a capability calls.

use super::auth::{Authentication, Tls};
use super::body::RequestBody;
use super::collection::{Named, StringMap};
use super::output::OutputParameter;
use super::pagination::Pagination;
use super::parameter::InputParameter;
use super::resilience::Resilience;
use super::step::Mapping;
use crate::reader::{Text, record, tagged, words};
use crate::source::Spanned;

record! {
    /// A consumed API (specification, "Consumes HTTP").
    pub struct Consumes is "a consumed API" {
        /// Names it in `namespace.operation`.
        namespace: Option<Text> = "namespace" folk "name" folk "id";
        /// `http`; nothing else exists yet.
        kind: Option<Text> = "type";
        /// What it is.
        description: Option<Text> = "description";
        /// The URI that all paths begin with.
        base_uri: Option<Text> = "baseUri" folk "baseUrl" folk "url" folk "server";
        /// Parameters of every operation.
        input_parameters: Named<InputParameter> = "inputParameters" folk "parameters";
        /// How the caller proves who it is.
        authentication: Option<Authentication> = "authentication" folk "auth";
        /// The client's certificate and the trusted authorities; not standard.
        tls: Option<Tls> = "tls" folk "mtls";
        /// A tunnel that leads to it.
        tunnel: Option<Tunnel> = "tunnel";
        /// Its resources.
        resources: Named<ConsumedResource> = "resources";
        /// Fixed headers of every request; not standard, `inputParameters` with `in: header` are.
        headers: StringMap = "headers";
        /// What its calls do when the far side fails; not standard.
        resilience: Option<Resilience> = "resilience";
    }
}

tagged! {
    /// A tunnel to a consumed API (specification, "Tunnel").
    pub enum Tunnel is "a tunnel" by "type" {
        /// OpenZiti.
        Ziti(Ziti) = "ziti";
    }
}

words! {
    /// What happens when a tunnel is not there.
    pub enum TunnelFallback is "a fallback" {
        /// The call fails.
        Fail = "fail";
        /// The call goes directly.
        Direct = "direct";
    }
}

record! {
    /// An OpenZiti tunnel.
    pub struct Ziti is "a ziti tunnel", tag "type" = "ziti" {
        /// The service.
        service: Option<Text> = "service";
        /// The identity, a bound variable.
        identity: Option<Text> = "identity";
        /// What happens when the tunnel is not there.
        fallback: Option<Spanned<TunnelFallback>> = "fallback";
    }
}

record! {
    /// A resource of a consumed API (specification, "Consumed HTTP Resource").
    pub struct ConsumedResource is "a consumed resource" {
        /// The name that people see. Alpha versions wrote `label`.
        display: Option<Text> = "display" or "label";
        /// Words to find it by.
        tags: Vec<Text> = "tags";
        /// What it is.
        description: Option<Text> = "description";
        /// Its path, behind the base URI.
        path: Option<Text> = "path" folk "uri";
        /// Parameters of every operation of the resource.
        input_parameters: Named<InputParameter> = "inputParameters" folk "parameters";
        /// Its operations.
        operations: Named<ConsumedOperation> = "operations";
        /// Fixed headers of every operation; not standard.
        headers: StringMap = "headers";
        /// What its calls do when the far side fails; not standard.
        resilience: Option<Resilience> = "resilience";
    }
}

words! {
    /// An HTTP method (RFC 9110, section 9).
    pub enum Method is "an HTTP method" {
        /// Reads.
        Get = "GET";
        /// Processes.
        Post = "POST";
        /// Replaces.
        Put = "PUT";
        /// Changes in part (RFC 5789).
        Patch = "PATCH";
        /// Removes.
        Delete = "DELETE";
        /// Reads the headers only; not standard here.
        Head = "HEAD";
        /// Asks what is possible; not standard here.
        Options = "OPTIONS";
    }
}

words! {
    /// The format of an answer.
    pub enum RawFormat is "a raw format" {
        /// JSON.
        Json = "json" folk "application/json";
        /// XML.
        Xml = "xml";
        /// Avro.
        Avro = "avro";
        /// Protocol Buffers.
        Protobuf = "protobuf" folk "proto";
        /// Comma-separated values.
        Csv = "csv";
        /// Tab-separated values.
        Tsv = "tsv";
        /// Values separated by vertical bars.
        Psv = "psv";
        /// YAML.
        Yaml = "yaml" folk "yml";
        /// HTML.
        Html = "html";
        /// Markdown.
        Markdown = "markdown" folk "md";
        /// Bytes.
        Binary = "binary" folk "bytes" folk "octet-stream" folk "file";
        /// Plain text; not standard.
        Text = "text" folk "plain" folk "string" folk "raw";
    }
}

record! {
    /// An operation of a consumed API (specification, "Consumed HTTP Operation").
    pub struct ConsumedOperation is "a consumed operation" {
        /// The name that people see. Alpha versions wrote `label`.
        display: Option<Text> = "display" or "label";
        /// Words to find it by.
        tags: Vec<Text> = "tags";
        /// What it does.
        description: Option<Text> = "description" folk "summary";
        /// The HTTP method; absent, GET.
        method: Option<Spanned<Method>> = "method" folk "verb";
        /// Its parameters.
        input_parameters: Named<InputParameter> = "inputParameters" folk "parameters";
        /// The format of the answer; absent, JSON.
        output_raw_format: Option<Spanned<RawFormat>> = "outputRawFormat";
        /// The media type of a binary answer.
        output_media_type: Option<Text> = "outputMediaType";
        /// The size of the largest binary answer: `10MiB`.
        max_binary_size: Option<Text> = "maxBinarySize";
        /// The schema that reads the answer.
        output_schema: Option<Text> = "outputSchema";
        /// What of the answer is kept.
        output_parameters: Named<OutputParameter> = "outputParameters";
        /// How the outputs are built; of beta versions.
        mappings: Vec<Mapping> = "mappings";
        /// The payload.
        body: Option<RequestBody> = "body" folk "requestBody";
        /// The operation's own path, behind or instead of the resource's; not standard.
        path: Option<Text> = "path";
        /// Fixed headers; not standard.
        headers: StringMap = "headers";
        /// How its pages are followed; not standard.
        pagination: Option<Pagination> = "pagination" folk "paging";
        /// What its calls do when the far side fails; not standard.
        resilience: Option<Resilience> = "resilience";
    }
}
