//! The answers that are compared, in the order in which they were asked for.

use std::time::Duration;

use super::names::CopyNames;
use super::places::Facts;

/// One answer among those compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken<'f> {
    pub(super) copy: usize,
    pub(super) at: Duration,
    pub(super) facts: &'f Facts,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Answers<'f> {
    pub(super) taken: Vec<Taken<'f>>,
    pub(super) copies: &'f [CopyNames],
    /// The first answer of each copy, by its place.
    firsts: Vec<usize>,
    /// Whether there are so few that a clock may have stood still in all of one copy's.
    pub(super) few: bool,
}

impl<'f> Answers<'f> {
    /// Of each copy there is at least one.
    pub(super) fn new(taken: Vec<Taken<'f>>, copies: &'f [CopyNames], few: bool) -> Self {
        let first = |copy| taken.iter().position(|taken| taken.copy == copy).unwrap_or(0);
        let firsts = (0..copies.len()).map(first).collect();
        Answers { taken, copies, firsts, few }
    }

    /// Whether each copy always has the same.
    pub(super) fn is_stable<T: PartialEq>(&self, of_answers: &[T]) -> bool {
        self.taken.iter().zip(of_answers).all(|(taken, value)| *value == of_answers[self.firsts[taken.copy]])
    }

    /// What each copy has, where that is stable.
    pub(super) fn of_copies<T: Clone>(&self, of_answers: &[T]) -> Vec<T> {
        self.firsts.iter().map(|at| of_answers[*at].clone()).collect()
    }

    /// Whether every body is there to its end.
    pub(super) fn are_whole(&self) -> bool {
        self.taken.iter().all(|taken| taken.facts.whole)
    }
}

/// Whether all are equal.
pub(super) fn are_equal<T: PartialEq>(all: &[T]) -> bool {
    all.windows(2).all(|pair| pair[0] == pair[1])
}
