//! The wait for a backend while there is none to try (`hold`).

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use crate::balancer::Pool;
use crate::state::LivePool;

/// How long those that have failed just now are left alone while nothing is heard of them: one that was back before its
/// check changes no state.
const AGAIN: Duration = Duration::from_secs(1);

/// What one client may be held in all, from the first time that nobody is there for it.
pub(super) struct Hold {
    limit: Duration,
    begun: Option<(Instant, watch::Receiver<()>)>,
}

impl Hold {
    /// For at most `limit`; zero is not at all.
    pub(super) fn new(limit: Duration) -> Option<Self> {
        (!limit.is_zero()).then_some(Hold { limit, begun: None })
    }

    /// Waits until it is worth a try to choose again, and gives the pool to choose from; `None` once the time is over.
    /// `chosen_from` is the pool that had nobody. Those that were tried may be tried again.
    pub(super) async fn wait(&mut self, live: &LivePool, chosen_from: &Arc<Pool>) -> Option<Arc<Pool>> {
        let limit = self.limit;
        let (until, changes) = self.begun.get_or_insert_with(|| (Instant::now() + limit, live.changes.subscribe()));
        if Instant::now() >= *until {
            return None;
        }
        changes.mark_unchanged();
        // Looked at after that, so that no change can fall between the two.
        let now = live.current.load_full();
        if !Arc::ptr_eq(&now, chosen_from) {
            return Some(now);
        }
        // A change, or the pause: what comes of it, the choice that follows tells.
        let _ = timeout_at(*until, timeout(AGAIN, changes.changed())).await.ok()?;
        Some(live.current.load_full())
    }
}
