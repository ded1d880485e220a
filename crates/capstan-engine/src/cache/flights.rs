//! Requests under way that others wait for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Key;
use crate::upstream::Response;

/// How the request of a flight ended, for those who wait.
#[derive(Default)]
pub(crate) enum Landed {
    /// It did not yet; or whoever sent it gave it up, and the next one sends it.
    #[default]
    No,
    /// With an answer for all.
    Shared(Response),
    /// With what is not for all: each asks for itself.
    Alone,
}

/// The requests under way.
#[derive(Default)]
pub(crate) struct Flights {
    flights: Mutex<HashMap<Key, Arc<tokio::sync::Mutex<Landed>>>>,
}

/// A place on the flight of a key. Whoever holds the lock of the flight sends the request; the others
/// wait for the lock, which is free again when the sender is done or its call is dropped.
pub(crate) struct Seat<'f> {
    flights: &'f Flights,
    key: &'f Key,
    pub(crate) flight: Arc<tokio::sync::Mutex<Landed>>,
}

impl Flights {
    /// A seat on the flight under way, or on a new one.
    pub(crate) fn board<'f>(&'f self, key: &'f Key) -> Seat<'f> {
        let flight = self.map().entry(key.clone()).or_default().clone();
        Seat { flights: self, key, flight }
    }

    fn map(&self) -> MutexGuard<'_, HashMap<Key, Arc<tokio::sync::Mutex<Landed>>>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are under way.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.map().len()
    }
}

impl Seat<'_> {
    /// Ends the flight: who comes later begins another.
    pub(crate) fn end(&self) {
        let mut map = self.flights.map();
        if map.get(self.key).is_some_and(|known| Arc::ptr_eq(known, &self.flight)) {
            map.remove(self.key);
        }
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut map = self.flights.map();
        let is_ours = map.get(self.key).is_some_and(|known| Arc::ptr_eq(known, &self.flight));
        // Only the map and this seat know the flight: nobody waits for it.
        if is_ours && Arc::strong_count(&self.flight) == 2 {
            map.remove(self.key);
        }
    }
}
