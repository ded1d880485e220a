//! A request waits for its turn: before its deadline, in the order of coming, and no longer than it
//! has to. What is in the way is decided by [`guards`](super::guards).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::guards::{Ask, Obstacle, Origin, Pass, Refused};
use super::{Deadline, Exchange};
use crate::observe::Event;
use crate::plan::Rate;
use crate::upstream::settings::duration_text;
use crate::upstream::{UpstreamError, failure};

/// What became of a request before.
pub(super) struct Again {
    /// How often the API refused it.
    pub(super) refusals: u32,
    /// Its place before others, which it has until it goes.
    pub(super) refused: Option<Refused>,
}

impl Exchange<'_> {
    /// Waits until a request may be sent.
    pub(super) async fn turn(
        &self,
        url: &str,
        origin: &Arc<Origin>,
        again: Again,
        deadline: &Deadline,
    ) -> Result<Pass, UpstreamError> {
        let mut ask = Ask {
            rate: self.rate(),
            concurrency: self.policy.concurrency,
            breaker: self.policy.breaker.as_ref(),
            learns: self.policy.learns,
            refusals: again.refusals,
        };
        loop {
            match origin.admit(&ask, Instant::now()) {
                Ok(pass) => return Ok(pass),
                Err(Obstacle::Shut(shut)) => return Err(failure::given_up(url, shut.time())),
                // Nobody can say whether the limit that is used up is the one of this request. Where
                // the wait is too long, the API is asked and says it.
                Err(Obstacle::Api(wait)) if !deadline.allows(wait) => ask.learns = false,
                // Boxed: few calls wait, and all would carry its size.
                Err(_) => return Box::pin(self.in_line(url, origin, ask, again, deadline)).await,
            }
        }
    }

    async fn in_line(
        &self,
        url: &str,
        origin: &Arc<Origin>,
        mut ask: Ask<'_>,
        mut again: Again,
        deadline: &Deadline,
    ) -> Result<Pass, UpstreamError> {
        let waiting = origin.join(&ask);
        let outlook = origin.outlook(&ask, Instant::now());
        if !deadline.allows(outlook) {
            return Err(failure::held_back(url, outlook));
        }
        let mut told = Told::default();
        let no_turn = || failure::no_turn(url, deadline.total);
        let _first = match waiting.try_first() {
            Some(first) => first,
            None => {
                if ask.rate.is_some() || ask.concurrency.is_some() {
                    // Those before it wait for its own affairs.
                    again.refused = None;
                }
                self.say_once(&mut told, Obstacle::Others, outlook);
                timeout_at(deadline.at, waiting.first()).await.map_err(|_| no_turn())?
            }
        };
        loop {
            let changed = origin.changed();
            let obstacle = match origin.admit_first(&ask, Instant::now()) {
                Ok(pass) => return Ok(pass),
                Err(obstacle) => obstacle,
            };
            let wait = match obstacle {
                Obstacle::Shut(shut) => return Err(failure::given_up(url, shut.time())),
                Obstacle::Api(wait) if !deadline.allows(wait) => {
                    ask.learns = false;
                    continue;
                }
                Obstacle::Rate(wait) if !deadline.allows(wait) => return Err(failure::held_back(url, wait)),
                Obstacle::Rate(wait) | Obstacle::Api(wait) => Some(wait),
                Obstacle::Place | Obstacle::Others => None,
            };
            if matches!(obstacle, Obstacle::Rate(_) | Obstacle::Place) {
                // What it waits for is its own affair, and must not hold the others up.
                again.refused = None;
            }
            self.say_once(&mut told, obstacle, wait.unwrap_or_default());
            let waited = async {
                match wait {
                    // What changes may be that the breaker has opened, or that more is left.
                    Some(wait) => tokio::select! { () = sleep(wait) => (), () = changed => () },
                    None => changed.await,
                }
            };
            timeout_at(deadline.at, waited).await.map_err(|_| no_turn())?;
        }
    }

    /// Says once for what a request waits.
    fn say_once(&self, told: &mut Told, obstacle: Obstacle, time: Duration) {
        let is_told = match obstacle {
            Obstacle::Rate(_) => &mut told.rate,
            Obstacle::Api(_) => &mut told.api,
            Obstacle::Place | Obstacle::Others | Obstacle::Shut(_) => &mut told.others,
        };
        if std::mem::replace(is_told, true) {
            return;
        }
        self.say(|| {
            let why = match obstacle {
                Obstacle::Rate(_) => format!("the rate limit: {}", self.rate().map(rate_text).unwrap_or_default()),
                Obstacle::Api(_) => "the API: it takes no more requests now".to_owned(),
                Obstacle::Place | Obstacle::Others | Obstacle::Shut(_) => "other requests to the API".to_owned(),
            };
            Event::Waiting { time: Some(time).filter(|time| !time.is_zero()), why }
        });
    }
}

/// For what it has been said that a request waits.
#[derive(Default)]
struct Told {
    rate: bool,
    api: bool,
    others: bool,
}

fn rate_text(rate: &Rate) -> String {
    format!("{} in {}", rate.requests, duration_text(rate.per))
}
