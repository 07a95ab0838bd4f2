//! Outlier ejection: a backend gets no traffic for a while after too many failures in a row.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Limit for an ejection's length; a longer configured first length overrides it.
const LONGEST: Duration = Duration::from_mins(5);

/// One backend's failures in a row, and its ejections.
#[derive(Default)]
pub(crate) struct Ejection {
    /// Failures since the last success.
    row: AtomicU32,
    /// Those of them that failed after the connection was made.
    unanswered: AtomicU32,
    out: AtomicBool,
    turns: Mutex<Turns>,
    /// Notified whenever an ejection begins or ends.
    pub(crate) changed: Notify,
}

/// The current or last ejection.
#[derive(Default)]
struct Turns {
    began: Option<Instant>,
    until: Option<Instant>,
    /// How many ejections each began soon after the one before; every one of them doubles the length.
    repeated: u32,
    /// Whether all the failures that led to it were failures to connect.
    connecting: bool,
}

impl Ejection {
    /// Whether the backend is ejected now.
    pub(crate) fn is_out(&self) -> bool {
        self.out.load(Relaxed)
    }

    /// Counts a successful request: the failures are no longer in a row.
    pub(crate) fn count_success(&self) {
        // Avoids needless writes to a cache line that all workers share.
        if self.row.load(Relaxed) != 0 {
            self.forget();
        }
    }

    /// Counts a failed request and returns the number of failures in a row. `connected`: a connection had been made.
    pub(crate) fn count_failure(&self, connected: bool) -> u32 {
        if connected {
            self.unanswered.fetch_add(1, Relaxed);
        }
        self.row.fetch_add(1, Relaxed).saturating_add(1)
    }

    fn forget(&self) {
        self.row.store(0, Relaxed);
        self.unanswered.store(0, Relaxed);
    }

    /// Begins an ejection and returns its length: `first`, or twice the last length if less than that length has passed
    /// since the last one ended.
    pub(crate) fn begin(&self, now: Instant, first: Duration) -> Duration {
        let mut turns = self.turns();
        let last = length(first, turns.repeated);
        let soon = turns.until.is_some_and(|until| now.saturating_duration_since(until) < last);
        turns.repeated = if soon { (turns.repeated + 1).min(16) } else { 0 };
        let length = length(first, turns.repeated);
        turns.began = Some(now);
        turns.until = Some(now + length);
        turns.connecting = self.unanswered.load(Relaxed) == 0;
        self.out.store(true, Relaxed);
        self.changed.notify_one();
        length
    }

    /// Ends the ejection, if there is one, and resets the failures in a row.
    pub(crate) fn end(&self, now: Instant) {
        self.forget();
        if self.out.swap(false, Relaxed) {
            let mut turns = self.turns();
            turns.until = turns.until.map(|until| until.min(now));
            self.changed.notify_one();
        }
    }

    /// When the ejection ends; `None` if the backend is not ejected.
    pub(crate) fn until(&self) -> Option<Instant> {
        if self.is_out() { self.turns().until } else { None }
    }

    /// Whether a check that began at `began` and connected disproves the ejection: all failures were failures to
    /// connect, and the check is newer than the ejection.
    pub(crate) fn is_disproved_by_connecting_at(&self, began: Instant) -> bool {
        let turns = self.turns();
        self.is_out() && turns.connecting && turns.began.is_some_and(|out| out < began)
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        // Ignoring poison is safe: a panic cannot leave the fields inconsistent.
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn length(first: Duration, repeated: u32) -> Duration {
    first.saturating_mul(1 << repeated).min(LONGEST.max(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// The length of each ejection, given the pauses between one's end and the next one's start.
    fn lengths(first: Duration, pauses: &[Duration]) -> Vec<u64> {
        let ejection = Ejection::default();
        let mut now = Instant::now();
        let mut lengths = Vec::new();
        for pause in pauses {
            now += *pause;
            let length = ejection.begin(now, first);
            lengths.push(length.as_secs());
            now += length;
            ejection.end(now);
        }
        lengths
    }

    #[test]
    fn ejected_again_soon_it_stays_out_twice_as_long_up_to_a_limit() {
        assert_eq!(lengths(10 * SECOND, &[SECOND; 8]), [10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(lengths(1000 * SECOND, &[SECOND; 2]), [1000, 1000]);
    }

    #[test]
    fn a_backend_that_served_as_long_as_it_was_out_begins_anew() {
        assert_eq!(lengths(10 * SECOND, &[SECOND, SECOND, 20 * SECOND, SECOND]), [10, 20, 10, 20]);
    }

    #[test]
    fn a_success_ends_the_row_of_failures() {
        let ejection = Ejection::default();
        assert_eq!([ejection.count_failure(true), ejection.count_failure(false)], [1, 2]);
        ejection.count_success();
        assert_eq!(ejection.count_failure(false), 1);
    }

    #[test]
    fn only_where_connecting_failed_alone_can_a_connection_disprove_it() {
        let now = Instant::now();
        for (connected, disproved) in [(false, true), (true, false)] {
            let ejection = Ejection::default();
            ejection.count_failure(false);
            ejection.count_failure(connected);
            ejection.begin(now, SECOND);
            assert!(!ejection.is_disproved_by_connecting_at(now), "a check that began before says nothing");
            assert_eq!(ejection.is_disproved_by_connecting_at(now + SECOND), disproved);
        }
    }
}
