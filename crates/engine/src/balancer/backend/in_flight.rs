//! How many requests a backend has, and for how long: one word, so that beginning or ending a request costs no more than
//! counting it.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// Bits of the word that count requests; no process has so many open files.
const COUNT: u32 = 20;

/// Where the word's time begins.
static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The requests that a backend has now, the most it had, and the time integral of their number.
///
/// The word's low bits are the number of requests; the others are the sum of the times at which requests ended less those at
/// which requests began, in microseconds, modulo 2^44. With the present number times the present time added, that is the
/// integral: its growth between two moments is what [`InFlight::since`] tells.
#[derive(Default)]
pub(crate) struct InFlight {
    word: AtomicU64,
    most: AtomicU32,
}

/// The integral at one moment.
#[derive(Clone, Copy, Default)]
pub(crate) struct Integral(u64);

impl InFlight {
    /// One more request, which began then.
    pub(super) fn begin(&self, at: Instant) {
        let now = self.add(at) + 1;
        if now > self.most.load(Relaxed) {
            self.most.fetch_max(now, Relaxed);
        }
    }

    /// The same where it takes the place of one that ends in a moment, so that the two are no more than one.
    pub(super) fn begin_in_place(&self, at: Instant) {
        self.add(at);
    }

    fn add(&self, at: Instant) -> u32 {
        count(self.word.fetch_add(1_u64.wrapping_sub(micros(at) << COUNT), Relaxed))
    }

    /// One of them ended then.
    pub(super) fn end(&self, at: Instant) {
        self.word.fetch_add((micros(at) << COUNT).wrapping_sub(1), Relaxed);
    }

    /// How many there are.
    pub(crate) fn now(&self) -> u32 {
        count(self.word.load(Relaxed))
    }

    /// The most there were at one time since [`InFlight::forget_most`].
    pub(crate) fn most(&self) -> u32 {
        self.most.load(Relaxed).max(self.now())
    }

    /// Begins to count the most anew, with those there are.
    pub(crate) fn forget_most(&self) {
        self.most.store(self.now(), Relaxed);
    }

    /// The integral at this moment, which should be now.
    pub(crate) fn integral(&self, at: Instant) -> Integral {
        let word = self.word.load(Relaxed);
        Integral((word >> COUNT).wrapping_add(u64::from(count(word)).wrapping_mul(micros(at))))
    }
}

impl Integral {
    /// Request-microseconds since then, which must be no more than 2^43. It is below zero by next to nothing where a request
    /// ends at this moment.
    pub(crate) fn since(self, before: Integral) -> i64 {
        (self.0.wrapping_sub(before.0) << COUNT).cast_signed() >> COUNT
    }
}

fn count(word: u64) -> u32 {
    u32::try_from(word & ((1 << COUNT) - 1)).unwrap_or(u32::MAX)
}

fn micros(at: Instant) -> u64 {
    u64::try_from(at.saturating_duration_since(*EPOCH).as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_integral_is_of_every_request_as_long_as_it_lasted() {
        let (all, start) = (InFlight::default(), Instant::now() + Duration::from_hours(1));
        let at = |millis: u64| start + Duration::from_millis(millis);
        all.begin(at(0));
        let before = all.integral(at(100));
        all.begin(at(200));
        all.begin(at(200));
        all.end(at(300));
        // 200 ms of one, 100 ms of three, and 700 ms of two.
        assert_eq!(all.integral(at(1100)).since(before), (100 + 300 + 1600) * 1000);
        assert_eq!((all.now(), all.most()), (2, 3));
        all.end(at(1200));
        all.end(at(1300));
        assert_eq!(all.integral(at(5000)).since(all.integral(at(4000))), 0);
        all.forget_most();
        assert_eq!((all.now(), all.most()), (0, 0));
    }

    #[test]
    fn a_request_that_ends_in_the_moment_of_asking_takes_next_to_nothing_away() {
        let (all, start) = (InFlight::default(), Instant::now() + Duration::from_hours(1));
        all.begin(start);
        let before = all.integral(start + Duration::from_micros(10));
        all.end(start + Duration::from_micros(9));
        assert_eq!(all.integral(start + Duration::from_micros(10)).since(before), -1);
    }

    #[test]
    fn what_takes_the_place_of_another_is_no_more_than_one() {
        let (all, start) = (InFlight::default(), Instant::now());
        all.begin(start);
        all.begin_in_place(start);
        all.end(start);
        assert_eq!((all.now(), all.most()), (1, 1));
    }
}
