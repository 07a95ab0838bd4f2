//! The search for the step that binds a client to a copy.

/// Finds by halving a step that binds its client: the client is moved at step k, and all from there on goes to the other copy.
///
/// Moved before the step that binds, a client loses nothing, since all that belongs together is on the other copy; moved
/// behind it, it does. With several sessions in one journey this need not rise once and for all; what is found is still true of
/// its step: moved there nothing is lost, moved one later it is.
#[derive(Clone, Debug)]
pub struct Halving {
    /// Moved here, nothing was lost.
    fine: usize,
    /// Moved here, it is lost.
    lost: usize,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Whether a single move loses it at all is seen first, at the step that was lost.
    Single,
    /// Then whether it is lost with every step on the other copy.
    Whole,
    Halves,
    /// A single move loses nothing.
    Never,
    /// It is lost wherever the client is moved.
    Always,
}

impl Halving {
    /// Between the first step and the one that was lost when the client took turns.
    pub fn new(lost_at: usize) -> Self {
        Halving { fine: 0, lost: lost_at, stage: Stage::Single }
    }

    /// The step to move at next; `None` once it is known whether one binds.
    pub fn next(&self) -> Option<usize> {
        match self.stage {
            Stage::Single => Some(self.lost),
            Stage::Whole => Some(0),
            Stage::Halves => (self.lost - self.fine > 1).then(|| self.fine.midpoint(self.lost)),
            Stage::Never | Stage::Always => None,
        }
    }

    /// Whether the same step was lost by moving at [`next`](Halving::next).
    pub fn moved(&mut self, lost: bool) {
        match (self.stage, lost) {
            (Stage::Single, true) if self.lost > 0 => self.stage = Stage::Whole,
            (Stage::Single | Stage::Whole, true) => self.stage = Stage::Always,
            (Stage::Single, false) => self.stage = Stage::Never,
            (Stage::Whole, false) => self.stage = Stage::Halves,
            (Stage::Halves, true) => self.lost = self.fine.midpoint(self.lost),
            (Stage::Halves, false) => self.fine = self.fine.midpoint(self.lost),
            (Stage::Never | Stage::Always, _) => {}
        }
    }

    /// The step that binds, once it is known.
    pub fn binding(&self) -> Option<usize> {
        (self.stage == Stage::Halves && self.lost - self.fine == 1).then_some(self.fine)
    }

    /// Whether it is lost with every step on the other copy, too: what binds it was before them, or was left out.
    pub fn is_bound_before(&self) -> bool {
        self.stage == Stage::Always
    }

    /// Why no step can be named, where that is so.
    pub fn inconclusive(&self) -> Option<&'static str> {
        match self.stage {
            Stage::Never => {
                Some("moving the client once loses nothing, and sending its requests to the copies in turn does")
            }
            Stage::Always => {
                Some("what binds the client was before the requests that were sent again, or was left out")
            }
            _ => None,
        }
    }
}

/// Where to send each of `steps` requests so that any two of them are on different copies in one of the runs: the first run
/// alternates, the next goes by twos, then by fours. `true` is the other copy.
pub fn turns(steps: usize) -> Vec<Vec<bool>> {
    let runs = usize::BITS - steps.saturating_sub(1).leading_zeros();
    (0..runs).map(|run| (0..steps).map(|step| step >> run & 1 == 1).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(lost_at: usize, lost: impl Fn(usize) -> bool) -> (Halving, usize) {
        let mut halving = Halving::new(lost_at);
        let mut runs = 0;
        while let Some(step) = halving.next() {
            halving.moved(lost(step));
            runs += 1;
            assert!(runs <= 10, "it ends");
        }
        (halving, runs)
    }

    #[test]
    fn the_step_that_binds_is_found_wherever_it_is() {
        for lost_at in 1..200 {
            for binding in 0..lost_at {
                let (halving, _) = search(lost_at, |moved| moved > binding);
                assert_eq!(halving.binding(), Some(binding), "of {lost_at}");
                assert_eq!(halving.inconclusive(), None);
            }
        }
    }

    #[test]
    fn with_several_sessions_what_is_found_binds_by_itself() {
        for pattern in 0_u32..1 << 12 {
            let lost = |moved: usize| moved == 12 || (moved > 0 && pattern >> (moved - 1) & 1 == 1);
            let binding = search(12, lost).0.binding().expect("found");
            assert!(lost(binding + 1) && !lost(binding), "{pattern:b}: {binding}");
        }
    }

    #[test]
    fn where_no_step_binds_it_says_why() {
        let (halving, runs) = search(7, |_| false);
        assert_eq!((halving.binding(), runs, halving.is_bound_before()), (None, 1, false));
        assert!(halving.inconclusive().is_some());
        for lost_at in [0, 1, 7] {
            let (halving, _) = search(lost_at, |_| true);
            assert_eq!((halving.binding(), halving.is_bound_before()), (None, true));
            assert!(halving.inconclusive().is_some());
        }
    }

    #[test]
    fn any_two_requests_are_on_different_copies_in_some_run() {
        for steps in 0..40 {
            let runs = turns(steps);
            for (one, other) in (0..steps).flat_map(|one| (0..one).map(move |other| (one, other))) {
                assert!(runs.iter().any(|run| run[one] != run[other]), "{one} and {other} of {steps}");
            }
        }
        assert_eq!(turns(200).len(), 8);
        assert_eq!(turns(3)[0], [false, true, false]);
    }
}
