//! Lists in pages: the arguments of `capstan call` that follow them.

use clap::Args;

/// How far a list is followed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Lists in pages")]
pub(crate) struct PageArgs {
    /// Follow the list to its last page: one item a line, as JSON
    ///
    /// How the pages are followed stands in the file (`pagination`), in capstan.toml, or is
    /// recognised by the names of the parameters; `capstan describe` tells.
    #[arg(long, conflicts_with_all = ["dry_run", "include"])]
    pub(crate) all: bool,

    /// Stop after this many pages (10000 unless given)
    #[arg(long, value_name = "N", requires = "all", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_pages: Option<u64>,

    /// Stop after this many items
    #[arg(long, value_name = "N", requires = "all", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_items: Option<u64>,

    /// How the pages are followed, in the words of the document's `pagination`
    ///
    /// For a file that does not say it: '{type: cursor, parameter: next_token, next: $.next_token}'
    #[arg(long, value_name = "YAML", requires = "all")]
    pub(crate) pagination: Option<String>,

    /// Print the outputs of each page instead of its items
    #[arg(long, requires = "all")]
    pub(crate) by_page: bool,

    /// Begin at the page of this URL, which an interrupted list has told
    #[arg(long, value_name = "URL", requires = "all")]
    pub(crate) page_url: Option<String>,
}
