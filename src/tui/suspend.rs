//! Ctrl-Z: the shell gets its terminal back, and after `bg` the proxy serves on without a screen until `fg`.
//!
//! A process that is not in the terminal's foreground must not touch it: reading or changing its settings would stop
//! it again, and with it the proxy. No signal tells a running job that it came to the foreground, so that is asked for.

use std::io;
use std::time::Duration;

/// How often a job in the background asks whether it came to the foreground. A person who types `fg` should not wait.
pub(super) const ASK: Duration = Duration::from_millis(200);

/// How soon after it stopped and was continued a program knows of it.
const KNOWN: Duration = Duration::from_millis(300);

/// Tells when the program was continued after it had been stopped.
pub(super) struct Continued {
    #[cfg(unix)]
    signal: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Continued {
    pub(super) fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Continued { signal: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))? })
    }

    /// Waits for the next time. Safe to drop and call again.
    pub(super) async fn next(&mut self) {
        if self.signal.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }

    /// Stops the whole job, which is what a shell waits for, as Ctrl-Z does where the terminal reads it; returns when it
    /// was continued. `false` where nothing stopped it: no shell waits, and the system spares a job that nobody could
    /// continue.
    pub(super) async fn stop(&mut self) -> bool {
        use rustix::process::{Signal, kill_current_process_group};
        kill_current_process_group(Signal::TSTP).is_ok() && tokio::time::timeout(KNOWN, self.next()).await.is_ok()
    }
}

#[cfg(not(unix))]
impl Continued {
    #[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
    pub(super) fn new() -> io::Result<Self> {
        Ok(Continued {})
    }

    pub(super) async fn next(&mut self) {
        std::future::pending::<()>().await;
    }

    #[expect(clippy::unused_async, clippy::unused_self, reason = "as on Unix")]
    pub(super) async fn stop(&mut self) -> bool {
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
