//! Ctrl-Z: the shell gets its terminal back, and after `bg` the proxy goes on without a screen until `fg`.
//!
//! A process in the background must not read the terminal or change its settings: that would stop it again, and the
//! proxy with it. No signal tells a running job that it is in the foreground, so that it polls.

use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// How often a background job checks whether it is in the foreground. A user who types `fg` should not have to wait.
pub(crate) const ASK: Duration = Duration::from_millis(200);

/// How many times, and how long, to wait for SIGCONT to be noticed after a stop. Several short waits, because the time
/// spent stopped ends only one of them.
const KNOWN: (u32, Duration) = (10, Duration::from_millis(30));

/// Notified when the program continues after a stop.
pub(crate) struct Continued(pub(crate) Arc<Notify>);

impl Continued {
    /// Waits for the next SIGCONT. Cancel-safe.
    pub(crate) async fn next(&mut self) {
        self.0.notified().await;
    }

    /// Stops the whole job, as Ctrl-Z in a shell does, and returns when it continues. `false` if nothing stopped it:
    /// the system does not stop a job that no shell could continue.
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
        // Without a controlling terminal no other job can have it.
        rustix::termios::tcgetpgrp(io::stdout()).map_or(true, |group| group == rustix::process::getpgrp())
    }
    #[cfg(not(unix))]
    true
}
