//! Counts over all requests, written by every worker.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts over all requests.
#[derive(Default)]
pub(crate) struct Counters {
    begun: AtomicU64,
    ended: AtomicU64,
    server_errors: AtomicU64,
    pub(super) connections: AtomicU64,
}

impl Counters {
    pub(crate) fn begin(&self) {
        self.begun.fetch_add(1, Relaxed);
    }

    pub(crate) fn end(&self, status: u16) {
        self.ended.fetch_add(1, Relaxed);
        if status >= 500 {
            self.server_errors.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn begun(&self) -> u64 {
        self.begun.load(Relaxed)
    }

    pub(crate) fn ended(&self) -> u64 {
        self.ended.load(Relaxed)
    }

    pub(crate) fn in_flight(&self) -> u64 {
        // Read in this order a request that ends in between is missed, not counted twice.
        let ended = self.ended.load(Relaxed);
        self.begun.load(Relaxed).saturating_sub(ended)
    }

    pub(crate) fn server_errors(&self) -> u64 {
        self.server_errors.load(Relaxed)
    }

    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Relaxed)
    }
}
