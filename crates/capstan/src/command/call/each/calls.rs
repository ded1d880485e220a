//! The calls of a run that are under way. A worker calls one row after another: what a task takes to
//! set up is paid once for each worker, not for each row.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use capstan_engine::{CallError, Engine, Invocation, Outcome};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use super::rows::Row;

/// A row that is to be called.
pub(super) struct Job {
    /// Its place in the window.
    pub(super) place: u64,
    pub(super) row: Row,
    pub(super) invocation: Invocation,
    /// For how long it was held back.
    pub(super) after: Duration,
}

/// A row that was called.
pub(super) struct Finished {
    pub(super) place: u64,
    pub(super) row: Row,
    pub(super) result: Result<Outcome, CallError>,
}

/// Calls under way. Dropped, it cancels them.
pub(super) struct Calls {
    engine: Engine,
    workers: JoinSet<()>,
    jobs: Arc<Jobs>,
    sender: mpsc::UnboundedSender<Finished>,
    finished: mpsc::UnboundedReceiver<Finished>,
    under_way: usize,
}

#[derive(Default)]
struct Jobs {
    waiting: Mutex<VecDeque<Job>>,
    /// A job came.
    came: Notify,
}

impl Calls {
    /// None yet.
    pub(super) fn new(engine: Engine) -> Self {
        let (sender, finished) = mpsc::unbounded_channel();
        Calls { engine, workers: JoinSet::new(), jobs: Arc::default(), sender, finished, under_way: 0 }
    }

    /// How many there are. What [`Calls::next`] has not given yet is one of them.
    pub(super) fn len(&self) -> usize {
        self.under_way
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.under_way == 0
    }

    /// Begins a call. There is a worker for each that is under way.
    pub(super) fn begin(&mut self, job: Job) {
        self.under_way += 1;
        if self.under_way > self.workers.len() {
            self.workers.spawn(work(self.engine.clone(), self.jobs.clone(), self.sender.clone()));
        }
        self.jobs.waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back(job);
        self.jobs.came.notify_one();
    }

    /// The next call that has finished; waits for ever where none is under way.
    pub(super) async fn next(&mut self) -> Finished {
        tokio::select! {
            biased;
            Some(finished) = self.finished.recv() => {
                self.under_way -= 1;
                finished
            }
            // A worker has no end of its own.
            Some(Err(error)) = self.workers.join_next() => std::panic::resume_unwind(error.into_panic()),
            else => std::future::pending().await,
        }
    }

    /// Another call that has finished by now.
    pub(super) fn try_next(&mut self) -> Option<Finished> {
        let finished = self.finished.try_recv().ok()?;
        self.under_way -= 1;
        Some(finished)
    }
}

impl Jobs {
    async fn next(&self) -> Job {
        loop {
            let came = self.came.notified();
            let job = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            match job {
                Some(job) => return job,
                None => came.await,
            }
        }
    }
}

async fn work(engine: Engine, jobs: Arc<Jobs>, finished: mpsc::UnboundedSender<Finished>) {
    loop {
        let Job { place, row, invocation, after } = jobs.next().await;
        if !after.is_zero() {
            tokio::time::sleep(after).await;
        }
        let result = engine.call(invocation).await;
        if finished.send(Finished { place, row, result }).is_err() {
            return;
        }
    }
}
