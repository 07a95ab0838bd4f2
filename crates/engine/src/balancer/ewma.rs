//! A moving average of a backend's response times that follows peaks at once and forgets them slowly.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// Time constant: after it, a sample's influence is down to 1/e, about a third. Long enough to bridge pauses in
/// traffic, short enough that a slow backend is soon tried again.
const FADING: Duration = Duration::from_secs(10);

/// Microseconds per active request assumed for a backend without a sample, so that it is tried with one request, not
/// with all of them.
const UNKNOWN: f64 = 1_000_000.0;

/// A peak-sensitive exponentially weighted moving average of response times, written by every worker.
pub(crate) struct PeakEwma {
    since: Instant,
    /// Upper half: milliseconds after `since`; lower half: the bits of an `f32` in microseconds. Packed so that both
    /// change atomically. Zero means no sample.
    packed: AtomicU64,
}

impl Default for PeakEwma {
    fn default() -> Self {
        PeakEwma { since: Instant::now(), packed: AtomicU64::new(0) }
    }
}

impl PeakEwma {
    /// The average as it is, for one [like it](Self::like).
    pub(crate) fn packed(&self) -> u64 {
        self.packed.load(Relaxed)
    }

    /// An average of the same time that is so now.
    pub(crate) fn like(&self, packed: u64) -> Self {
        PeakEwma { since: self.since, packed: AtomicU64::new(packed) }
    }

    /// Adds one response time.
    pub(crate) fn record(&self, took: Duration, now: Instant) {
        let took = took.as_secs_f64() * 1e6;
        // Cannot fail, because the closure always returns `Some`.
        let _ = self.packed.fetch_update(Relaxed, Relaxed, |packed| {
            let value = self.unpacked(packed, now).map_or(took, |(before, weight)| {
                let faded = before * weight;
                if took > faded { took } else { faded + took * (1.0 - weight) }
            });
            Some(self.pack(value, now))
        });
    }

    /// The average in microseconds, decayed since the last sample; `None` without a sample.
    pub(crate) fn micros(&self, now: Instant) -> Option<f64> {
        self.unpacked(self.packed.load(Relaxed), now).map(|(value, weight)| value * weight)
    }

    /// The expected time for one more request, in microseconds, if the backend has `active` requests now.
    pub(crate) fn expected_wait(&self, active: u32, now: Instant) -> f64 {
        match self.micros(now) {
            Some(micros) => micros * (f64::from(active) + 1.0),
            None => UNKNOWN * f64::from(active),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "an f32 is precise enough, and the milliseconds are masked")]
    fn pack(&self, micros: f64, now: Instant) -> u64 {
        let millis = now.saturating_duration_since(self.since).as_millis() as u64;
        // At least 1.0, so that the packed value is never zero.
        (millis << 32) | u64::from((micros as f32).max(1.0).to_bits())
    }

    /// The stored average, and the factor by which it has decayed.
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
    fn unpacked(&self, packed: u64, now: Instant) -> Option<(f64, f64)> {
        if packed == 0 {
            return None;
        }
        let age = now.saturating_duration_since(self.since + Duration::from_millis(packed >> 32));
        Some((f64::from(f32::from_bits(packed as u32)), (-age.as_secs_f64() / FADING.as_secs_f64()).exp()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_counts_at_once_and_fades() {
        let ewma = PeakEwma::default();
        let start = Instant::now();
        assert_eq!(ewma.micros(start), None);
        ewma.record(Duration::from_millis(2), start);
        ewma.record(Duration::from_millis(80), start);
        let at = |seconds| ewma.micros(start + Duration::from_secs(seconds)).expect("a sample") / 1000.0;
        assert!((79.0..81.0).contains(&at(0)), "{}", at(0));
        assert!((27.0..33.0).contains(&at(10)), "{}", at(10));
        for second in 1..60 {
            ewma.record(Duration::from_millis(2), start + Duration::from_secs(second));
        }
        assert!(at(60) < 4.0, "{}", at(60));
    }

    #[test]
    fn more_requests_wait_longer_and_an_unknown_backend_is_tried_with_one() {
        let ewma = PeakEwma::default();
        let now = Instant::now();
        assert!(ewma.expected_wait(0, now) < 1.0 && ewma.expected_wait(1, now) > 100_000.0);
        ewma.record(Duration::from_millis(10), now);
        assert!((ewma.expected_wait(2, now) - 3.0 * ewma.expected_wait(0, now)).abs() < 1.0);
    }
}
