//! The ids that backends gave out.

use foldhash::HashMap;
use foldhash::fast::RandomState;
use foldhash::quality::RandomState as Seed;
use lru::LruCache;
use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::api::{BackendId, RequestNumber};

/// Most ids that are known at a time; the one that was used least recently leaves for another.
const MOST: usize = 10_000;

/// Most bytes of an id. A longer one is no session's.
const LONGEST: usize = 256;

/// After so long without a request an id is forgotten.
const IDLE: Duration = Duration::from_mins(30);

/// Ids by their hash, so that no id is kept: they are credentials. The hash is of 128 bits with seeds of this table's own, so
/// that two ids have the same one neither by chance nor on purpose.
pub(crate) struct LearnedTable {
    entries: Mutex<LruCache<IdHash, Entry, RandomState>>,
    seeds: [Seed; 2],
}

/// An id's hash.
pub(super) type IdHash = u128;

/// What is known of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Learned {
    /// The backend that it belongs to.
    pub(super) backend: BackendId,
    /// The request whose response said so, while somebody watched.
    pub(super) number: Option<RequestNumber>,
}

struct Entry {
    learned: Learned,
    used: Instant,
}

impl Default for LearnedTable {
    fn default() -> Self {
        let entries = LruCache::unbounded_with_hasher(RandomState::default());
        LearnedTable { entries: Mutex::new(entries), seeds: [Seed::default(), Seed::default()] }
    }
}

impl LearnedTable {
    /// The hash of an id at a place, which is named in words; `None` where it is empty or too long.
    pub(super) fn hash(&self, place: &str, id: &[u8]) -> Option<IdHash> {
        let [high, low] = &self.seeds;
        let hash = |seed: &Seed| u128::from(seed.hash_one((place, id)));
        (1..=LONGEST).contains(&id.len()).then(|| hash(high) << 64 | hash(low))
    }

    /// What is known of an id. Asking is no use of it.
    pub(super) fn get(&self, id: IdHash, now: Instant) -> Option<Learned> {
        let entries = self.lock();
        entries.peek(&id).filter(|entry| !entry.is_idle(now)).map(|entry| entry.learned)
    }

    /// An id belongs to this backend, as the response to this request says. Where that is known, it is used anew.
    pub(super) fn learn(&self, id: IdHash, learned: Learned, now: Instant) {
        let mut entries = self.lock();
        match entries.get_mut(&id) {
            Some(entry) if entry.learned.backend == learned.backend => entry.used = now,
            _ => {
                entries.put(id, Entry { learned, used: now });
                if entries.len() > MOST {
                    entries.pop_lru();
                }
            }
        }
    }

    /// An id is used.
    pub(super) fn touch(&self, id: IdHash, now: Instant) {
        if let Some(entry) = self.lock().get_mut(&id) {
            entry.used = now;
        }
    }

    /// An id ended.
    pub(super) fn forget(&self, id: IdHash) {
        self.lock().pop(&id);
    }

    /// Forgets what was not used for long. To be called once a second.
    pub(crate) fn expire(&self, now: Instant) {
        let mut entries = self.lock();
        while entries.peek_lru().is_some_and(|(_, entry)| entry.is_idle(now)) {
            entries.pop_lru();
        }
    }

    /// How many ids belong to each backend that any belong to. Looks at all of them.
    pub(crate) fn counts(&self) -> HashMap<BackendId, u64> {
        let mut counts = HashMap::default();
        for (_, entry) in self.lock().iter() {
            *counts.entry(entry.learned.backend).or_default() += 1;
        }
        counts
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<IdHash, Entry, RandomState>> {
        // Ignoring poison is safe: each change is to one entry, so a panic leaves nothing half done.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn is_idle(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.used) >= IDLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(backend: u32) -> Learned {
        Learned { backend: backend.into(), number: None }
    }

    fn hash(table: &LearnedTable, n: usize) -> IdHash {
        table.hash("cookie sid", n.to_string().as_bytes()).expect("a short one")
    }

    #[test]
    fn ten_thousand_ids_are_known_and_the_least_recently_used_leave() {
        let table = LearnedTable::default();
        let now = Instant::now();
        for n in 0..MOST {
            table.learn(hash(&table, n), at(1), now);
        }
        table.touch(hash(&table, 0), now);
        table.learn(hash(&table, MOST), at(2), now);
        assert_eq!(table.get(hash(&table, 0), now), Some(at(1)), "it was used");
        assert_eq!(table.get(hash(&table, 1), now), None);
        assert_eq!(table.get(hash(&table, MOST), now), Some(at(2)));
        assert_eq!(table.counts().values().sum::<u64>(), MOST as u64);
    }

    #[test]
    fn an_id_is_forgotten_half_an_hour_after_its_last_request() {
        let table = LearnedTable::default();
        let start = Instant::now();
        let (one, other) = (hash(&table, 1), hash(&table, 2));
        table.learn(one, at(1), start);
        table.learn(other, at(2), start);
        table.touch(one, start + IDLE / 2);
        assert_eq!(table.get(other, start + IDLE), None);
        table.expire(start + IDLE);
        assert_eq!(table.get(one, start + IDLE), Some(at(1)));
        assert_eq!(table.counts().len(), 1);
        table.expire(start + IDLE * 2);
        assert!(table.counts().is_empty());
    }

    #[test]
    fn an_id_of_257_bytes_or_none_is_no_id_and_one_of_another_place_is_another() {
        let table = LearnedTable::default();
        assert!(table.hash("cookie sid", &[b'x'; 256]).is_some());
        assert!(table.hash("cookie sid", &[b'x'; 257]).is_none());
        assert!(table.hash("cookie sid", b"").is_none());
        assert_ne!(table.hash("cookie sid", b"1"), table.hash("query sid", b"1"));
    }

    #[test]
    fn what_is_learned_again_of_the_same_backend_keeps_the_request_it_is_known_from() {
        let table = LearnedTable::default();
        let now = Instant::now();
        let from = |backend: u32, number: u64| Learned { backend: backend.into(), number: Some(number.into()) };
        let id = hash(&table, 1);
        table.learn(id, from(1, 12), now);
        table.learn(id, from(1, 13), now);
        assert_eq!(table.get(id, now), Some(from(1, 12)));
        table.learn(id, from(2, 14), now);
        assert_eq!(table.get(id, now), Some(from(2, 14)));
        table.forget(id);
        assert_eq!(table.get(id, now), None);
    }
}
