//! `capstan call`: its arguments as typed in.
//!
//! Credentials may be among them, so that neither they nor what holds them can be printed with
//! `{:?}`.

use std::path::PathBuf;
use std::time::Duration;

use capstan_engine::Rate;
use capstan_spec::quantity;
use clap::{Args, ValueEnum};

use super::cache::CacheArgs;
use super::download::DownloadArgs;
use super::each::EachArgs;
use super::pages::PageArgs;
use super::upload::UploadArgs;

/// Call an operation of a capability
///
/// Prints the outputs as JSON: one object keyed by output name, or the body itself where the
/// capability declares no outputs. Pretty on a terminal, compact in a pipe.
#[derive(Args)]
#[command(after_help = SHORT_HELP, after_long_help = LONG_HELP)]
pub(crate) struct CallArgs {
    /// The capability file
    pub(crate) file: PathBuf,

    /// The operation: `name`, `namespace.name`, `resource.name` or `METHOD /path`
    pub(crate) operation: String,

    /// Parameters: name=text, name:=json, name=@file, name:=@file
    ///
    /// Text is turned into the declared type. A name given twice makes a list. `@-` is standard
    /// input; `name=@@x` is the text `@x`. A file for a part of a multipart form, or for a body
    /// that is neither JSON nor a form, is sent as it is, whatever its size.
    #[arg(value_name = "PARAM")]
    pub(crate) params: Vec<String>,

    /// Parameters as one JSON object: text, @file, or - for standard input
    #[arg(long = "params", value_name = "JSON", help_heading = "Parameters")]
    pub(crate) params_json: Option<String>,

    /// How the outputs are printed
    #[arg(long, value_name = "FORMAT", default_value = "json", help_heading = "Output")]
    pub(crate) format: Format,

    /// Print only what this JSONPath finds in the outputs
    #[arg(long, value_name = "JSONPATH", help_heading = "Output")]
    pub(crate) select: Option<String>,

    /// Print the status and the headers of the answer first
    #[arg(short, long, help_heading = "Output")]
    pub(crate) include: bool,

    /// Say what is sent, what comes back and what did not fit
    #[arg(short, long, help_heading = "Output")]
    pub(crate) verbose: bool,

    /// Print the request with its secrets masked, and send nothing
    #[arg(
        long,
        value_name = "FORM",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "http",
        help_heading = "Instead of the network"
    )]
    pub(crate) dry_run: Option<DryRun>,

    /// Answer from a recording (HAR) and send nothing; variables may be missing
    #[arg(long, value_name = "FILE", conflicts_with = "record", help_heading = "Instead of the network")]
    pub(crate) replay: Option<PathBuf>,

    /// Take requests only in the order in which they were recorded, each once
    #[arg(long, requires = "replay", help_heading = "Instead of the network")]
    pub(crate) replay_in_order: bool,

    /// Write what is sent and what comes back to a recording (HAR), credentials removed
    #[arg(long, value_name = "FILE", help_heading = "Instead of the network")]
    pub(crate) record: Option<PathBuf>,

    /// Where the answer goes
    #[command(flatten)]
    pub(crate) download: DownloadArgs,

    /// How the body goes out
    #[command(flatten)]
    pub(crate) upload: UploadArgs,

    /// How far a list is followed
    #[command(flatten)]
    pub(crate) pages: PageArgs,

    /// Calls for rows of a file
    #[command(flatten)]
    pub(crate) each: EachArgs,

    /// Whether answers are kept
    #[command(flatten)]
    pub(crate) cache: CacheArgs,

    /// What is changed of the file
    #[command(flatten)]
    pub(crate) overrides: OverrideArgs,

    /// What the network is allowed
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// What is changed of a file that is not one's own.
#[derive(Args)]
#[command(next_help_heading = "Changes to the file")]
pub(crate) struct OverrideArgs {
    /// Send requests to this base URI
    #[arg(long, value_name = "URI")]
    pub(crate) base_uri: Option<String>,

    /// Authenticate so: bearer:TOKEN, basic:USER:PASSWORD, apikey:header:NAME:VALUE,
    /// apikey:query:NAME:VALUE or none
    ///
    /// `{{VARIABLE}}` stands for a bound or environment variable and keeps the credential off the
    /// command line: `--auth 'bearer:{{TOKEN}}'`.
    #[arg(long, value_name = "CREDENTIAL")]
    pub(crate) auth: Option<String>,

    /// Set a header: 'Name: value'
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    pub(crate) headers: Vec<String>,

    /// Set a query parameter: name=value
    #[arg(long = "query", value_name = "NAME=VALUE")]
    pub(crate) queries: Vec<String>,

    /// Show this certificate to the server (PEM)
    #[arg(long, value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,

    /// The certificate's private key (PEM); unless given, it is in the file of --cert
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,

    /// Trust the authorities in this file (PEM), and no others
    #[arg(long, value_name = "FILE")]
    pub(crate) cacert: Option<PathBuf>,

    /// Do not send an unused token as a bearer token
    #[arg(long)]
    pub(crate) no_inferred_auth: bool,

    /// Read variables from a dotenv file; the environment wins over it
    ///
    /// Of several files the later wins.
    #[arg(long = "env-file", value_name = "FILE")]
    pub(crate) env_files: Vec<PathBuf>,
}

/// What the network is allowed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct LimitArgs {
    /// Time for the whole call, waits and repetitions included: 30s, 500ms, 2m (60s unless given)
    #[arg(long, value_name = "TIME", value_parser = quantity::time)]
    pub(crate) timeout: Option<Duration>,

    /// Time to a connection (10s unless given)
    #[arg(long, value_name = "TIME", value_parser = quantity::time)]
    pub(crate) connect_timeout: Option<Duration>,

    /// Send a failed request again at most this often, where that is safe (2 unless given)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..100))]
    pub(crate) retry: Option<u32>,

    /// Never send a failed request again
    #[arg(long, conflicts_with = "retry")]
    pub(crate) no_retry: bool,

    /// Send requests no faster than this: 10/s, 100/m, 5/2s
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub(crate) rate: Option<Rate>,

    /// Largest answer that is read: 64MiB, 500KB, a number of bytes (64MiB unless given)
    #[arg(long, alias = "max-response-size", value_name = "SIZE", value_parser = quantity::size)]
    pub(crate) max_response: Option<u64>,

    /// Let credentials travel over plain HTTP to other machines
    #[arg(long)]
    pub(crate) insecure_http: bool,
}

impl LimitArgs {
    /// The attempts that the flags allow, the first included.
    pub(crate) fn attempts(&self) -> Option<u32> {
        if self.no_retry { Some(1) } else { self.retry.map(|again| again + 1) }
    }
}

/// Reads a rate: a number of requests in a unit of time or in a time.
fn rate(text: &str) -> Result<Rate, String> {
    let wrong = || "write a rate such as 10/s, 100/m or 5/2s".to_owned();
    let (requests, per) = text.split_once('/').ok_or_else(wrong)?;
    let requests = requests.trim().parse().map_err(|_| wrong())?;
    let per = match per.trim() {
        "" => return Err(wrong()),
        time if time.starts_with(|c: char| c.is_ascii_digit() || c == '.') => quantity::time(time),
        unit => quantity::time(&format!("1{unit}")),
    };
    Rate::new(requests, per?).ok_or_else(wrong)
}

/// How outputs are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// JSON
    Json,
    /// YAML
    Yaml,
    /// Texts as they are, other values as JSON
    Raw,
    /// A table
    Table,
}

/// How a request is shown that is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DryRun {
    /// As an HTTP message
    Http,
    /// As a curl command
    Curl,
    /// As JSON
    Json,
}

const SHORT_HELP: &str = "Examples:
  capstan call capabilities/kinde-organizations.yaml getOrganization code=org_1
  capstan call FILE createOrganization 'body:={\"name\":\"Acme\"}' --dry-run=curl

`capstan call --help` says more.";

const LONG_HELP: &str = "To see an operation's parameters, use `capstan describe FILE OPERATION`.

Examples:
  Call an operation; the capability's variables come from the environment:
    capstan call capabilities/kinde-organizations.yaml getOrganization code=org_1

  A body from JSON, from a file, from standard input:
    capstan call FILE createOrganization 'body:={\"name\":\"Acme\"}'
    capstan call FILE createOrganization body:=@organization.json
    generate | capstan call FILE createOrganization --params -

  See the request without sending it, or as a curl command:
    capstan call FILE getOrganization code=org_1 --dry-run
    capstan call FILE getOrganization code=org_1 --dry-run=curl

  Every page of a list, an item a line:
    capstan call capabilities/kinde-organizations.yaml getOrganizations --all

  Once for every row of a file, sixteen at a time:
    capstan call FILE getOrganization --each codes.csv --concurrency 16 --results organizations.jsonl

  Another server, another credential:
    capstan call FILE getOrganization code=org_1 --base-uri http://localhost:8080 --auth 'bearer:{{MY_TOKEN}}'

  No network: record once, replay for ever:
    capstan call FILE getOrganizations --record kinde.har
    capstan call FILE getOrganizations --replay kinde.har

The same changes can stand in a `capstan.toml`, found upward from the working directory or in the
user's configuration folder:
    [namespace.kinde-organizations]
    base-uri = \"http://localhost:8080\"
    auth = \"bearer:{{MY_TOKEN}}\"

Exit codes:
  0    done
  2    the command line or the parameters do not fit
  3    the capability file or its bindings cannot be used
  4    the upstream answered an error, or the answer was not what was declared,
       or larger than allowed
  5    the upstream could not be reached, or not in time
  130  interrupted
With --each: 4 when a row failed, 5 when every failed row could not be reached.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates() {
        let of = |requests, seconds| Rate::new(requests, Duration::from_secs(seconds));
        assert_eq!(rate("10/s").ok(), of(10, 1));
        assert_eq!(rate("100 / m").ok(), of(100, 60));
        assert_eq!(rate("5/2s").ok(), of(5, 2));
        assert_eq!(rate("5/.5m").ok(), rate("5/0.5m").ok());
        for text in ["10", "0/s", "x/s", "10/", "10/0s", "10/day", "-1/s"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }
}
