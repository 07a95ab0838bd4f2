//! Counts over all requests, written by every worker.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use crate::balancer::ByStatus;

/// Counts over all requests.
#[derive(Default)]
pub(crate) struct Counters {
    begun: AtomicU64,
    ended: AtomicU64,
    server_errors: AtomicU64,
    /// Those that the balancer answered itself.
    own: ByStatus,
    pub(crate) connections: AtomicU64,
}

impl Counters {
    pub(crate) fn begin(&self) {
        self.begun.fetch_add(1, Relaxed);
    }

    /// `own`: no backend had it.
    pub(crate) fn end(&self, status: u16, own: bool) {
        self.ended.fetch_add(1, Relaxed);
        if own {
            self.own.count(status);
        }
        if status >= 500 {
            self.server_errors.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn own_by_status(&self) -> [u64; 5] {
        self.own.each()
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
