//! How fast requests are sent: the app is somebody's, and may be at work.

use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// The least time from one request to the next: 50 a second.
const APART: Duration = Duration::from_millis(20);

/// The same for an app that limits requests: 5 a second.
const SLOW: Duration = Duration::from_millis(200);

/// Lets one request go at a time, and no more than 50 a second.
pub(crate) struct Pace(Mutex<Next>);

struct Next {
    at: Option<Instant>,
    apart: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Pace(Mutex::new(Next { at: None, apart: APART }))
    }
}

impl Pace {
    /// Waits until the next request may go.
    pub(crate) async fn wait(&self) {
        let mut next = self.0.lock().await;
        if let Some(at) = next.at {
            tokio::time::sleep_until(at).await;
        }
        next.at = Some(Instant::now() + next.apart);
    }

    /// The app has refused a request because there were too many: half as many from now on.
    pub(crate) async fn slow_down(&self) {
        let mut next = self.0.lock().await;
        next.apart = (next.apart * 2).min(SLOW);
    }
}
