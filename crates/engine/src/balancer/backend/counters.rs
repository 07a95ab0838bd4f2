//! One backend's counters: requests, attempts, checks, sessions and response times.
//!
//! The atomics are independent: none guards other memory, so `Relaxed` is enough throughout.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use super::in_flight::InFlight;
use crate::api::BackendCounts;
use crate::balancer::by_status::ByStatus;
use crate::balancer::ewma::PeakEwma;
use crate::balancer::latency::Latencies;

/// One backend's counters.
#[derive(Default)]
pub(crate) struct Counters {
    requests: ByStatus,
    errors: AtomicU64,
    tunnels: AtomicU32,
    sessions: AtomicU64,
    retries: AtomicU64,
    ejections: AtomicU64,
    checks_passed: AtomicU64,
    checks_failed: AtomicU64,
    /// Requests and tunnels it has.
    pub(crate) in_flight: InFlight,
    /// Histogram of response times.
    pub(crate) latencies: Latencies,
    /// Moving average of response times; updated only while the strategy is least-latency.
    pub(crate) ewma: PeakEwma,
}

impl Counters {
    /// Nothing counted, with an average like this one's.
    pub(super) fn with_average(ewma: PeakEwma) -> Self {
        Counters { ewma, ..Counters::default() }
    }

    /// Requests sent to it, each counted once whatever its outcome.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.all()
    }

    /// The same by status class, 1xx to 5xx.
    pub(crate) fn by_status(&self) -> [u64; 5] {
        self.requests.each()
    }

    /// Attempts that got no response, or a 5xx. A request that was retried on another backend counts as an error here
    /// and as a request there.
    pub(crate) fn errors(&self) -> u64 {
        self.errors.load(Relaxed)
    }

    /// Active requests and tunnels.
    pub(crate) fn active(&self) -> u32 {
        self.in_flight.now()
    }

    /// Active tunnels: WebSockets and other upgrades.
    pub(crate) fn tunnels(&self) -> u32 {
        self.tunnels.load(Relaxed)
    }

    /// Clients newly bound to it, minus those that moved to another backend or expired.
    pub(crate) fn sessions(&self) -> u64 {
        self.sessions.load(Relaxed)
    }

    /// The counts of retries, ejections and checks.
    pub(crate) fn counts(&self) -> BackendCounts {
        BackendCounts {
            retries: self.retries.load(Relaxed),
            ejections: self.ejections.load(Relaxed),
            checks_passed: self.checks_passed.load(Relaxed),
            checks_failed: self.checks_failed.load(Relaxed),
        }
    }

    /// The expected time for one more request, in microseconds.
    pub(crate) fn expected_wait(&self, now: Instant) -> f64 {
        self.ewma.expected_wait(self.active(), now)
    }

    pub(crate) fn count_request(&self, status: u16) {
        self.requests.count(status);
    }

    pub(crate) fn count_error(&self) {
        self.errors.fetch_add(1, Relaxed);
    }

    /// Counts a request that failed here and was retried.
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

    /// Counts a client that is no longer bound to this backend.
    pub(crate) fn session_moved(&self) {
        // Never below zero: a cookie from an earlier run of this program was not counted.
        let _ = self.sessions.fetch_update(Relaxed, Relaxed, |n| n.checked_sub(1));
    }

    pub(super) fn add_tunnel(&self) {
        self.tunnels.fetch_add(1, Relaxed);
    }

    pub(super) fn remove_tunnel(&self) {
        self.tunnels.fetch_sub(1, Relaxed);
    }
}
