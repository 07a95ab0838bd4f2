//! Job control: Ctrl-Z returns the terminal to the shell; after `bg` the proxy runs without a screen until `fg`.
//!
//! A background process must not touch the terminal: reading it or changing its settings would stop the process, and
//! with it the proxy. No signal tells a running job that it came to the foreground, so the screen polls for that.

use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// How often a background job checks whether it is in the foreground; short, so that `fg` responds at once.
pub(crate) const ASK: Duration = Duration::from_millis(200);

/// How often, and how long each time, to wait for the notice that the job was continued. Time while the job is stopped
/// can use up only one of these waits, which is why there are several.
const KNOWN: (u32, Duration) = (10, Duration::from_millis(30));

/// Notified when the program was continued after a stop.
pub(crate) struct Continued(pub(crate) Arc<Notify>);

impl Continued {
    /// Waits for the next notification. Cancel safe.
    pub(crate) async fn next(&mut self) {
        self.0.notified().await;
    }

    /// Stops the whole process group, as Ctrl-Z does in a terminal's cooked mode, and returns when it was continued.
    /// `false` if the job did not stop: the kernel does not stop an orphaned process group, which no shell could
    /// continue.
    #[cfg(unix)]
    pub(crate) async fn stop(&mut self) -> bool {
        use rustix::process::{Signal, kill_current_process_group};
        if kill_current_process_group(Signal::TSTP).is_err() {
            return false;
        }
        for _ in 0..KNOWN.0 {
            if tokio::time::timeout(KNOWN.1, self.next()).await.is_ok() {
                return true;
            }
        }
        false
    }

    #[cfg(not(unix))]
    #[expect(clippy::unused_async, clippy::unused_self, reason = "as on Unix")]
    pub(crate) async fn stop(&mut self) -> bool {
        false
    }
}

/// Whether this job is in the terminal's foreground.
pub(crate) fn in_foreground() -> bool {
    #[cfg(unix)]
    {
        // Without a controlling terminal there is no other job in its foreground.
        rustix::termios::tcgetpgrp(io::stdout()).map_or(true, |group| group == rustix::process::getpgrp())
    }
    #[cfg(not(unix))]
    true
}
