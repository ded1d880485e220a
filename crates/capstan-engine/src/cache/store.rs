//! The door to where answers are kept, and the version that keeps them in memory.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use indexmap::IndexMap;

use super::Key;
use crate::limits::KEPT_IN_MEMORY_BYTES_MAX;

/// Where answers are kept. It knows neither HTTP nor what the bytes mean, and may lose any of them at
/// any time; an answer that comes back damaged is noticed and not used. Called on the road of a call.
pub trait Store: Send + Sync {
    /// The bytes that were put under a key, if they are still there.
    fn get(&self, key: &Key) -> Option<Bytes>;

    /// Keeps bytes under a key, in the place of those that are there.
    fn put(&self, key: &Key, bytes: Bytes);

    /// Forgets all variants of a resource: see [`Key::resource`].
    fn remove(&self, resource: &str);
}

/// Answers in memory; of too many, those go that nobody has asked for longest.
pub struct MemoryStore {
    bytes_max: usize,
    kept: Mutex<KeptInMemory>,
}

#[derive(Default)]
struct KeptInMemory {
    /// The least recently used first.
    answers: IndexMap<Key, Bytes>,
    bytes: usize,
}

impl MemoryStore {
    /// A store that keeps as many bytes.
    pub fn new(bytes_max: usize) -> Self {
        MemoryStore { bytes_max, kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, KeptInMemory> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        MemoryStore::new(KEPT_IN_MEMORY_BYTES_MAX)
    }
}

impl KeptInMemory {
    fn take(&mut self, key: &Key) -> Option<Bytes> {
        let bytes = self.answers.shift_remove(key)?;
        self.bytes -= bytes.len();
        Some(bytes)
    }

    fn put(&mut self, key: Key, bytes: Bytes) {
        self.bytes += bytes.len();
        self.answers.insert(key, bytes);
    }
}

impl Store for MemoryStore {
    fn get(&self, key: &Key) -> Option<Bytes> {
        let mut kept = self.kept();
        let bytes = kept.take(key)?;
        kept.put(key.clone(), bytes.clone());
        Some(bytes)
    }

    fn put(&self, key: &Key, bytes: Bytes) {
        let mut kept = self.kept();
        kept.take(key);
        if bytes.len() > self.bytes_max {
            return;
        }
        kept.put(key.clone(), bytes);
        while kept.bytes > self.bytes_max {
            let Some((_, oldest)) = kept.answers.shift_remove_index(0) else { break };
            kept.bytes -= oldest.len();
        }
    }

    fn remove(&self, resource: &str) {
        let mut kept = self.kept();
        kept.answers.retain(|key, _| key.resource() != resource);
        kept.bytes = kept.answers.values().map(Bytes::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::{Connection, Request};

    fn key(url: &str, caller: u8) -> Key {
        let request = Request {
            method: http::Method::GET,
            url: url.to_owned(),
            headers: Vec::new(),
            body: None,
            connection: Connection::default(),
        };
        Key::of(&request, &caller)
    }

    #[test]
    fn the_answer_that_was_not_asked_for_longest_goes() {
        let store = MemoryStore::new(10);
        let keys: Vec<Key> = (0..3).map(|caller| key("https://h/", caller)).collect();
        store.put(&keys[0], Bytes::from_static(b"aaaa"));
        store.put(&keys[1], Bytes::from_static(b"bbbb"));
        assert!(store.get(&keys[0]).is_some());
        store.put(&keys[2], Bytes::from_static(b"cccc"));
        let left: Vec<bool> = keys.iter().map(|key| store.get(key).is_some()).collect();
        assert_eq!(left, [true, false, true]);
        store.put(&keys[0], Bytes::from_static(b"too large a text"));
        assert_eq!(store.get(&keys[0]), None);
    }

    #[test]
    fn a_resource_goes_with_all_its_variants() {
        let store = MemoryStore::default();
        let keys = [key("https://h/a", 0), key("https://h/a", 1), key("https://h/b", 0)];
        keys.iter().for_each(|key| store.put(key, Bytes::from_static(b"x")));
        store.remove(keys[0].resource());
        let left: Vec<bool> = keys.iter().map(|key| store.get(key).is_some()).collect();
        assert_eq!(left, [false, false, true]);
    }
}
