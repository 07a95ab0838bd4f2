//! What ends the program from outside: signals, and whoever asks over the control socket.
//!
//! Only the control thread takes them, so that no terminal and no disk keeps one from being heeded.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;

use tokio::sync::Notify;

/// Waits for SIGINT, SIGTERM and SIGHUP (elsewhere for Ctrl-C), and for being asked to stop, as often as asked.
pub(crate) struct Signals {
    #[cfg(unix)]
    each: [tokio::signal::unix::Signal; 3],
    asked: Arc<Notify>,
    /// The terminal's end is not the program's.
    without_terminal: bool,
    /// Who is told of a SIGHUP that does not say that the terminal is gone.
    reload: Option<Arc<Notify>>,
    /// Whether stdout was a terminal's.
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
            // A log file at the limit of its size is a write that fails, not the end of the program.
            drop(signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?);
            Ok(Signals { each, asked: Arc::default(), without_terminal: false, reload: None, had_terminal })
        }
        #[cfg(not(unix))]
        Ok(Signals { asked: Arc::default(), without_terminal: false, reload: None, had_terminal: false })
    }

    /// What is notified when the program was continued after it had been stopped. To be asked for once.
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

    /// What is notified by whoever asks the program to stop.
    pub(crate) fn asked(&self) -> Arc<Notify> {
        Arc::clone(&self.asked)
    }

    /// From now on SIGHUP is not heeded: the program goes on without a terminal.
    pub(crate) fn without_terminal(&mut self) {
        self.without_terminal = true;
    }

    /// From now on SIGHUP tells `reload`, unless it comes because the terminal is gone.
    pub(crate) fn reload_on_hangup(&mut self, reload: Arc<Notify>) {
        self.reload = Some(reload);
    }

    /// Waits for the next one.
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
            // A terminal that is gone is none any more.
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
