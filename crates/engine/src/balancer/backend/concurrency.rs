//! How many connections a backend was seen to serve at once.

use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

/// How soon a backend answers once what it waited for is gone.
const AT_ONCE: Duration = Duration::from_millis(50);

/// How often in a row it must have, to be known for one that waits.
const CERTAIN: u32 = 2;

/// How many connections a backend was seen to serve at once. Many development servers serve one connection after the other,
/// and wait on an open one until it is closed.
#[derive(Default)]
pub(crate) struct Concurrency {
    /// The most idle connections beside which it has answered over a new one.
    beside: AtomicUsize,
    /// How many wait for an answer over a new connection longer than that should take.
    held_up: AtomicUsize,
    /// How often in a row it answered as soon as its idle connections were closed.
    freed: AtomicU32,
    /// How often it answered while anybody waited.
    answers: AtomicU64,
}

/// One that waits; no longer once this is dropped.
pub(crate) struct HeldUp<'a>(&'a AtomicUsize);

impl Drop for HeldUp<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Concurrency {
    /// One more waits for an answer over a new connection.
    pub(crate) fn hold_up(&self) -> HeldUp<'_> {
        self.held_up.fetch_add(1, Relaxed);
        HeldUp(&self.held_up)
    }

    /// Whether any may wait until an idle connection is closed.
    pub(crate) fn needs_closing(&self) -> bool {
        self.held_up.load(Relaxed) > 0 && self.freed.load(Relaxed) >= CERTAIN
    }

    /// It has answered. Noted only while anybody waits: else it costs one load of memory that hardly ever changes.
    pub(crate) fn answers(&self) {
        if self.held_up.load(Relaxed) > 0 {
            self.answers.fetch_add(1, Relaxed);
        }
    }

    /// How often it has answered while anybody waited.
    pub(crate) fn answers_so_far(&self) -> u64 {
        self.answers.load(Relaxed)
    }

    /// It has answered so long after its idle connections were closed.
    pub(crate) fn freed(&self, after: Duration) {
        if after < AT_ONCE {
            self.freed.fetch_add(1, Relaxed);
        } else {
            self.freed.store(0, Relaxed);
        }
    }

    /// It has answered over a new connection, beside so many idle ones.
    pub(crate) fn beside(&self, idle: usize) {
        if idle > 0 {
            self.freed.store(0, Relaxed);
            self.beside.fetch_max(idle, Relaxed);
        }
    }

    /// It may be another program from now on.
    pub(crate) fn forget(&self) {
        self.beside.store(0, Relaxed);
        self.freed.store(0, Relaxed);
    }

    /// Whether a new connection may be waiting behind so many idle ones.
    pub(crate) fn may_wait_behind(&self, idle: usize) -> bool {
        idle > self.beside.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_that_answers_whenever_its_idle_connections_close_is_known_until_it_answers_beside_one() {
        let backend = Concurrency::default();
        let waits = backend.hold_up();
        assert!(backend.may_wait_behind(1) && !backend.needs_closing());
        backend.freed(Duration::from_millis(1));
        backend.freed(Duration::from_millis(500));
        backend.freed(Duration::from_millis(1));
        assert!(!backend.needs_closing(), "once may be chance");
        backend.freed(Duration::from_millis(1));
        assert!(backend.needs_closing());
        drop(waits);
        assert!(!backend.needs_closing(), "nobody waits");
        let _waits = backend.hold_up();
        backend.beside(2);
        assert!(!backend.needs_closing() && !backend.may_wait_behind(2) && backend.may_wait_behind(3));
    }
}
