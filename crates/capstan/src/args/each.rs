//! Many calls: the arguments of `capstan call` that make one for each row.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Calls for rows of a file.
#[derive(Debug, Args)]
#[command(next_help_heading = "Many calls")]
pub(crate) struct EachArgs {
    /// Call once for every row of a file (.jsonl, .csv, .tsv) or of standard input (-)
    ///
    /// Columns are parameters; those on the command line hold for every row. An empty cell is a
    /// parameter that is not given.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dry_run", "include", "all", "record"])]
    pub(crate) each: Option<PathBuf>,

    /// How the rows are written; by the name of the file unless given, jsonl for standard input
    #[arg(long, value_name = "FORMAT", requires = "each")]
    pub(crate) each_format: Option<RowFormat>,

    /// Give a column to a parameter: column=parameter
    ///
    /// `column=` leaves the column out, `*=` leaves out all that are no parameters.
    #[arg(long = "each-map", value_name = "COLUMN=PARAM", requires = "each")]
    pub(crate) each_map: Vec<String>,

    /// Calls under way at the same time (8 unless given)
    #[arg(long, value_name = "N", requires = "each", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) concurrency: Option<u16>,

    /// Print outputs as calls finish, not in the order of the rows
    #[arg(long, requires = "each")]
    pub(crate) unordered: bool,

    /// Print each output with its row: {"row": 3, "input": {…}, "output": …}
    #[arg(long, requires = "each")]
    pub(crate) with_row: bool,

    /// Write the outputs to a file, so that an interrupted run can go on
    ///
    /// A journal beside it, FILE.journal, keeps what is done.
    #[arg(long, value_name = "FILE", requires = "each")]
    pub(crate) results: Option<PathBuf>,

    /// Write the rows that failed to a file, with the reason: JSON, one a line
    #[arg(long, value_name = "FILE", requires = "each")]
    pub(crate) failures: Option<PathBuf>,

    /// Go on with an interrupted run: rows that are done are not called again
    #[arg(long, requires = "results")]
    pub(crate) resume: bool,

    /// Stop once this many rows have failed
    #[arg(long, value_name = "N", requires = "each", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_failures: Option<u64>,

    /// Stop at the first row that fails
    #[arg(long, requires = "each", conflicts_with = "max_failures")]
    pub(crate) fail_fast: bool,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowFormat {
    /// A JSON object a line
    Jsonl,
    /// Separated by commas, names in the first row
    Csv,
    /// Separated by tabs, names in the first row
    Tsv,
}
