//! Answers that are kept for later calls, as RFC 9111 allows it to a private cache.
//!
//! A [`Key`] says which request an answer belongs to, `freshness` whether it may be given to one that
//! comes now, `entry` how it is written, and a [`Store`] is the door to where it lies. What happens
//! in which order is told in `exchange/cached.rs`.

mod entry;
mod flights;
mod freshness;
mod key;
mod store;

use std::sync::Arc;

pub(crate) use entry::Entry;
use flights::Flights;
pub(crate) use flights::Landed;
pub(crate) use freshness::{
    Judgement, age, is_read_only, is_same_version, is_storable, judge, may_share, may_stand_in,
};
pub use key::Key;
pub(crate) use key::resource;
pub use store::{MemoryStore, Store};

/// What the calls of an engine have in common where answers are kept.
pub(crate) struct Cache {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) flights: Flights,
    /// What tells the callers of a store apart besides their requests: the secrets of the engine.
    pub(crate) caller: [u8; 32],
}

impl Cache {
    /// A cache for an engine with these secrets.
    pub(crate) fn new<'s>(store: Arc<dyn Store>, secrets: impl Iterator<Item = &'s str>) -> Self {
        Cache { store, flights: Flights::default(), caller: key::digest_of(secrets) }
    }
}
