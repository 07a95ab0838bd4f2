//! The strategies, which pick one of the backends that take new clients.
//!
//! Cost of a pick among n backends: round-robin, random and power-of-two O(log n), a binary search in the sums of the
//! weights; smooth-round-robin O(1), from a sequence built with the pool; first O(1); least-connections, least-latency
//! and hash O(n). If the pick was tried or is full, the caller tries the ones after it: O(n) at worst.

use std::time::Instant;

use super::eligible::Eligible;
use super::pool::Pool;
use super::rendezvous::Fingerprint;
use crate::api::Strategy;

/// What a strategy picked.
#[derive(Clone, Copy)]
pub(crate) struct Pick {
    /// Its index in `eligible`.
    pub(crate) place: usize,
    /// Power of two: the other backend drawn, if it was a different one.
    pub(crate) against: Option<usize>,
}

impl Pick {
    fn of(place: usize) -> Self {
        Pick { place, against: None }
    }
}

impl Pool {
    /// The strategy's pick at this time; `None` if no backend takes new clients.
    pub(crate) fn pick(&self, key: Fingerprint, random: &mut fastrand::Rng, now: Instant) -> Option<Pick> {
        let total = self.total_weight();
        if total == 0 {
            return None;
        }
        let holder = |ticket: usize| self.eligible.partition_point(|one| one.sum <= ticket);
        Some(match self.strategy {
            Strategy::RoundRobin if self.smooth.is_empty() => Pick::of(holder(self.memory.next_turn() % total)),
            Strategy::RoundRobin | Strategy::SmoothRoundRobin => {
                Pick::of(self.smooth[self.memory.next_turn() % self.smooth.len()])
            }
            Strategy::Random => Pick::of(holder(random.usize(..total))),
            Strategy::PowerOfTwo => {
                let drawn = [holder(random.usize(..total)), holder(random.usize(..total))];
                self.less_busy(drawn)
            }
            Strategy::LeastConnections => {
                Pick::of(self.least(|one| f64::from(one.backend(&self.backends).counters.active())))
            }
            Strategy::LeastLatency => {
                Pick::of(self.least(|one| one.backend(&self.backends).counters.expected_wait(now)))
            }
            Strategy::Hash => {
                self.memory.keys.note(key);
                Pick::of(self.suited(key, |_| true)?)
            }
            Strategy::First => Pick::of(0),
        })
    }

    fn less_busy(&self, [one, other]: [usize; 2]) -> Pick {
        let load = |place: usize| {
            let one = &self.eligible[place];
            f64::from(one.backend(&self.backends).counters.active()) / f64::from(one.weight)
        };
        match one == other {
            true => Pick::of(one),
            false if load(other) < load(one) => Pick { place: other, against: Some(one) },
            false => Pick { place: one, against: Some(other) },
        }
    }

    /// The backend with the lowest cost per weight. Each search starts one backend further on, so that ties rotate.
    fn least(&self, cost: impl Fn(&Eligible) -> f64) -> usize {
        let of = self.eligible.len();
        let start = self.memory.next_turn();
        let mut best = (start % of, f64::INFINITY);
        for step in 0..of {
            let place = (start + step) % of;
            let one = &self.eligible[place];
            let cost = cost(one) / f64::from(one.weight);
            if cost < best.1 {
                best = (place, cost);
            }
        }
        best.0
    }

    /// The index in `eligible` of the backend with the highest score for a key, among those that `may` accepts.
    pub(crate) fn suited(&self, key: Fingerprint, may: impl Fn(&Eligible) -> bool) -> Option<usize> {
        let score = |place: &usize| {
            let one = &self.eligible[*place];
            key.score(one.backend(&self.backends).id(), one.weight)
        };
        (0..self.eligible.len()).filter(|place| may(&self.eligible[*place])).max_by_key(score)
    }
}
