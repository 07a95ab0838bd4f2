//! A lock-free histogram of one backend's response times.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::api::Percentiles;

/// Buckets per doubling: a percentile is at most an eighth too high.
const STEPS: u32 = 8;

/// Groups of `STEPS` buckets, starting at 0 µs: the last one ends above two hours.
const DOUBLINGS: u32 = 33;

const BUCKETS: usize = (STEPS * DOUBLINGS) as usize;

/// A histogram with logarithmic buckets, written by every worker and read once a second.
///
/// Boxed, because it is large and a backend is moved while it is built.
#[derive(Default)]
pub(crate) struct Latencies(Box<Counted>);

struct Counted {
    buckets: [AtomicU64; BUCKETS],
    sum_micros: AtomicU64,
}

/// A copy of the counts at one moment.
#[derive(Clone)]
pub(crate) struct Counts(Box<[u64; BUCKETS]>);

impl Default for Counted {
    fn default() -> Self {
        Counted { buckets: [const { AtomicU64::new(0) }; BUCKETS], sum_micros: AtomicU64::new(0) }
    }
}

impl Latencies {
    /// Counts one response.
    pub(crate) fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.0.buckets[bucket(micros)].fetch_add(1, Relaxed);
        self.0.sum_micros.fetch_add(micros, Relaxed);
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts(Box::new(std::array::from_fn(|i| self.0.buckets[i].load(Relaxed))))
    }

    /// The sum of all response times.
    pub(crate) fn sum(&self) -> Duration {
        Duration::from_micros(self.0.sum_micros.load(Relaxed))
    }
}

impl Default for Counts {
    fn default() -> Self {
        Counts(Box::new([0; BUCKETS]))
    }
}

impl Counts {
    /// The counts added since `earlier`, an older copy of the same histogram.
    pub(crate) fn since(&self, earlier: &Counts) -> Counts {
        Counts(Box::new(std::array::from_fn(|i| self.0[i].wrapping_sub(earlier.0[i]))))
    }

    pub(crate) fn add(&mut self, other: &Counts) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0.iter()) {
            *mine = mine.wrapping_add(*theirs);
        }
    }

    /// The number of responses.
    pub(crate) fn all(&self) -> u64 {
        self.0.iter().sum()
    }

    /// How many took less than 2^`power` µs. Exact, because a bucket begins at every power of two.
    pub(crate) fn below(&self, power: u32) -> u64 {
        self.0[..bucket(1 << power)].iter().sum()
    }

    /// How many fall in each doubling: below 8 µs, below 16 µs, and so on.
    pub(crate) fn doublings(&self) -> Vec<u64> {
        self.0.chunks(STEPS as usize).map(|steps| steps.iter().sum()).collect()
    }

    pub(crate) fn percentiles(&self) -> Percentiles {
        Percentiles { p50: self.quantile(50), p95: self.quantile(95), p99: self.quantile(99) }
    }

    /// The upper edge, in µs, of the bucket that contains this percentile; `None` if nothing was counted.
    fn quantile(&self, percent: u64) -> Option<u64> {
        let total = self.all();
        let rank = (total * percent).div_ceil(100).max(1);
        let mut seen = 0;
        self.0.iter().enumerate().find_map(|(i, n)| {
            seen += n;
            (seen >= rank).then(|| upper_edge(i))
        })
    }
}

/// The bucket index of a value: one bucket per µs below `STEPS`, then `STEPS` buckets per doubling.
fn bucket(micros: u64) -> usize {
    let steps = u64::from(STEPS);
    if micros < steps {
        return usize::try_from(micros).unwrap_or(0);
    }
    let shift = micros.ilog2() - STEPS.ilog2();
    let within = (micros >> shift) - steps;
    let index = u64::from(shift + 1) * steps + within;
    usize::try_from(index).map_or(BUCKETS - 1, |i| i.min(BUCKETS - 1))
}

fn upper_edge(index: usize) -> u64 {
    let (doubling, within) = (index as u64 / u64::from(STEPS), index as u64 % u64::from(STEPS));
    if doubling == 0 { within } else { ((u64::from(STEPS) + within + 1) << (doubling - 1)) - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_a_bucket_at_most_an_eighth_wide() {
        for micros in (0..5000).chain((1..40).map(|n| 1u64 << n).filter(|n| *n < 1 << 34)) {
            let edge = upper_edge(bucket(micros));
            assert!(edge >= micros, "{micros}: {edge}");
            assert!(edge - micros <= micros / 8, "{micros}: {edge}");
        }
    }

    #[test]
    fn percentiles_of_a_known_series() {
        let latencies = Latencies::default();
        for millis in 1..=100 {
            latencies.record(Duration::from_millis(millis));
        }
        let p = latencies.counts().percentiles();
        let within = |value: Option<u64>, about: u64| {
            let value = value.expect("counted");
            assert!(value >= about && value <= about + about / 8, "{value} for {about}");
        };
        within(p.p50, 50_000);
        within(p.p95, 95_000);
        within(p.p99, 99_000);
    }

    #[test]
    fn what_is_below_a_power_of_two_is_counted_exactly() {
        let latencies = Latencies::default();
        for micros in [0, 255, 256, 511, 512, 513] {
            latencies.record(Duration::from_micros(micros));
        }
        let counts = latencies.counts();
        assert_eq!([counts.below(8), counts.below(9), counts.below(10), counts.all()], [2, 4, 6, 6]);
        assert_eq!(latencies.sum(), Duration::from_micros(2047));
    }

    #[test]
    fn a_histogram_has_every_answer_in_its_doubling() {
        let latencies = Latencies::default();
        for micros in [0, 7, 8, 15, 16, 1023, 1024] {
            latencies.record(Duration::from_micros(micros));
        }
        let doublings = latencies.counts().doublings();
        assert_eq!((doublings[..3].to_vec(), doublings[7], doublings[8]), (vec![2, 2, 1], 1, 1));
    }

    #[test]
    fn nothing_counted_has_no_percentiles() {
        assert_eq!(Counts::default().percentiles(), Percentiles::default());
    }

    #[test]
    fn the_longest_wait_is_counted_in_the_last_bucket() {
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }
}
