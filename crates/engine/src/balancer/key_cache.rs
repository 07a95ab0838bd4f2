//! Recently seen sticky keys and the backends they went to.
//!
//! The hash says which backend a key belongs to, but not whether its client is new, which matters because a draining
//! backend keeps its clients and takes no new ones. An entry may be overwritten by another key's; its client then
//! counts as new.

use foldhash::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use super::rendezvous::Fingerprint;
use crate::api::BackendId;

/// Number of entries (8 bytes each, 512 KiB); a power of two.
const SLOTS: usize = 1 << 16;

/// Entries indexed by key hash. Upper half: part of the hash; lower half: the backend's id; zero is an empty entry.
/// Each entry stands alone, so `Relaxed` suffices.
pub(crate) struct KeyCache {
    entries: Box<[AtomicU64]>,
    moved: AtomicU64,
}

impl Default for KeyCache {
    fn default() -> Self {
        KeyCache { entries: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(), moved: AtomicU64::new(0) }
    }
}

impl KeyCache {
    /// Records which backend a key went to.
    pub(crate) fn note(&self, key: Fingerprint, id: BackendId) {
        let (slot, mark) = self.place(key, id);
        // Most keys are present already, and reading a shared cache line is cheaper than writing it.
        let before = slot.load(Relaxed);
        if before != mark {
            slot.store(mark, Relaxed);
            if before >> 32 == mark >> 32 {
                self.moved.fetch_add(1, Relaxed);
            }
        }
    }

    /// How often a key went to another backend than before.
    pub(crate) fn moved(&self) -> u64 {
        self.moved.load(Relaxed)
    }

    /// Whether a key last went to this backend.
    pub(crate) fn is_at(&self, key: Fingerprint, id: BackendId) -> bool {
        let (slot, mark) = self.place(key, id);
        slot.load(Relaxed) == mark
    }

    /// How many keys last went to each backend that any went to. Scans all entries.
    pub(crate) fn counts(&self) -> HashMap<BackendId, u64> {
        let mut counts = HashMap::default();
        for mark in self.entries.iter().map(|slot| slot.load(Relaxed)).filter(|mark| *mark != 0) {
            let id = u32::try_from(mark & u64::from(u32::MAX)).unwrap_or_default();
            *counts.entry(BackendId::new(id)).or_default() += 1;
        }
        counts
    }

    fn place(&self, key: Fingerprint, id: BackendId) -> (&AtomicU64, u64) {
        let hash = key.bits();
        let slot = usize::try_from(hash).unwrap_or(usize::MAX) % SLOTS;
        // The lowest hash bit is set, so that an entry is never zero.
        (&self.entries[slot], ((hash >> 32) | 1) << 32 | u64::from(id.get()))
    }
}
