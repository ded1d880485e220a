//! What happens during a call, said as it happens.

use capstan_engine::{Caching, Event, Observer};

use crate::report;
use crate::terminal::Terminal;

/// An observer that tells a person.
pub(super) struct Narrator {
    terminal: Terminal,
}

impl Narrator {
    pub(super) fn new(terminal: Terminal) -> Self {
        Narrator { terminal }
    }
}

impl Observer for Narrator {
    fn event(&self, event: &Event) {
        if let Some(text) = sentence(event) {
            report::note(&text, &self.terminal);
        }
    }
}

/// An event in words.
fn sentence(event: &Event) -> Option<String> {
    match event {
        Event::Attempt { number: 1, method, url } => Some(format!("{method} {url}")),
        Event::Attempt { number, method, url } => Some(format!("{method} {url} (attempt {number})")),
        Event::Redirect { status, to } => Some(format!("{status}, redirected to {to}")),
        Event::Token { from, status, took } => Some(format!("{status} in {took:.1?} from {from}, asked for a token")),
        Event::Answer { status, took, .. } => Some(format!("{status} in {took:.1?}")),
        Event::Retry { after, why } if after.is_zero() => Some(format!("{why}: again at once")),
        Event::Retry { after, why } => Some(format!("{why}: again in {after:.1?}")),
        Event::Waiting { time: Some(time), why } => Some(format!("waiting {time:.1?} for {why}")),
        Event::Waiting { time: None, why } => Some(format!("waiting for {why}")),
        Event::Cache { what, url } => Some(match what {
            Caching::Fresh { age } => format!("{url}: kept {age:.0?} ago, nothing is sent"),
            Caching::Confirmed => format!("{url}: the kept answer still holds"),
            Caching::Stale => format!("{url}: the API failed, so the kept answer is given"),
            Caching::Shared => format!("{url}: another call had just asked the same"),
            Caching::Kept => format!("{url}: kept for later calls"),
        }),
        _ => None,
    }
}
