//! Engine-wide counters, written by every worker.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use crate::balancer::ByStatus;

/// Engine-wide counters.
#[derive(Default)]
pub(crate) struct Counters {
    begun: AtomicU64,
    ended: AtomicU64,
    server_errors: AtomicU64,
    /// Local replies: requests that the balancer answered itself.
    own: ByStatus,
    pub(crate) connections: AtomicU64,
}

impl Counters {
    pub(crate) fn begin(&self) {
        self.begun.fetch_add(1, Relaxed);
    }

    /// `own`: a local reply.
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
        // `ended` is read first: a request that ends in between makes the result too high by one, never negative.
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
