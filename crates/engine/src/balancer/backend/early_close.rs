//! How soon a backend was seen to close idle connections, so that what may not be sent twice keeps clear of that moment.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// After this time an observation counts for twice as long an idle time, and so on: a backend that was restarted, or one whose
/// settings changed, is not mistrusted for ever.
const DOUBLING: Duration = Duration::from_secs(3);

/// A backend that keeps an idle connection open for so long does not close each as soon as it has answered.
pub(crate) const TRUSTED: Duration = Duration::from_millis(20);

/// The shortest time after which a backend closed an idle connection, written by every worker.
///
/// The figure is an upper limit: when exactly a connection was closed is not known, but when it was found closed.
pub(crate) struct EarlyClose {
    since: Instant,
    /// Seconds after `since` above, microseconds of the idle time below, so that both change together; zero is no
    /// observation.
    packed: AtomicU64,
    /// A connection stayed open for [`TRUSTED`], and none was found closed since.
    trusted: AtomicBool,
}

impl Default for EarlyClose {
    fn default() -> Self {
        EarlyClose { since: Instant::now(), packed: AtomicU64::new(0), trusted: AtomicBool::new(false) }
    }
}

impl EarlyClose {
    /// Takes in that a connection was found closed which had been idle for so long.
    pub(crate) fn note(&self, idle: Duration, now: Instant) {
        self.trusted.store(false, Relaxed);
        if self.shortest(now).is_none_or(|shortest| idle < shortest) {
            let micros = u32::try_from(idle.as_micros()).unwrap_or(u32::MAX).max(1);
            self.packed.store(self.seconds(now) << 32 | u64::from(micros), Relaxed);
        }
    }

    /// Takes in that a connection was found open which had been idle for so long.
    pub(crate) fn note_open(&self, idle: Duration) {
        if idle >= TRUSTED && !self.is_trusted() {
            self.trusted.store(true, Relaxed);
        }
    }

    /// Whether it was seen to keep an idle connection open.
    pub(crate) fn is_trusted(&self) -> bool {
        self.trusted.load(Relaxed)
    }

    /// How long a connection may have been idle for the backend to be unlikely to close it now: half of the shortest time;
    /// `None` without any observation.
    pub(crate) fn limit(&self, now: Instant) -> Option<Duration> {
        self.shortest(now).map(|shortest| shortest / 2)
    }

    fn shortest(&self, now: Instant) -> Option<Duration> {
        let packed = self.packed.load(Relaxed);
        let (at, micros) = (packed >> 32, packed & u64::from(u32::MAX));
        let doublings = self.seconds(now).saturating_sub(at) / DOUBLING.as_secs();
        // After 32 doublings even a microsecond is more than an hour.
        (micros > 0 && doublings < 32).then(|| Duration::from_micros(micros << doublings))
    }

    fn seconds(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.since).as_secs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_limit_is_half_of_the_shortest_idle_time_seen() {
        let (early, now) = (EarlyClose::default(), Instant::now());
        assert_eq!(early.limit(now), None);
        early.note(800 * MS, now);
        assert_eq!(early.limit(now), Some(400 * MS));
        early.note(200 * MS, now);
        early.note(600 * MS, now);
        assert_eq!(early.limit(now), Some(100 * MS));
    }

    #[test]
    fn it_is_trusted_once_it_kept_a_connection_and_until_it_closes_one() {
        let (early, now) = (EarlyClose::default(), Instant::now());
        early.note_open(TRUSTED / 2);
        assert!(!early.is_trusted());
        early.note_open(TRUSTED);
        assert!(early.is_trusted());
        early.note(Duration::from_secs(4), now);
        assert!(!early.is_trusted());
    }

    #[test]
    fn it_is_forgotten_in_time_and_learned_anew() {
        let (early, now) = (EarlyClose::default(), Instant::now());
        early.note(MS, now);
        assert_eq!(early.limit(now + 2 * DOUBLING), Some(2 * MS));
        early.note(3 * MS, now + 2 * DOUBLING);
        assert_eq!(early.limit(now + 2 * DOUBLING), Some(3 * MS / 2));
        assert_eq!(early.limit(now + 40 * DOUBLING), None);
    }
}
