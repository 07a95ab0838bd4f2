//! Passive ejection: a backend whose traffic fails again and again is left alone for a while.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// The longest ejection, where the first is not longer itself.
const LONGEST: Duration = Duration::from_mins(5);

/// What traffic to one backend says of it.
#[derive(Default)]
pub(crate) struct Ejection {
    /// Failures since the last success.
    row: AtomicU32,
    /// Those among them where a connection was made.
    unanswered: AtomicU32,
    out: AtomicBool,
    turns: Mutex<Turns>,
    /// Told whenever an ejection begins or ends.
    pub(crate) changed: Notify,
}

/// The ejections so far.
#[derive(Default)]
struct Turns {
    began: Option<Instant>,
    until: Option<Instant>,
    /// How many came so soon after another that each lasts twice as long as the last.
    repeated: u32,
    /// Whether nothing but connecting failed.
    connecting: bool,
}

impl Ejection {
    /// Whether it is ejected now.
    pub(crate) fn is_out(&self) -> bool {
        self.out.load(Relaxed)
    }

    /// A request was answered well.
    pub(crate) fn count_success(&self) {
        // Written only where there is something to forget: workers share this.
        if self.row.load(Relaxed) != 0 {
            self.forget();
        }
    }

    /// A request failed, where `connected` tells how far it came; gives the failures in a row.
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

    /// Ejects it for `first`, or longer where the last ejection is not long over; gives for how long.
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

    /// Ends its ejection, if it is in one, and forgets the failures that led to it.
    pub(crate) fn end(&self, now: Instant) {
        self.forget();
        if self.out.swap(false, Relaxed) {
            let mut turns = self.turns();
            turns.until = turns.until.map(|until| until.min(now));
            self.changed.notify_one();
        }
    }

    /// When its ejection ends, if it is in one.
    pub(crate) fn until(&self) -> Option<Instant> {
        if self.is_out() { self.turns().until } else { None }
    }

    /// Whether a check that began then and connected has shown that what it was ejected for is over.
    pub(crate) fn is_disproved_by_connecting_at(&self, began: Instant) -> bool {
        let turns = self.turns();
        self.is_out() && turns.connecting && turns.began.is_some_and(|out| out < began)
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        // Every change is whole after each line.
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

    /// How long each ejection lasts, where one begins this long after the last has ended.
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
