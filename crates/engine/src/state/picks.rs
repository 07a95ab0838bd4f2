//! What is counted of a pool's choices beside its backends' own counters.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::api::BackendId;

/// What is counted of a pool's choices. Only `picked` is called for every request.
#[derive(Default)]
pub(crate) struct Picks {
    /// The backend picked last in the upper half, and how often in a row in the lower one.
    run: AtomicU64,
    longest: AtomicU32,
    moved: AtomicU64,
    lost: AtomicU64,
}

impl Picks {
    /// A request goes to this backend.
    pub(crate) fn picked(&self, id: BackendId) {
        let id = u64::from(id.get()) << 32;
        let next = |run: u64| Some(if run & !u64::from(u32::MAX) == id && run > 0 { run + 1 } else { id | 1 });
        let before = self.run.fetch_update(Relaxed, Relaxed, next).unwrap_or_default();
        let length = next(before).map_or(0, |run| u32::try_from(run & u64::from(u32::MAX)).unwrap_or(u32::MAX));
        if length > self.longest.load(Relaxed) {
            self.longest.fetch_max(length, Relaxed);
        }
    }

    /// A client left the backend it was bound to for another.
    pub(crate) fn moved(&self) {
        self.moved.fetch_add(1, Relaxed);
    }

    /// The balancer answered a request itself; it is lost where this is 502, 503 or 504.
    pub(crate) fn replied(&self, status: u16) {
        if (502..=504).contains(&status) {
            self.lost.fetch_add(1, Relaxed);
        }
    }

    /// The longest run since [`Picks::forget_run`].
    pub(super) fn longest_run(&self) -> u32 {
        self.longest.load(Relaxed)
    }

    /// Begins to count the longest run anew.
    pub(super) fn forget_run(&self) {
        self.run.store(0, Relaxed);
        self.longest.store(0, Relaxed);
    }

    pub(super) fn all_moved(&self) -> u64 {
        self.moved.load(Relaxed)
    }

    pub(super) fn all_lost(&self) -> u64 {
        self.lost.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_run_is_of_requests_one_after_the_other_to_one_backend() {
        let picks = Picks::default();
        for id in [0, 0, 1, 0, 0, 0, 2, 2] {
            picks.picked(id.into());
        }
        assert_eq!(picks.longest_run(), 3);
        picks.forget_run();
        assert_eq!(picks.longest_run(), 0);
        picks.picked(0.into());
        picks.picked(2.into());
        assert_eq!(picks.longest_run(), 1);
    }

    #[test]
    fn only_what_no_backend_answered_is_lost() {
        let picks = Picks::default();
        for status in [200, 400, 429, 500, 502, 503, 504] {
            picks.replied(status);
        }
        assert_eq!(picks.all_lost(), 3);
    }
}
