//! The ids that backends gave out.

use foldhash::HashMap;
use foldhash::fast::RandomState;
use foldhash::quality::RandomState as Seed;
use lru::LruCache;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::api::{BackendId, RequestNumber};
use crate::balancer::rendezvous::Fingerprint;

/// Most ids that are known at a time; the one that was used least recently leaves for another.
const MOST: usize = 10_000;

/// Most bytes of an id. A longer one is no session's.
const LONGEST: usize = 256;

/// After so long without a request an id is forgotten.
const IDLE: Duration = Duration::from_mins(30);

/// Ids by their hash, so that no id is kept: they are credentials. The hash has a seed of this table's own, so that nobody can
/// tell which two ids share one; with 64 bits, that any of the ten thousand do is as likely as one in 10^11.
pub(crate) struct LearnedTable {
    entries: Mutex<LruCache<IdHash, Entry, RandomState>>,
    seed: Seed,
}

/// An id's hash.
pub(super) type IdHash = u64;

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
    /// How many WebSockets and streams of it are open: it is used for as long as one is.
    open: u32,
}

/// A WebSocket or a stream of events that belongs to an id, while it is open.
pub(crate) struct OpenId {
    table: Arc<LearnedTable>,
    id: IdHash,
}

impl OpenId {
    /// One of this id opens.
    pub(super) fn new(table: &Arc<LearnedTable>, id: IdHash) -> Self {
        if let Some(entry) = table.lock().get_mut(&id) {
            entry.open += 1;
        }
        OpenId { table: Arc::clone(table), id }
    }
}

impl Drop for OpenId {
    fn drop(&mut self) {
        // It may have left for another meanwhile.
        if let Some(entry) = self.table.lock().get_mut(&self.id) {
            entry.open = entry.open.saturating_sub(1);
            entry.used = Instant::now();
        }
    }
}

impl Default for LearnedTable {
    fn default() -> Self {
        let entries = LruCache::unbounded_with_hasher(RandomState::default());
        LearnedTable { entries: Mutex::new(entries), seed: Seed::default() }
    }
}

impl LearnedTable {
    /// The hash of an id at a place; `None` where it is empty or too long.
    pub(super) fn hash(&self, place: Fingerprint, id: &[u8]) -> Option<IdHash> {
        (1..=LONGEST).contains(&id.len()).then(|| self.seed.hash_one((place.bits(), id)))
    }

    /// What is known of an id, which is used by that.
    pub(super) fn look_up(&self, id: IdHash, now: Instant) -> Option<Learned> {
        let mut entries = self.lock();
        let entry = entries.get_mut(&id)?;
        if entry.is_idle(now) {
            entries.pop(&id);
            return None;
        }
        entry.used = now;
        Some(entry.learned)
    }

    /// An id belongs to this backend, as the response to this request says. Where that is known, it is used anew.
    pub(super) fn learn(&self, id: IdHash, learned: Learned, now: Instant) {
        let mut entries = self.lock();
        match entries.get_mut(&id) {
            Some(entry) if entry.learned.backend == learned.backend => entry.used = now,
            Some(entry) => *entry = Entry { learned, used: now, open: entry.open },
            None => {
                entries.put(id, Entry { learned, used: now, open: 0 });
                if entries.len() > MOST {
                    entries.pop_lru();
                }
            }
        }
    }

    /// An id ended.
    pub(super) fn forget(&self, id: IdHash) {
        self.lock().pop(&id);
    }

    /// Forgets what was not used for long. To be called once a second.
    pub(crate) fn expire(&self, now: Instant) {
        let mut entries = self.lock();
        while let Some((&id, entry)) = entries.peek_lru().filter(|(_, entry)| entry.is_unused(now)) {
            if entry.open == 0 {
                entries.pop_lru();
            } else if let Some(entry) = entries.get_mut(&id) {
                entry.used = now;
            }
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
        self.open == 0 && self.is_unused(now)
    }

    fn is_unused(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.used) >= IDLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(backend: u32) -> Learned {
        Learned { backend: backend.into(), number: None }
    }

    fn place(words: &str) -> Fingerprint {
        Fingerprint::of(words.as_bytes())
    }

    fn hash(table: &LearnedTable, n: usize) -> IdHash {
        table.hash(place("cookie sid"), n.to_string().as_bytes()).expect("a short one")
    }

    #[test]
    fn ten_thousand_ids_are_known_and_the_least_recently_used_leave() {
        let table = LearnedTable::default();
        let now = Instant::now();
        for n in 0..MOST {
            table.learn(hash(&table, n), at(1), now);
        }
        table.look_up(hash(&table, 0), now);
        table.learn(hash(&table, MOST), at(2), now);
        assert_eq!(table.look_up(hash(&table, 0), now), Some(at(1)), "it was used");
        assert_eq!(table.look_up(hash(&table, 1), now), None);
        assert_eq!(table.look_up(hash(&table, MOST), now), Some(at(2)));
        assert_eq!(table.counts().values().sum::<u64>(), MOST as u64);
    }

    #[test]
    fn an_id_is_forgotten_half_an_hour_after_its_last_request() {
        let table = LearnedTable::default();
        let start = Instant::now();
        let (one, other) = (hash(&table, 1), hash(&table, 2));
        table.learn(one, at(1), start);
        table.learn(other, at(2), start);
        assert!(table.look_up(one, start + IDLE / 2).is_some());
        assert_eq!(table.look_up(other, start + IDLE), None);
        table.expire(start + IDLE);
        assert_eq!(table.look_up(one, start + IDLE), Some(at(1)));
        assert_eq!(table.counts().len(), 1);
        table.expire(start + IDLE * 2);
        assert!(table.counts().is_empty());
    }

    #[test]
    fn an_id_whose_websocket_is_open_is_used_until_half_an_hour_after_its_end() {
        let table = Arc::new(LearnedTable::default());
        let start = Instant::now();
        let (one, other) = (hash(&table, 1), hash(&table, 2));
        table.learn(one, at(1), start);
        table.learn(other, at(2), start);
        let open = [OpenId::new(&table, one), OpenId::new(&table, one)];
        table.expire(start + IDLE * 3);
        assert_eq!(table.counts().len(), 1, "the other has none");
        assert_eq!(table.look_up(one, start + IDLE * 6), Some(at(1)));
        table.learn(one, at(3), start + IDLE * 6);
        table.expire(start + IDLE * 9);
        drop(open);
        table.expire(Instant::now());
        assert_eq!(table.look_up(one, Instant::now()), Some(at(3)));
        table.expire(Instant::now() + IDLE);
        assert!(table.counts().is_empty());
    }

    #[test]
    fn an_id_of_257_bytes_or_none_is_no_id_and_one_of_another_place_is_another() {
        let table = LearnedTable::default();
        assert!(table.hash(place("cookie sid"), &[b'x'; 256]).is_some());
        assert!(table.hash(place("cookie sid"), &[b'x'; 257]).is_none());
        assert!(table.hash(place("cookie sid"), b"").is_none());
        assert_ne!(table.hash(place("cookie sid"), b"1"), table.hash(place("query sid"), b"1"));
    }

    #[test]
    fn what_is_learned_again_of_the_same_backend_keeps_the_request_it_is_known_from() {
        let table = LearnedTable::default();
        let now = Instant::now();
        let from = |backend: u32, number: u64| Learned { backend: backend.into(), number: Some(number.into()) };
        let id = hash(&table, 1);
        table.learn(id, from(1, 12), now);
        table.learn(id, from(1, 13), now);
        assert_eq!(table.look_up(id, now), Some(from(1, 12)));
        table.learn(id, from(2, 14), now);
        assert_eq!(table.look_up(id, now), Some(from(2, 14)));
        table.forget(id);
        assert_eq!(table.look_up(id, now), None);
    }
}
