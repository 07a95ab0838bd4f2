//! What ends the program from outside: signals, and stop requests over the control socket.
//!
//! Only the control thread waits for them, so that a blocked terminal or disk cannot delay them.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;

use tokio::sync::Notify;

/// Waits, as often as called, for SIGINT, SIGTERM and SIGHUP (Ctrl-C outside Unix), and for a stop request.
pub(crate) struct Signals {
    #[cfg(unix)]
    each: [tokio::signal::unix::Signal; 3],
    asked: Arc<Notify>,
    /// The program goes on when its terminal is gone.
    without_terminal: bool,
    /// Notified of a SIGHUP that does not mean that the terminal is gone.
    reload: Option<Arc<Notify>>,
    /// Whether stdout was a terminal at the start.
    had_terminal: bool,
}

impl Signals {
    /// From now on these signals no longer end the program by themselves.
    pub(crate) fn new() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let each =
                [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?];
            let had_terminal = io::stdout().is_terminal();
            // At the file size limit (ulimit -f) a write to the log file must fail; unhandled, SIGXFSZ would end the
            // program.
            drop(signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?);
            Ok(Signals { each, asked: Arc::default(), without_terminal: false, reload: None, had_terminal })
        }
        #[cfg(not(unix))]
        Ok(Signals { asked: Arc::default(), without_terminal: false, reload: None, had_terminal: false })
    }

    /// Notified when the program continues after a stop. Call it once: every call spawns a task.
    #[cfg(feature = "tui")]
    #[cfg_attr(not(unix), expect(clippy::unnecessary_wraps, reason = "as on Unix"))]
    pub(crate) fn continued() -> io::Result<Arc<Notify>> {
        let continued = Arc::new(Notify::new());
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let mut signal = signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?;
            let tell = Arc::clone(&continued);
            tokio::spawn(async move {
                while signal.recv().await.is_some() {
                    tell.notify_one();
                }
            });
        }
        Ok(continued)
    }

    /// Notify this to ask the program to stop.
    pub(crate) fn asked(&self) -> Arc<Notify> {
        Arc::clone(&self.asked)
    }

    /// From now on the program runs without a terminal, and SIGHUP does not end it.
    pub(crate) fn without_terminal(&mut self) {
        self.without_terminal = true;
    }

    /// From now on SIGHUP notifies `reload`, unless it comes because the terminal is gone.
    pub(crate) fn reload_on_hangup(&mut self, reload: Arc<Notify>) {
        self.reload = Some(reload);
    }

    /// Waits for the next signal or stop request that ends the program.
    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        loop {
            let heeds_hangup = !self.without_terminal || self.reload.is_some();
            let [interrupt, terminate, hangup] = &mut self.each;
            tokio::select! {
                _ = interrupt.recv() => return,
                _ = terminate.recv() => return,
                _ = hangup.recv(), if heeds_hangup => {}
                () = self.asked.notified() => return,
            }
            // Once its terminal is gone, stdout no longer counts as one.
            let gone = self.had_terminal && !self.without_terminal && !io::stdout().is_terminal();
            match &self.reload {
                Some(reload) if !gone => reload.notify_one(),
                _ => return,
            }
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
