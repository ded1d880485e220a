//! The commands that look at capabilities and call nothing.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

const LIST_EXAMPLES: &str = "\
Examples:
  The operations of a file:
    capstan list capabilities/kinde-organizations.yaml

  Of every capability below a folder:
    capstan list capabilities

  Only the names, as `capstan call` takes them:
    capstan list --format names capabilities/kinde-organizations.yaml";

/// List the operations of capabilities
///
/// Shows what can be called: name, method, path, required parameters and description, a table
/// for each file. Nothing is sent and no variable needs to be set.
///
/// A folder stands for every *.yaml and *.yml below it; hidden folders, node_modules and target
/// are left out. A file with errors is reported on stderr and the others are listed all the same;
/// the exit code is then 3.
#[derive(Debug, Args)]
#[command(after_long_help = LIST_EXAMPLES)]
pub(crate) struct ListArgs {
    /// Capability files, and folders of them
    #[arg(required = true, value_name = "FILE|DIR")]
    pub(crate) paths: Vec<PathBuf>,
    /// How the operations are printed
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub(crate) format: ListFormat,
}

/// How operations are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// A table for each file
    Table,
    /// A list of files, each with its operations
    Json,
    /// The same as YAML
    Yaml,
    /// The name of each operation on a line
    Names,
}

const DESCRIBE_EXAMPLES: &str = "\
Examples:
  What an operation takes, gives and needs:
    capstan describe capabilities/kinde-organizations.yaml getOrganization

  What a file is about:
    capstan describe capabilities/kinde-organizations.yaml

  For a script:
    capstan describe --format json capabilities/kinde-organizations.yaml getOrganization";

/// Describe an operation, or a whole capability
///
/// Shows every parameter of an operation and where it goes, the outputs, the authentication, the
/// variables that it needs and whether each is set (never its value), where it is defined, and a
/// command to start from. Without an operation: what the file is about, and its operations.
#[derive(Debug, Args)]
#[command(after_long_help = DESCRIBE_EXAMPLES)]
pub(crate) struct DescribeArgs {
    /// The capability file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The operation: `name`, `namespace.name` or `METHOD /path`
    #[arg(value_name = "OPERATION")]
    pub(crate) operation: Option<String>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = DescribeFormat::Text)]
    pub(crate) format: DescribeFormat,
}

/// How a description is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DescribeFormat {
    /// For people
    Text,
    /// One object
    Json,
    /// The same as YAML
    Yaml,
}

const VALIDATE_EXAMPLES: &str = "\
Examples:
  One file:
    capstan validate capabilities/kinde-organizations.yaml

  Everything below a folder, warnings count as errors:
    capstan validate --strict capabilities

  For a code host that shows problems beside the lines:
    capstan validate --format sarif . > capstan.sarif

  What a code means:
    capstan explain CAP0302

Exit codes:
  0  no errors
  2  the command line is wrong
  3  a file has errors, or cannot be read";

/// Check capability files
///
/// Reads every file as `capstan call` would, and shows all that is wrong with it: errors stop a
/// file from being used, warnings do not. Nothing is sent and no variable needs to be set.
///
/// A folder stands for every *.yaml and *.yml below it; hidden folders, node_modules and target
/// are left out, and so is YAML that is no capability. The problems go to stdout, the summary to
/// stderr.
#[derive(Debug, Args)]
#[command(after_long_help = VALIDATE_EXAMPLES)]
pub(crate) struct ValidateArgs {
    /// Capability files, and folders of them
    #[arg(required = true, value_name = "FILE|DIR")]
    pub(crate) paths: Vec<PathBuf>,
    /// How problems are printed
    #[arg(long, value_enum, default_value_t = ValidateFormat::Text)]
    pub(crate) format: ValidateFormat,
    /// Treat warnings as errors
    #[arg(long)]
    pub(crate) strict: bool,
    /// Print errors only: no warnings, notes, progress or summary
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// How problems are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ValidateFormat {
    /// For people: the line, a mark below it, advice
    Text,
    /// One object: files with their problems, and a summary
    Json,
    /// A SARIF 2.1.0 log, for code hosts
    Sarif,
}

const SCHEMA_EXAMPLES: &str = "\
Examples:
  Write it to a file:
    capstan schema > capstan.schema.json

  Editors with the YAML language server (VS Code, Neovim, Helix, Zed), for one file: make this
  its first line:
    # yaml-language-server: $schema=./capstan.schema.json

  VS Code, for every capability of a project (.vscode/settings.json):
    \"yaml.schemas\": { \"./capstan.schema.json\": \"capabilities/*.yaml\" }

  IntelliJ: Settings, Languages & Frameworks, Schemas and DTDs, JSON Schema Mappings: add the
  file, schema version 2020-12, and the pattern capabilities/*.yaml";

/// Print the JSON Schema of capability files
///
/// The schema (draft 2020-12) covers every published version of the specification. Editors
/// complete keys and show their meaning with it.
#[derive(Debug, Args)]
#[command(after_long_help = SCHEMA_EXAMPLES)]
pub(crate) struct SchemaArgs {}

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  capstan explain CAP0302
  capstan explain 302
  capstan explain --list";

/// Explain the code of an error or a warning
///
/// Prints what the code means, why it matters, and how to mend it, with an example of each.
#[derive(Debug, Args)]
#[command(after_long_help = EXPLAIN_EXAMPLES)]
pub(crate) struct ExplainArgs {
    /// The codes: `CAP0302`, in any case, or only its number
    #[arg(value_name = "CODE", required_unless_present = "list")]
    pub(crate) codes: Vec<String>,
    /// List all codes
    #[arg(long, conflicts_with = "codes")]
    pub(crate) list: bool,
}

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  Bash, in ~/.bashrc:
    source <(capstan completions bash)

  Zsh, in ~/.zshrc:
    source <(capstan completions zsh)

  Fish, in ~/.config/fish/completions/capstan.fish:
    capstan completions fish | source

  PowerShell, in $PROFILE:
    capstan completions powershell | Out-String | Invoke-Expression

  Elvish, in ~/.config/elvish/rc.elv:
    eval (capstan completions elvish | slurp)";

/// Print a completion script for a shell
///
/// Completes commands, flags and files, and what is in the file on the line: the names of its
/// operations and of their parameters. The script asks `capstan` itself, so it has to be on the
/// PATH; load the script when the shell starts, so that both are of one version.
#[derive(Debug, Args)]
#[command(after_long_help = COMPLETIONS_EXAMPLES)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// A shell that completes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// GNU Bash
    Bash,
    /// Elvish
    Elvish,
    /// Fish
    Fish,
    /// PowerShell
    Powershell,
    /// Zsh
    Zsh,
}
