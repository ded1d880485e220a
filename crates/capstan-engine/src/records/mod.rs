//! Answers that are records one behind the other: server-sent events and JSON lines.
//!
//! Bytes come in as the network gives them, records go out as soon as they are whole. The content
//! type of the answer tells how they are parted: see [`Framing`].

mod events;
mod lines;
mod sequence;
mod splitter;
mod stream;

pub(crate) use splitter::{Framing, Splitter};
pub(crate) use stream::too_large;
pub use stream::{Record, Records};
