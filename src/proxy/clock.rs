//! The times of one client's connection, kept so that a request costs no timer.
//!
//! A connection has one sleeping timer. It wakes now and then, looks here for how long the present phase
//! has lasted, ends what took too long, and sleeps again until the next moment anything could.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::config::Timeouts;

/// What a client's connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing: between requests, or before the first.
    Idle,
    /// A head has begun to arrive.
    Head,
    /// A request waits for its response's head; each piece of its body starts the wait anew.
    Waiting,
    /// A response is on its way; it may be silent for as long as it likes.
    Streaming,
}

/// The connection's phase and when it began. Used by one task, atomic because tasks are `Send`.
pub(super) struct Clock {
    epoch: Instant,
    phase: AtomicU8,
    since_micros: AtomicU64,
    expired: AtomicBool,
    blocked: AtomicBool,
}

impl Clock {
    pub(super) fn new() -> Self {
        Clock {
            epoch: Instant::now(),
            phase: AtomicU8::new(Phase::Idle as u8),
            since_micros: AtomicU64::new(0),
            expired: AtomicBool::new(false),
            blocked: AtomicBool::new(false),
        }
    }

    pub(super) fn phase(&self) -> Phase {
        match self.phase.load(Relaxed) {
            1 => Phase::Head,
            2 => Phase::Waiting,
            3 => Phase::Streaming,
            _ => Phase::Idle,
        }
    }

    pub(super) fn enter(&self, phase: Phase, now: Instant) {
        self.phase.store(phase as u8, Relaxed);
        let since = now.saturating_duration_since(self.epoch).as_micros();
        self.since_micros.store(u64::try_from(since).unwrap_or(u64::MAX), Relaxed);
        self.expired.store(false, Relaxed);
    }

    /// Bytes arrived from the client.
    pub(super) fn received(&self) {
        if self.phase() == Phase::Idle {
            self.enter(Phase::Head, Instant::now());
        }
    }

    /// The client does not take what it is sent, or does again.
    pub(super) fn blocked(&self, blocked: bool) {
        let before = self.blocked.load(Relaxed);
        if before != blocked {
            self.blocked.store(blocked, Relaxed);
            if self.phase() == Phase::Idle {
                self.enter(Phase::Idle, Instant::now());
            }
        }
    }

    /// A piece of the request's body went by.
    pub(super) fn progressed(&self) {
        if self.phase() == Phase::Waiting {
            self.enter(Phase::Waiting, Instant::now());
        }
    }

    /// When the present phase began.
    pub(super) fn since(&self) -> Instant {
        self.epoch + Duration::from_micros(self.since_micros.load(Relaxed))
    }

    /// When the present phase has lasted too long; `None` where it may last.
    pub(super) fn deadline(&self, timeouts: &Timeouts) -> Option<Instant> {
        let limit = match self.phase() {
            Phase::Idle if self.blocked.load(Relaxed) => return None,
            Phase::Idle => timeouts.idle,
            Phase::Head => timeouts.request_headers,
            Phase::Waiting => timeouts.response,
            Phase::Streaming => return None,
        };
        Some(self.since() + limit)
    }

    pub(super) fn expire(&self) {
        self.expired.store(true, Relaxed);
    }

    /// Whether the present wait has lasted too long.
    pub(super) fn expired(&self) -> bool {
        self.expired.load(Relaxed)
    }
}
