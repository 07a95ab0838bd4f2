//! The retry budget, which limits retries to a share of the recent requests.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// Retries per second that are allowed on top of the configured share.
const RETRIES_A_SECOND: u64 = 10;

/// Limits retries, so that they do not overload a backend in trouble.
#[derive(Default)]
pub(crate) struct RetryBudget {
    spent: AtomicU64,
    /// Total requests begun, at the start of the current second and of the one before.
    marks: [AtomicU64; 2],
}

impl RetryBudget {
    pub(crate) fn tick(&self, begun: u64) {
        self.spent.store(0, Relaxed);
        self.marks[1].store(self.marks[0].swap(begun, Relaxed), Relaxed);
    }

    pub(crate) fn spend(&self, begun: u64, percent: u32) -> bool {
        let recent = begun.saturating_sub(self.marks[1].load(Relaxed));
        let allowed = RETRIES_A_SECOND + recent * u64::from(percent) / 100;
        self.spent.fetch_add(1, Relaxed) < allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_are_a_share_of_the_requests_and_ten_a_second_always_go() {
        let budget = RetryBudget::default();
        let spend = |begun| (0..1000).filter(|_| budget.spend(begun, 20)).count();
        assert_eq!(spend(0), 10);
        budget.tick(0);
        assert_eq!(spend(1000), 210);
        budget.tick(1000);
        assert_eq!(spend(1000), 210, "the last second still counts");
        budget.tick(1000);
        assert_eq!(spend(1000), 10);
    }
}
