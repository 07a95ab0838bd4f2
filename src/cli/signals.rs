//! What ends the program from outside: signals, and whoever asks over the control socket.

use std::io;
use std::sync::Arc;

use tokio::sync::Notify;

/// Waits for SIGINT, SIGTERM and SIGHUP (elsewhere for Ctrl-C), and for being asked to stop, as often as asked.
pub(crate) struct Signals {
    #[cfg(unix)]
    each: [tokio::signal::unix::Signal; 3],
    asked: Arc<Notify>,
    /// The terminal's end is not the program's.
    without_terminal: bool,
}

impl Signals {
    /// From now on these signals no longer end the program by themselves.
    pub(crate) fn new() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let each =
                [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?];
            Ok(Signals { each, asked: Arc::default(), without_terminal: false })
        }
        #[cfg(not(unix))]
        Ok(Signals { asked: Arc::default(), without_terminal: false })
    }

    /// What is notified by whoever asks the program to stop.
    pub(crate) fn asked(&self) -> Arc<Notify> {
        Arc::clone(&self.asked)
    }

    /// From now on SIGHUP is not heeded: the program goes on without a terminal.
    pub(crate) fn without_terminal(&mut self) {
        self.without_terminal = true;
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        {
            let heeds_hangup = !self.without_terminal;
            let [interrupt, terminate, hangup] = &mut self.each;
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv(), if heeds_hangup => {}
                () = self.asked.notified() => {}
            }
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
