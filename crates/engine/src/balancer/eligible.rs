//! The backends that take new clients, with their weights.

use std::sync::Arc;

use super::backend::Backend;

/// A backend that takes new clients.
pub(crate) struct Eligible {
    /// Its index in `Pool::backends`.
    pub(crate) index: usize,
    /// Its weight relative to the others: the configured one, or a scaled one while any weight is reduced (slow start
    /// or agent).
    pub(crate) weight: u32,
    /// The sum of the weights up to and including its own.
    pub(crate) sum: usize,
}

impl Eligible {
    /// Looks it up in its pool's `backends`.
    pub(crate) fn backend<'b>(&self, backends: &'b [Arc<Backend>]) -> &'b Arc<Backend> {
        &backends[self.index]
    }
}

/// The sequence of nginx's smooth weighted round robin: A A B A C A A for weights 5, 1 and 1. Its length is the sum of
/// the weights, which makes every share exact; building it takes n times that many steps.
pub(crate) fn smooth_row(eligible: &[Eligible]) -> Box<[usize]> {
    let total: i64 = eligible.iter().map(|one| i64::from(one.weight)).sum();
    let mut current = vec![0_i64; eligible.len()];
    let step = |_| {
        for (current, one) in current.iter_mut().zip(eligible) {
            *current += i64::from(one.weight);
        }
        // `max_by_key` returns the last maximum; reversed, ties go to the first backend.
        let place = (0..current.len()).rev().max_by_key(|place| current[*place]).unwrap_or(0);
        current[place] -= total;
        place
    };
    (0..total).map(step).collect()
}
