//! How one of the backends that take new clients is picked.

use std::sync::atomic::Ordering::Relaxed;

use super::Backend;
use super::pool::Pool;
use crate::config::Strategy;

/// Spreads small numbers over all bits: 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Pool {
    /// The strategy's pick: a place in `eligible`.
    pub(super) fn pick(&self, random: &mut fastrand::Rng) -> Option<usize> {
        let total = self.total_weight();
        if total == 0 {
            return None;
        }
        let holder = |ticket: usize| self.eligible.partition_point(|(_, sum)| *sum <= ticket);
        Some(match self.strategy {
            Strategy::RoundRobin => holder(self.turn.fetch_add(1, Relaxed) % total),
            Strategy::Random => holder(random.usize(..total)),
            Strategy::LeastConnections => self.least_connections(),
        })
    }

    /// The fewest active requests for its weight. The search begins one further each time, so that ties rotate.
    fn least_connections(&self) -> usize {
        let of = self.eligible.len();
        let start = self.turn.fetch_add(1, Relaxed);
        let mut best = (start % of, u64::MAX, 1);
        for step in 0..of {
            let place = (start + step) % of;
            let backend = &self.backends[self.eligible[place].0];
            let (active, weight) = (u64::from(backend.active()), u64::from(backend.weight().max(1)));
            // active/weight < best.active/best.weight, without division.
            if best.1 == u64::MAX || active * best.2 < best.1 * weight {
                best = (place, active, weight);
            }
        }
        best.0
    }

    /// Where all requests of a client go that has lost its backend: the highest of weighted random values that depend
    /// on the client and the backend alone (rendezvous hashing), so that no two of them disagree.
    pub(super) fn together(&self, fingerprint: u64, tried: &[u32]) -> Option<usize> {
        let score = |backend: &Backend| {
            let hash = fastrand::Rng::with_seed(fingerprint ^ u64::from(backend.id()).wrapping_mul(GOLDEN)).f64();
            // -weight / ln(u) makes the chances those of the weights.
            -f64::from(backend.weight()) / hash.max(f64::MIN_POSITIVE).ln()
        };
        let left = self.eligible.iter().map(|(index, _)| *index);
        left.filter(|index| !tried.contains(&self.backends[*index].id()))
            .max_by(|a, b| score(&self.backends[*a]).total_cmp(&score(&self.backends[*b])))
    }
}
