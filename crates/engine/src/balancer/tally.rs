//! What is counted of one backend for the metrics: each once, never taken back.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use crate::api::Tallied;

/// Requests by the first digit of their status: 1xx to 5xx.
#[derive(Default)]
pub(crate) struct ByStatus([AtomicU64; 5]);

impl ByStatus {
    /// Counts one; what is no status counts as a server's error.
    pub(crate) fn count(&self, status: u16) {
        let class = usize::from(status / 100).clamp(1, 5) - 1;
        self.0[class].fetch_add(1, Relaxed);
    }

    pub(crate) fn each(&self) -> [u64; 5] {
        std::array::from_fn(|class| self.0[class].load(Relaxed))
    }

    pub(crate) fn all(&self) -> u64 {
        self.each().iter().sum()
    }
}

/// What is counted of one backend beside its requests.
#[derive(Default)]
pub(crate) struct Tally {
    retries: AtomicU64,
    ejections: AtomicU64,
    checks_passed: AtomicU64,
    checks_failed: AtomicU64,
}

impl Tally {
    pub(crate) fn retried(&self) {
        self.retries.fetch_add(1, Relaxed);
    }

    pub(crate) fn ejected(&self) {
        self.ejections.fetch_add(1, Relaxed);
    }

    pub(crate) fn checked(&self, passed: bool) {
        let count = if passed { &self.checks_passed } else { &self.checks_failed };
        count.fetch_add(1, Relaxed);
    }

    pub(crate) fn now(&self) -> Tallied {
        Tallied {
            retries: self.retries.load(Relaxed),
            ejections: self.ejections.load(Relaxed),
            checks_passed: self.checks_passed.load(Relaxed),
            checks_failed: self.checks_failed.load(Relaxed),
        }
    }
}
