//! The keys that were seen lately, and where they went.
//!
//! The hash alone says where a key belongs. What it cannot say is whether a client is new: a backend that drains keeps the
//! clients it has and gets no new ones. So each key leaves a mark here; a mark may be lost to another key's, and then its
//! client is taken for a new one.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use super::rendezvous::Fingerprint;
use crate::api::BackendId;

/// As many keys as are remembered, at most; a power of two. Half a megabyte.
const SLOTS: usize = 1 << 16;

/// Marks of keys: a part of the key's hash above, the backend's id below; zero is none. Every mark is written and read
/// whole, and guards nothing else.
pub(crate) struct KeyCache(Box<[AtomicU64]>);

impl Default for KeyCache {
    fn default() -> Self {
        KeyCache((0..SLOTS).map(|_| AtomicU64::new(0)).collect())
    }
}

impl KeyCache {
    /// Notes where a key went.
    pub(crate) fn note(&self, key: Fingerprint, id: BackendId) {
        let (slot, mark) = self.place(key, id);
        // Most were here before: reading is cheaper than writing what is there.
        if slot.load(Relaxed) != mark {
            slot.store(mark, Relaxed);
        }
    }

    /// Whether a key went there last.
    pub(crate) fn is_at(&self, key: Fingerprint, id: BackendId) -> bool {
        let (slot, mark) = self.place(key, id);
        slot.load(Relaxed) == mark
    }

    /// How many keys went to each backend last.
    pub(crate) fn count(&self, id: BackendId) -> u64 {
        let here = |slot: &&AtomicU64| {
            let mark = slot.load(Relaxed);
            mark != 0 && mark & u64::from(u32::MAX) == u64::from(id.get())
        };
        self.0.iter().filter(here).count() as u64
    }

    fn place(&self, key: Fingerprint, id: BackendId) -> (&AtomicU64, u64) {
        let hash = key.bits();
        let slot = usize::try_from(hash).unwrap_or(usize::MAX) % SLOTS;
        // Never zero as a whole.
        (&self.0[slot], ((hash >> 32) | 1) << 32 | u64::from(id.get()))
    }
}
