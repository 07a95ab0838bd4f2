//! What is counted of one backend: requests, tries, checks, sessions, and how long its answers take.
//!
//! The atomics are independent figures: none guards other memory, so `Relaxed` is enough throughout.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use crate::api::BackendCounts;
use crate::balancer::by_status::ByStatus;
use crate::balancer::ewma::PeakEwma;
use crate::balancer::latency::Latencies;

/// What is counted of one backend.
#[derive(Default)]
pub(crate) struct Counters {
    requests: ByStatus,
    errors: AtomicU64,
    active: AtomicU32,
    tunnels: AtomicU32,
    sessions: AtomicU64,
    retries: AtomicU64,
    ejections: AtomicU64,
    checks_passed: AtomicU64,
    checks_failed: AtomicU64,
    /// How long answers took, as a histogram.
    pub(crate) latencies: Latencies,
    /// How long answers took lately; kept up to date while the strategy is least-latency.
    pub(crate) ewma: PeakEwma,
}

impl Counters {
    /// Requests it was given, each counted once however it ended.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.all()
    }

    /// The same, by the first digit of their status.
    pub(crate) fn by_status(&self) -> [u64; 5] {
        self.requests.each()
    }

    /// Tries that ended without an answer, or with a 5xx; one that was repeated elsewhere counts here and, as a request,
    /// there.
    pub(crate) fn errors(&self) -> u64 {
        self.errors.load(Relaxed)
    }

    /// Requests and tunnels it has now.
    pub(crate) fn active(&self) -> u32 {
        self.active.load(Relaxed)
    }

    /// Tunnels it has now: WebSockets and other upgrades.
    pub(crate) fn tunnels(&self) -> u32 {
        self.tunnels.load(Relaxed)
    }

    /// Sticky cookies given out for it, less those of clients that were moved away.
    pub(crate) fn sessions(&self) -> u64 {
        self.sessions.load(Relaxed)
    }

    /// Retries, ejections and checks.
    pub(crate) fn counts(&self) -> BackendCounts {
        BackendCounts {
            retries: self.retries.load(Relaxed),
            ejections: self.ejections.load(Relaxed),
            checks_passed: self.checks_passed.load(Relaxed),
            checks_failed: self.checks_failed.load(Relaxed),
        }
    }

    /// What one more request would take, in microseconds.
    pub(crate) fn expected_wait(&self, now: Instant) -> f64 {
        self.ewma.expected_wait(self.active(), now)
    }

    pub(crate) fn count_request(&self, status: u16) {
        self.requests.count(status);
    }

    pub(crate) fn count_error(&self) {
        self.errors.fetch_add(1, Relaxed);
    }

    /// A request that failed here was tried elsewhere.
    pub(crate) fn count_retry(&self) {
        self.retries.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_ejection(&self) {
        self.ejections.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_check(&self, passed: bool) {
        let count = if passed { &self.checks_passed } else { &self.checks_failed };
        count.fetch_add(1, Relaxed);
    }

    pub(crate) fn session_given(&self) {
        self.sessions.fetch_add(1, Relaxed);
    }

    /// A client came with this backend's cookie and left with another's.
    pub(crate) fn session_moved(&self) {
        // Cookies outlive the program: one from an earlier run was never counted here.
        let _ = self.sessions.fetch_update(Relaxed, Relaxed, |n| n.checked_sub(1));
    }

    pub(super) fn add_active(&self) {
        self.active.fetch_add(1, Relaxed);
    }

    pub(super) fn remove_active(&self) {
        self.active.fetch_sub(1, Relaxed);
    }

    pub(super) fn add_tunnel(&self) {
        self.tunnels.fetch_add(1, Relaxed);
    }

    pub(super) fn remove_tunnel(&self) {
        self.tunnels.fetch_sub(1, Relaxed);
    }
}
