//! What was tried before an exchange ended, in words.

use std::fmt;
use std::time::Duration;

use capstan_spec::diagnostic::Code;

use crate::upstream::settings::duration_text;
use crate::upstream::{Fate, Incoming, UpstreamError};

/// The attempts of an exchange that was more than one, or might have been.
#[derive(Debug, Default)]
pub(crate) struct History {
    attempts: Vec<Tried>,
    took: Duration,
    /// Why the last outcome was not repeated, although it could have been.
    pub(crate) given_up: Option<String>,
}

/// How an attempt ended: the last one is told in full elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tried {
    Answered(u16),
    NoConnection,
    TooLate,
    BrokenOff,
    Failed,
}

impl History {
    /// Adds an attempt that has ended, so long after the first one began.
    pub(super) fn add(&mut self, outcome: &Result<Incoming, UpstreamError>, took: Duration) {
        self.took = took;
        self.attempts.push(match outcome {
            Ok(incoming) => Tried::Answered(incoming.status.as_u16()),
            Err(error) => match (error.code(), error.fate()) {
                (_, Fate::Unsent) => Tried::NoConnection,
                (Code::TimedOut, _) => Tried::TooLate,
                (Code::BrokenResponse, _) => Tried::BrokenOff,
                _ => Tried::Failed,
            },
        });
    }

    /// Whether nothing of the exchange was sent before it ended, or its only attempt says all.
    pub(crate) fn is_empty(&self) -> bool {
        self.attempts.is_empty()
    }

    /// How many attempts there were, and how they ended; `None` where one was all.
    pub(crate) fn to_text(&self) -> Option<String> {
        let [first, rest @ ..] = &*self.attempts else { return None };
        let took = duration_text(self.took);
        let count = self.attempts.len();
        match rest {
            [] => None,
            _ if rest.iter().all(|tried| tried == first) => Some(format!("{count} attempts in {took}, each: {first}")),
            _ => Some(format!("{count} attempts in {took}: {}", self.to_list())),
        }
    }

    pub(super) fn to_list(&self) -> String {
        let attempts: Vec<String> = self.attempts.iter().map(Tried::to_string).collect();
        attempts.join(", ")
    }
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tried::Answered(status) => write!(f, "{status}"),
            Tried::NoConnection => f.write_str("no connection"),
            Tried::TooLate => f.write_str("too late"),
            Tried::BrokenOff => f.write_str("broken off"),
            Tried::Failed => f.write_str("failed"),
        }
    }
}
