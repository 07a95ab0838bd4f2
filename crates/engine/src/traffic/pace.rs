//! The most requests a second that closed traffic makes, however soon they are answered.

use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

use crate::api::MAX_TRAFFIC_RATE;

/// Gives turns, one after the other, at most [`MAX_TRAFFIC_RATE`] a second.
pub(super) struct Pace {
    next: Mutex<Instant>,
}

impl Pace {
    pub(super) fn new() -> Self {
        Pace { next: Mutex::new(Instant::now()) }
    }

    /// Waits for a turn.
    pub(super) async fn turn(&self) {
        let mut next = self.next.lock().await;
        let at = (*next).max(Instant::now());
        *next = at + Duration::from_secs(1) / MAX_TRAFFIC_RATE;
        drop(next);
        sleep_until(at).await;
    }
}
