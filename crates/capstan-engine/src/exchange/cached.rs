//! A request whose answer may be kept: looked for first, sent once for all who ask the same, and kept.
//!
//! It stands around the attempts: a kept answer needs no turn and no attempt, and one that must be
//! confirmed is asked for with conditions, repeated like any request.

use std::time::SystemTime;

use http::{HeaderMap, StatusCode};
use tokio::time::timeout_at;
use url::Url;

use super::{Deadline, Exchange, History, Want};
use crate::cache::{self, Entry, Judgement, Key, Landed};
use crate::limits::KEPT_BYTES_MAX;
use crate::observe::{Caching, Event};
use crate::upstream::{Request, Response, UpstreamError, hidden};

/// A whole answer that was sent for.
pub(super) struct Answered {
    pub(super) response: Response,
    /// Whether it is that of another URL. What a redirect says of keeping is said of the redirect.
    is_redirected: bool,
}

impl Exchange<'_> {
    /// Whether the answer to a request may be kept, by what was said and by what is asked.
    pub(super) fn may_be_kept(&self, request: &Request) -> bool {
        self.limits.cache.unwrap_or(self.policy.caches) && cache::is_read_only(request)
    }

    /// Sends a request whose answer is not kept. One that changes something makes kept answers wrong.
    pub(super) async fn asked(
        &self,
        request: Request,
        deadline: &Deadline,
        history: &mut History,
    ) -> Result<Answered, UpstreamError> {
        let change = (!request.method.is_safe()).then(|| request.url.clone());
        let incoming = self.run(request, Want::Whole, deadline, history).await?;
        let is_redirected = !incoming.redirects.is_empty();
        // The bytes are in memory already, and within their bound.
        let response = incoming.read(u64::MAX).await?;
        if let Some(url) = change {
            self.changed(&url, response.status, &response.headers);
        }
        Ok(Answered { response, is_redirected })
    }

    /// Forgets the answers that a change of what is at a URL may have made wrong (RFC 9111, section 4.4).
    pub(super) fn changed(&self, url: &str, status: StatusCode, headers: &HeaderMap) {
        if !(status.is_success() || status.is_redirection()) {
            return;
        }
        self.cache.store.remove(&cache::resource(url));
        let Ok(base) = Url::parse(url) else { return };
        for name in [http::header::LOCATION, http::header::CONTENT_LOCATION] {
            let named = headers.get(name).and_then(|value| value.to_str().ok());
            let named = named.and_then(|text| base.join(text).ok()).filter(|named| named.origin() == base.origin());
            if let Some(named) = named {
                self.cache.store.remove(&cache::resource(named.as_str()));
            }
        }
    }

    /// The answer to a request, from what is kept where that is good.
    pub(super) async fn through_cache(
        &self,
        request: Request,
        deadline: &Deadline,
        history: &mut History,
    ) -> Result<Response, UpstreamError> {
        // A proof is written into the request later, yet it says who asks.
        let proof = self.prover.as_ref().map(|prover| prover.proof);
        let key = Key::of(&request, &(self.cache.caller, proof));
        let (kept, judgement) = self.look(&key, &request);
        if let (Some(entry), Judgement::Fresh { age }) = (&kept, &judgement) {
            self.tell(Caching::Fresh { age: *age }, &request.url);
            return Ok(entry.to_response(&request.url, *age));
        }
        let seat = self.cache.flights.board(&key);
        let mut landed =
            timeout_at(deadline.at, seat.flight.lock()).await.map_err(|_| deadline.passed(&request.url))?;
        match &*landed {
            Landed::Shared(response) => {
                self.tell(Caching::Shared, &request.url);
                return Ok(response.clone());
            }
            Landed::Alone => {
                drop(landed);
                return self.asked(request, deadline, history).await.map(|answered| answered.response);
            }
            Landed::No => {}
        }
        let answer = self.sent_for(&key, &request, deadline, history).await;
        seat.end();
        *landed = match &answer {
            Ok(response) if cache::may_share(&request, response, SystemTime::now()) => Landed::Shared(response.clone()),
            Ok(_) | Err(_) => Landed::Alone,
        };
        answer
    }

    fn look(&self, key: &Key, request: &Request) -> (Option<Entry>, Judgement) {
        let kept = self.cache.store.get(key).and_then(|bytes| Entry::parse(&bytes));
        let judgement = kept.as_ref().map(|entry| cache::judge(request, entry, SystemTime::now()));
        (kept, judgement.unwrap_or(Judgement::Useless))
    }

    /// Sends a request, with the conditions of what is kept where something is.
    async fn sent_for(
        &self,
        key: &Key,
        request: &Request,
        deadline: &Deadline,
        history: &mut History,
    ) -> Result<Response, UpstreamError> {
        // Whoever was on this flight before may have kept an answer and then have been dropped.
        let (kept, judgement) = self.look(key, request);
        let (entry, conditions) = match (kept, judgement) {
            (Some(entry), Judgement::Fresh { age }) => return Ok(entry.to_response(&request.url, age)),
            (Some(entry), Judgement::Unsure { conditions }) => (entry, conditions),
            (Some(_) | None, _) => return self.new_one(key, request, deadline, history).await,
        };
        let mut conditional = request.clone();
        conditional.headers.extend(conditions);
        let answer = self.asked(conditional, deadline, history).await;
        match answer {
            Ok(answered) if answered.response.status == StatusCode::NOT_MODIFIED && !answered.is_redirected => {
                self.confirmed(key, request, entry, &answered.response, deadline, history).await
            }
            Ok(answered) if !is_failure(answered.response.status) => {
                self.keep(key, request, &answered);
                Ok(answered.response)
            }
            // The far side is well; the fault is ours, or that of who calls.
            Err(error) if !error.is_of_upstream() => Err(error),
            Ok(_) | Err(_) => match cache::may_stand_in(request, &entry, SystemTime::now()) {
                Some(age) => {
                    self.tell(Caching::Stale, &request.url);
                    Ok(entry.to_response(&request.url, age))
                }
                None => answer.map(|answered| answered.response),
            },
        }
    }

    async fn new_one(
        &self,
        key: &Key,
        request: &Request,
        deadline: &Deadline,
        history: &mut History,
    ) -> Result<Response, UpstreamError> {
        let answered = self.asked(request.clone(), deadline, history).await?;
        self.keep(key, request, &answered);
        Ok(answered.response)
    }

    /// The kept answer, if it is the one that was confirmed; else a new one.
    async fn confirmed(
        &self,
        key: &Key,
        request: &Request,
        entry: Entry,
        by: &Response,
        deadline: &Deadline,
        history: &mut History,
    ) -> Result<Response, UpstreamError> {
        if !cache::is_same_version(&entry, &by.headers) {
            self.cache.store.remove(key.resource());
            return self.new_one(key, request, deadline, history).await;
        }
        let now = SystemTime::now();
        let entry = entry.confirmed(&by.headers, now);
        self.cache.store.put(key, entry.to_bytes());
        self.tell(Caching::Confirmed, &request.url);
        Ok(entry.to_response(&request.url, cache::age(request, &entry, now)))
    }

    fn keep(&self, key: &Key, request: &Request, answered: &Answered) {
        let now = SystemTime::now();
        let response = &answered.response;
        let fits = response.body.len() <= KEPT_BYTES_MAX;
        if fits && !answered.is_redirected && cache::is_storable(request, response, now) {
            self.cache.store.put(key, Entry::new(response, now).to_bytes());
            self.tell(Caching::Kept, &request.url);
        }
    }

    fn tell(&self, what: Caching, url: &str) {
        self.say(|| Event::Cache { what, url: hidden::url(url, self.scrubber) });
    }
}

/// Whether an answer is one in whose place a kept one may stand (RFC 5861, section 4).
fn is_failure(status: StatusCode) -> bool {
    matches!(status.as_u16(), 500 | 502 | 503 | 504)
}

#[cfg(test)]
mod tests;
