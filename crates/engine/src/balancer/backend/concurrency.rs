//! How many connections a backend was seen to serve at once.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The most idle connections beside which a backend has answered over a new one. Many development servers serve one
/// connection after the other, and wait on an open one until it is closed.
#[derive(Default)]
pub(crate) struct Concurrency(AtomicUsize);

impl Concurrency {
    /// It has answered over a new connection, beside so many idle ones.
    pub(crate) fn note(&self, idle: usize) {
        if idle > self.0.load(Relaxed) {
            self.0.fetch_max(idle, Relaxed);
        }
    }

    /// It may be another program from now on.
    pub(crate) fn forget(&self) {
        self.0.store(0, Relaxed);
    }

    /// Whether a new connection may be waiting behind so many idle ones.
    pub(crate) fn may_wait_behind(&self, idle: usize) -> bool {
        idle > self.0.load(Relaxed)
    }
}
