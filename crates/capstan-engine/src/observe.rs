//! What happens during a call, for those who want to watch.
//!
//! Texts of events hold no secret.

use std::time::Duration;

use http::{Method, StatusCode};

/// Something that happened during a call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A request is about to be sent.
    Attempt {
        /// Which one it is of its call, from 1.
        number: u32,
        /// Its method.
        method: Method,
        /// Its URL, secrets masked.
        url: String,
    },
    /// A redirect was followed.
    Redirect {
        /// The status that asked for it.
        status: StatusCode,
        /// Where to, secrets masked.
        to: String,
    },
    /// The head of an answer came.
    Answer {
        /// Which attempt it answers, from 1.
        number: u32,
        /// Its status.
        status: StatusCode,
        /// The time since the attempt began.
        took: Duration,
    },
}

/// Whoever watches calls. Called on the road of the call: it must not block.
pub trait Observer: Send + Sync {
    /// Takes note of an event.
    fn event(&self, event: &Event);
}

/// The observer that is nobody.
pub(crate) struct Unobserved;

impl Observer for Unobserved {
    fn event(&self, _event: &Event) {}
}
