//! The most requests a second that closed traffic makes, however soon they are answered.

use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

use crate::api::MAX_TRAFFIC_RATE;

/// Gives turns, one after the other, at most [`MAX_TRAFFIC_RATE`] a second.
pub(super) struct Pace {
    /// When the next turn is.
    free: Mutex<Instant>,
}

impl Pace {
    pub(super) fn new() -> Self {
        Pace { free: Mutex::new(Instant::now()) }
    }

    /// Waits for a turn.
    pub(super) async fn next(&self) {
        let mut free = self.free.lock().await;
        let at = (*free).max(Instant::now());
        *free = at + Duration::from_secs(1) / MAX_TRAFFIC_RATE;
        drop(free);
        sleep_until(at).await;
    }
}
