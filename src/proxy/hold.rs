//! Requests that wait for a backend while nobody is up (`hold`).

use std::time::{Duration, Instant};

use super::departure::LOOK;
use crate::engine::LivePool;

/// For how long a request waits, from the moment on when there is nobody who could have it.
pub(super) struct Hold {
    limit: Duration,
    until: Option<Instant>,
}

impl Hold {
    /// `limit` is `hold`; zero is not at all.
    pub(super) fn new(limit: Duration) -> Self {
        Hold { limit, until: None }
    }

    /// Waits until somebody is up; says whether it is worth to choose again. `tried`: the request was tried on somebody.
    pub(super) async fn wait(&mut self, live: &LivePool, tried: bool) -> bool {
        if self.limit.is_zero() {
            return false;
        }
        let now = Instant::now();
        let until = *self.until.get_or_insert(now + self.limit);
        let left = until.saturating_duration_since(now);
        // Looked at after subscribing, so that no change can fall between the two.
        let mut changes = live.changes.subscribe();
        if tried {
            // Who failed is DOWN as soon as its check has failed, too. Where it has not, it may be back already.
            let _ = tokio::time::timeout(left.min(LOOK), changes.changed()).await;
        }
        let somebody = async {
            while !live.in_force.load().has_another(&[]) {
                if changes.changed().await.is_err() {
                    return;
                }
            }
        };
        tokio::time::timeout_at(until.into(), somebody).await.is_ok() && !left.is_zero()
    }
}
