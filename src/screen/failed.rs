//! The backends that a request failed on.

use stickylb::api::{Attempt, Outcome};

/// The first failed attempt on each backend: one that failed on a kept connection and then on a new one has failed there once.
pub(crate) fn failed(attempts: &[Attempt]) -> impl Iterator<Item = &Attempt> {
    let is_first = |n: usize| attempts[..n].iter().all(|before| before.backend.id != attempts[n].backend.id);
    let failed = attempts.iter().enumerate().filter(|(_, attempt)| attempt.outcome != Outcome::Answered);
    failed.filter(move |(n, _)| is_first(*n)).map(|(_, attempt)| attempt)
}
