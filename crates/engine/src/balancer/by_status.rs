//! Counts requests by status class.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Request counts for the status classes 1xx to 5xx.
#[derive(Default)]
pub(crate) struct ByStatus([AtomicU64; 5]);

impl ByStatus {
    /// Counts one request. A status below 100 counts as 1xx, one above 599 as 5xx.
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
