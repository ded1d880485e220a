//! Lists that come in pages, followed one page after the other.
//!
//! [`Pages`] asks for a page, [`follow`] decides from its answer what to ask for next: it alone
//! knows when a list ends, and refuses to go round in circles.

mod doubt;
mod follow;
mod items;
mod link;
mod page;

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::engine::Engine;
use crate::error::CallError;
use crate::limits;
use crate::outcome::Outcome;
use crate::plan::OperationId;
pub use doubt::Doubt;
pub(crate) use follow::{Follower, Lost, Seen, Step};
pub(crate) use items::Items;

/// How much of a list is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageLimits {
    /// Pages at most.
    pub pages_max: u64,
    /// Items at most; what is more on the last page is cut off.
    pub items_max: u64,
}

impl Default for PageLimits {
    fn default() -> Self {
        PageLimits { pages_max: limits::PAGES_MAX, items_max: u64::MAX }
    }
}

/// One page of a list.
#[derive(Debug)]
pub struct Page {
    /// Which one it is, from 1.
    pub number: u64,
    /// What the call gave.
    pub outcome: Outcome,
    /// The items of the list, where the answer has one that is clear.
    pub items: Option<Vec<Value>>,
}

/// Where to go on with a list.
#[derive(Clone, Debug, PartialEq)]
pub enum Resume {
    /// With this value of a parameter.
    Parameter {
        /// The parameter.
        name: Arc<str>,
        /// Its value.
        value: Value,
    },
    /// At this URL, which holds no credential.
    Url(String),
}

/// The pages of a list under way. Dropping it ends it.
pub struct Pages {
    engine: Engine,
    operation: OperationId,
    params: Map<String, Value>,
    limits: PageLimits,
    follower: Follower,
    /// What the next page is asked with; `None` for the first page and at the end.
    next: Option<Resume>,
    /// Why there is no page behind the last one.
    lost: Option<CallError>,
    doubt: Option<Doubt>,
    /// Whether the first page is not that of the list.
    is_resumed: bool,
    is_over: bool,
    is_cut: bool,
    pages: u64,
    items: u64,
}

impl Pages {
    pub(crate) fn new(
        engine: Engine,
        operation: OperationId,
        params: Map<String, Value>,
        next: Option<Resume>,
        limits: PageLimits,
    ) -> Self {
        let is_resumed = next.is_some() || engine.asks_for_page(operation, &params);
        Pages {
            engine,
            operation,
            params,
            limits,
            follower: Follower::default(),
            next,
            lost: None,
            doubt: None,
            is_resumed,
            is_over: false,
            is_cut: false,
            pages: 0,
            items: 0,
        }
    }

    /// The next page; `None` when the list has ended or enough of it was read.
    ///
    /// # Errors
    /// Those of a call; a page that leads in a circle, to another origin, or nowhere. What came
    /// before stands; [`Pages::resume`] tells where the failed page was. After an error the list is
    /// over.
    pub async fn next(&mut self) -> Option<Result<Page, CallError>> {
        if let Some(error) = self.lost.take() {
            self.is_over = true;
            return Some(Err(error));
        }
        if self.is_over || self.pages >= self.limits.pages_max || self.items >= self.limits.items_max {
            return None;
        }
        let result = self.page().await;
        self.is_over |= result.is_err();
        Some(result)
    }

    /// What the page that comes next is asked with: after an error the page that failed, after a
    /// page that was cut off that page. `None` is the first page, or the end of the list.
    pub fn resume(&self) -> Option<&Resume> {
        self.next.as_ref()
    }

    /// Whether the last page had more items than were wanted.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Whether the list was read to its end.
    pub fn is_complete(&self) -> bool {
        self.pages > 0 && self.next.is_none() && !self.is_cut && self.lost.is_none()
    }

    /// What makes one ask whether the list, which has ended with its first page, has more.
    pub fn doubt(&self) -> Option<&Doubt> {
        self.doubt.as_ref()
    }

    async fn page(&mut self) -> Result<Page, CallError> {
        let url = match &self.next {
            Some(Resume::Parameter { name, value }) => {
                self.params.insert(name.to_string(), value.clone());
                None
            }
            Some(Resume::Url(url)) => Some(url.as_str()),
            None => None,
        };
        let number = self.pages + 1;
        let fetched = self.engine.page(self.operation, &self.params, url).await?;
        let step = self.engine.follow(self.operation, &mut self.follower, &self.params, &fetched)?;
        self.pages = number;
        let mut items = step.items;
        if let Some(items) = &mut items {
            let room = usize::try_from(self.limits.items_max - self.items).unwrap_or(usize::MAX);
            self.is_cut = items.len() > room;
            items.truncate(room);
            self.items += items.len() as u64;
        }
        match step.next {
            // What is left of this page can only be had by asking for it again.
            _ if self.is_cut => {}
            Ok(next) => {
                self.is_over = next.is_none();
                self.doubt = step.doubt.filter(|_| number == 1 && !self.is_resumed);
                self.next = next;
            }
            Err(lost) => {
                self.next = None;
                self.lost = Some(lost);
            }
        }
        Ok(Page { number, outcome: fetched.outcome, items })
    }
}

impl std::fmt::Debug for Pages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pages").field("pages", &self.pages).field("items", &self.items).finish_non_exhaustive()
    }
}
