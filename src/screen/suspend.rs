//! Ctrl-Z: the shell gets its terminal back, and after `bg` the proxy serves on without a screen until `fg`.
//!
//! A process that is not in the terminal's foreground must not touch it: reading or changing its settings would stop
//! it again, and with it the proxy. No signal tells a running job that it came to the foreground, so that is asked for.

use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// How often a job in the background asks whether it came to the foreground. A person who types `fg` should not wait.
pub(crate) const ASK: Duration = Duration::from_millis(200);

/// How soon after it stopped and was continued a program knows of it: so many times that long, of the time in which it
/// runs. What passes while it is stopped counts once.
const KNOWN: (u32, Duration) = (10, Duration::from_millis(30));

/// Tells when the program was continued after it had been stopped.
pub(crate) struct Continued(pub(crate) Arc<Notify>);

impl Continued {
    /// Waits for the next time. Safe to drop and call again.
    pub(crate) async fn next(&mut self) {
        self.0.notified().await;
    }

    /// Stops the whole job, which is what a shell waits for, as Ctrl-Z does where the terminal reads it; returns when it
    /// was continued. `false` where nothing stopped it: no shell waits, and the system spares a job that nobody could
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

/// Whether the terminal is this job's.
pub(crate) fn in_foreground() -> bool {
    #[cfg(unix)]
    {
        // Without a controlling terminal nobody else can have it.
        rustix::termios::tcgetpgrp(io::stdout()).map_or(true, |group| group == rustix::process::getpgrp())
    }
    #[cfg(not(unix))]
    true
}
