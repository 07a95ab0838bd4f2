//! Whether the health check passes, and the switch that makes it fail.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const FOREVER: u64 = u64::MAX;

/// Whether the backend passes its health check.
///
/// A failure may end by itself: behind a balancer a failing backend gets no
/// more requests, and so not the request that would end the failure either.
pub(crate) struct Health {
    created: Instant,
    /// Milliseconds after `created` at which the failure ends; 0 when healthy.
    fails_until: AtomicU64,
}

impl Health {
    pub(crate) fn new() -> Self {
        Self { created: Instant::now(), fails_until: AtomicU64::new(0) }
    }

    pub(crate) fn is_failing(&self) -> bool {
        self.now() < self.fails_until.load(Ordering::Relaxed)
    }

    /// Fails from now on, for this long or until it is healed.
    pub(crate) fn fail(&self, duration: Option<Duration>) {
        let until = duration.map_or(FOREVER, |time| self.now() + millis(time));
        self.fails_until.store(until, Ordering::Relaxed);
    }

    /// Ends the failure.
    pub(crate) fn heal(&self) {
        self.fails_until.store(0, Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        millis(self.created.elapsed())
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(FOREVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches() {
        let health = Health::new();
        assert!(!health.is_failing());
        health.fail(None);
        assert!(health.is_failing());
        health.heal();
        assert!(!health.is_failing());
        health.fail(Some(Duration::from_hours(1)));
        assert!(health.is_failing());
        health.fail(Some(Duration::ZERO));
        assert!(!health.is_failing());
    }
}
