//! Work spread over the cores, its results taken in the order of the work.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

/// How far workers may be ahead of the slowest item, in items: it bounds the results in memory.
const AHEAD_MAX: usize = 256;

/// Does `work` on every item, on all cores, and gives the results to `take` in the items' order.
///
/// # Errors
/// The first of `take`; nothing further is begun then.
pub(super) fn in_order<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
    mut take: impl FnMut(R) -> io::Result<()>,
) -> io::Result<()> {
    let workers = thread::available_parallelism().map_or(1, usize::from).min(items.len());
    let queue = Queue::new(items.len());
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (sender, queue, work) = (sender.clone(), &queue, &work);
            scope.spawn(move || {
                while let Some(index) = queue.next() {
                    if sender.send((index, work(&items[index]))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut taken = 0;
        for (index, result) in receiver {
            waiting.insert(index, result);
            while let Some(result) = waiting.remove(&taken) {
                take(result).inspect_err(|_| queue.stop())?;
                taken += 1;
            }
            queue.advance(taken);
        }
        Ok(())
    })
}

/// The items that nobody has begun, handed out one by one.
struct Queue {
    next: AtomicUsize,
    len: usize,
    /// How many results were taken.
    taken: Mutex<usize>,
    advanced: Condvar,
}

impl Queue {
    fn new(len: usize) -> Self {
        Queue { next: AtomicUsize::new(0), len, taken: Mutex::new(0), advanced: Condvar::new() }
    }

    /// The next item; waits while it is too far ahead of what was taken.
    fn next(&self) -> Option<usize> {
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        if index >= self.len {
            return None;
        }
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        while index >= taken.saturating_add(AHEAD_MAX) {
            taken = self.advanced.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        Some(index)
    }

    fn advance(&self, taken: usize) {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = taken;
        self.advanced.notify_all();
    }

    /// Hands out nothing more, and lets everybody go.
    fn stop(&self) {
        self.next.store(self.len, Ordering::Relaxed);
        self.advance(self.len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order() {
        let items: Vec<usize> = (0..2_000).collect();
        let mut seen = Vec::new();
        let work = |n: &usize| {
            if n.is_multiple_of(97) {
                thread::yield_now();
            }
            *n
        };
        let take = |n| {
            seen.push(n);
            Ok(())
        };
        in_order(&items, work, take).expect("nothing fails");
        assert_eq!(seen, items);
    }

    #[test]
    fn a_failure_stops_the_work() {
        let items: Vec<usize> = (0..100_000).collect();
        let done = AtomicUsize::new(0);
        let work = |_: &usize| done.fetch_add(1, Ordering::Relaxed);
        let ended = in_order(&items, work, |_| Err(io::ErrorKind::BrokenPipe.into()));
        assert!(ended.is_err());
        assert!(done.load(Ordering::Relaxed) < items.len());
    }

    #[test]
    fn nothing_to_do_is_done() {
        let none: [u8; 0] = [];
        in_order(&none, |_| (), |()| Ok(())).expect("nothing fails");
    }
}
