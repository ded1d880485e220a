//! Flags for answers that are kept.

use clap::Args;

/// Whether answers are kept for later calls.
#[derive(Debug, Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct CacheArgs {
    /// Keep answers as they allow it, and give kept ones; unused where a recording is written or read
    ///
    /// They lie in `capstan/http` of the user's cache folder, by URL and credential, readable by the
    /// user alone. Without the flag a capability decides with `resilience: { cache: true }`.
    #[arg(long, conflicts_with_all = ["record", "replay"])]
    pub(crate) cache: bool,

    /// Neither keep answers nor give kept ones
    #[arg(long, conflicts_with = "cache")]
    pub(crate) no_cache: bool,
}

impl CacheArgs {
    /// What the flags say; `None` leaves it to the capability.
    pub(crate) fn wanted(&self) -> Option<bool> {
        match (self.cache, self.no_cache) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        }
    }
}
