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
    /// An authorization server was asked.
    Token {
        /// The URL that was asked, secrets masked.
        from: String,
        /// What it answered with.
        status: StatusCode,
        /// The time it took.
        took: Duration,
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
    /// The request will be sent again.
    Retry {
        /// The wait before it.
        after: Duration,
        /// Why.
        why: String,
    },
    /// The request waits for its turn.
    Waiting {
        /// How long, where that is known.
        time: Option<Duration>,
        /// For what.
        why: String,
    },
    /// A cache took part.
    Cache {
        /// How.
        what: Caching,
        /// The URL that was asked for, secrets masked.
        url: String,
    },
}

/// What a cache had to do with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caching {
    /// A kept answer was given; nothing was sent.
    Fresh {
        /// How old it is.
        age: Duration,
    },
    /// The API confirmed that the kept answer still holds.
    Confirmed,
    /// The API failed, and the kept answer allows to be given then.
    Stale,
    /// Another call had just asked the same, and its answer is shared.
    Shared,
    /// The answer is kept for later calls.
    Kept,
}

/// Whoever watches calls. Called on the road of the call: it must not block.
pub trait Observer: Send + Sync {
    /// Takes note of an event.
    fn event(&self, event: &Event);

    /// Whether anybody looks; events are not made for nobody.
    fn is_watching(&self) -> bool {
        true
    }
}

/// The observer that is nobody.
pub(crate) struct Unobserved;

impl Observer for Unobserved {
    fn event(&self, _event: &Event) {}

    fn is_watching(&self) -> bool {
        false
    }
}
