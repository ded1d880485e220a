//! Rows that are read ahead on a thread of their own: a pipe may be slow, and the calls that are
//! under way must not wait for it.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::limits::{QUEUE_BYTES_MAX, QUEUE_ROWS_MAX};
use super::rows::{Row, Rows};

/// Rows that are read ahead. The thread behind it ends with the rows or with the queue.
#[derive(Debug)]
pub(super) struct Queue {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Somebody took the rows.
    taken: Condvar,
    /// A row came, or the end.
    came: Notify,
}

#[derive(Debug, Default)]
struct State {
    rows: VecDeque<Row>,
    bytes: usize,
    /// How the rows ended.
    end: Option<io::Result<()>>,
    is_abandoned: bool,
}

/// What was read so far.
pub(super) enum Ahead {
    /// Rows, at least one.
    Rows(VecDeque<Row>),
    /// There are no further rows, or they cannot be read.
    End(io::Result<()>),
}

impl Queue {
    /// Begins to read.
    pub(super) fn start(rows: Rows) -> Self {
        let shared = Arc::new(Shared::default());
        let queue = Queue { shared: shared.clone() };
        std::thread::spawn(move || shared.fill(rows));
        queue
    }

    /// All rows that were read by now, once there is one. Nothing is lost where the future is
    /// dropped.
    pub(super) async fn next(&self) -> Ahead {
        loop {
            let came = self.shared.came.notified();
            if let Some(ahead) = self.shared.take() {
                return ahead;
            }
            came.await;
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.shared.lock().is_abandoned = true;
        self.shared.taken.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything at once, so that the reader is woken once for many rows.
    fn take(&self) -> Option<Ahead> {
        let mut state = self.lock();
        if state.rows.is_empty() {
            return state.end.take().map(Ahead::End);
        }
        state.bytes = 0;
        let rows = std::mem::take(&mut state.rows);
        drop(state);
        self.taken.notify_one();
        Some(Ahead::Rows(rows))
    }

    fn fill(&self, rows: Rows) {
        for row in rows {
            match row {
                Ok(row) => {
                    if !self.push(row) {
                        return;
                    }
                }
                Err(error) => return self.end(Err(error)),
            }
        }
        self.end(Ok(()));
    }

    /// Adds a row once there is room; whether somebody still wants rows.
    fn push(&self, row: Row) -> bool {
        let is_full = |state: &mut State| {
            !state.is_abandoned && (state.rows.len() >= QUEUE_ROWS_MAX || state.bytes >= QUEUE_BYTES_MAX)
        };
        let state = self.lock();
        let mut state = self.taken.wait_while(state, is_full).unwrap_or_else(PoisonError::into_inner);
        state.bytes += row.size;
        state.rows.push_back(row);
        let is_first = state.rows.len() == 1;
        let is_wanted = !state.is_abandoned;
        drop(state);
        if is_first {
            self.came.notify_one();
        }
        is_wanted
    }

    fn end(&self, end: io::Result<()>) {
        self.lock().end = Some(end);
        self.came.notify_one();
    }
}
