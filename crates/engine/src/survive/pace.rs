//! How fast requests are sent: the app is somebody's, and may be at work.

use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// The least time from one request to the next: 50 a second.
const APART: Duration = Duration::from_millis(20);

/// Lets one request go at a time, and no more than 50 a second.
#[derive(Default)]
pub(crate) struct Pace {
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// Waits until the next request may go.
    pub(crate) async fn wait(&self) {
        let mut next = self.next.lock().await;
        if let Some(next) = *next {
            tokio::time::sleep_until(next).await;
        }
        *next = Some(Instant::now() + APART);
    }
}
