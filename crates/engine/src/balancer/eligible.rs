//! The backends that take new clients, with their weights.

use std::sync::Arc;

use super::backend::Backend;

/// A backend that takes new clients.
pub(crate) struct Eligible {
    /// Its place in `backends`.
    pub(crate) index: usize,
    /// Its weight beside the others': the configured one, or hundredths of it while one of them is less than whole.
    pub(crate) weight: u32,
    /// The sum of the weights up to and with its own.
    pub(crate) sum: usize,
}

impl Eligible {
    /// It, among all of its pool.
    pub(crate) fn backend<'b>(&self, backends: &'b [Arc<Backend>]) -> &'b Arc<Backend> {
        &backends[self.index]
    }
}

/// The row of smooth weighted round robin, as nginx runs it: A A B A C A A for weights 5, 1 and 1. Its length is the
/// sum of the weights, so that everyone's share is exact; it costs n times that once, when the pool is made.
pub(crate) fn smooth_row(eligible: &[Eligible]) -> Box<[usize]> {
    let total: i64 = eligible.iter().map(|one| i64::from(one.weight)).sum();
    let mut current = vec![0_i64; eligible.len()];
    let step = |_| {
        for (current, one) in current.iter_mut().zip(eligible) {
            *current += i64::from(one.weight);
        }
        // The first of the highest.
        let place = (0..current.len()).rev().max_by_key(|place| current[*place]).unwrap_or(0);
        current[place] -= total;
        place
    };
    (0..total).map(step).collect()
}
