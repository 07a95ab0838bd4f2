//! What ends the program from outside: signals, and stop requests over the control socket.
//!
//! Only the control thread waits for them, so that a blocked terminal or disk cannot delay them.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;
#[cfg(unix)]
use std::time::Duration;

use tokio::sync::Notify;
#[cfg(any(unix, feature = "tui"))]
use tokio::sync::watch;
#[cfg(unix)]
use tokio::time::Instant;

/// How long the terminal's keys are not heeded after another program gave them back: one that ends of Ctrl-C may have
/// given them back before the signal, which this program gets too, is seen here.
#[cfg(unix)]
const MOMENT: Duration = Duration::from_millis(100);

/// Waits, as often as called, for the signals that end a program (Ctrl-C outside Unix), and for a stop request.
pub(crate) struct Signals {
    /// SIGHUP, unless it is ignored.
    #[cfg(unix)]
    hangup: Option<tokio::signal::unix::Signal>,
    /// Those of the terminal's keys Ctrl-C and Ctrl-\.
    #[cfg(unix)]
    keys: Vec<tokio::signal::unix::Signal>,
    /// The others.
    #[cfg(unix)]
    others: Vec<tokio::signal::unix::Signal>,
    /// True while another program has the terminal and its keys.
    #[cfg(feature = "tui")]
    lent: watch::Sender<bool>,
    #[cfg(unix)]
    is_lent: watch::Receiver<bool>,
    /// When the keys are heeded again, after that has changed.
    #[cfg(unix)]
    settled: Option<Instant>,
    asked: Arc<Notify>,
    /// The program goes on when its terminal is gone.
    without_terminal: bool,
    /// Notified of a SIGHUP that does not mean that the terminal is gone.
    on_hangup: Vec<Arc<Notify>>,
    /// Whether stdout was a terminal at the start.
    had_terminal: bool,
}

impl Signals {
    /// From now on these signals no longer end the program by themselves. Those that were ignored at the start, as under
    /// `nohup` or in a script's background job, stay ignored.
    pub(crate) fn new() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use rustix::process::Signal;
            use tokio::signal::unix::{SignalKind, signal};
            let heed = |number: i32| (!is_ignored(number)).then(|| signal(SignalKind::from_raw(number))).transpose();
            // At the file size limit (ulimit -f) a write to the log file must fail; unhandled, SIGXFSZ would end the
            // program.
            drop(heed(Signal::XFSZ.as_raw())?);
            let hangup = heed(Signal::HUP.as_raw())?;
            let keys = [Signal::INT, Signal::QUIT].map(|signal| heed(signal.as_raw()));
            let keys = keys.into_iter().filter_map(io::Result::transpose).collect::<io::Result<Vec<_>>>()?;
            let others = ending().map(heed).filter_map(io::Result::transpose).collect::<io::Result<Vec<_>>>()?;
            // C libraries keep some of these for themselves.
            let others =
                others.into_iter().chain(real_time().filter_map(|number| heed(number).ok().flatten())).collect();
            let had_terminal = io::stdout().is_terminal();
            let (lent, is_lent) = watch::channel(false);
            #[cfg(not(feature = "tui"))]
            drop(lent);
            Ok(Signals {
                hangup,
                keys,
                others,
                #[cfg(feature = "tui")]
                lent,
                is_lent,
                settled: None,
                asked: Arc::default(),
                without_terminal: false,
                on_hangup: Vec::new(),
                had_terminal,
            })
        }
        #[cfg(not(unix))]
        Ok(Signals {
            asked: Arc::default(),
            #[cfg(feature = "tui")]
            lent: watch::Sender::new(false),
            without_terminal: false,
            on_hangup: Vec::new(),
            had_terminal: false,
        })
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

    /// Make this true while another program has the terminal: Ctrl-C is not for this one then.
    #[cfg(feature = "tui")]
    pub(crate) fn lent(&self) -> watch::Sender<bool> {
        self.lent.clone()
    }

    /// Whether a signal of the terminal's keys is meant for this program.
    #[cfg(unix)]
    fn heeds_keys(&self) -> bool {
        // An error means that nobody can lend them.
        let is_news = self.is_lent.has_changed().unwrap_or(false);
        !is_news && !*self.is_lent.borrow() && self.settled.is_none()
    }

    /// Notify this to ask the program to stop.
    pub(crate) fn asked(&self) -> Arc<Notify> {
        Arc::clone(&self.asked)
    }

    /// From now on the program runs without a terminal, and SIGHUP does not end it.
    pub(crate) fn without_terminal(&mut self) {
        self.without_terminal = true;
    }

    /// From now on SIGHUP notifies the returned one, too, unless it comes because the terminal is gone. It then no longer
    /// ends the program.
    pub(crate) fn on_hangup(&mut self) -> Arc<Notify> {
        let notified = Arc::new(Notify::new());
        self.on_hangup.push(Arc::clone(&notified));
        notified
    }

    /// Waits for the next signal or stop request that ends the program.
    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        loop {
            let heeds_hangup = !self.without_terminal || !self.on_hangup.is_empty();
            let hangup = async {
                match &mut self.hangup {
                    Some(hangup) => hangup.recv().await,
                    None => std::future::pending().await,
                }
            };
            let settled = async {
                match self.settled {
                    Some(settled) => tokio::time::sleep_until(settled).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                // Keys come before it has settled whose they are.
                biased;
                () = any(&mut self.others) => return,
                () = any(&mut self.keys) => {
                    if self.heeds_keys() {
                        return;
                    }
                    continue;
                }
                _ = hangup, if heeds_hangup => {}
                () = self.asked.notified() => return,
                Ok(()) = self.is_lent.changed() => {
                    self.settled = Some(Instant::now() + MOMENT);
                    continue;
                }
                () = settled => {
                    self.settled = None;
                    continue;
                }
            }
            // Once its terminal is gone, stdout no longer counts as one.
            let gone = self.had_terminal && !self.without_terminal && !io::stdout().is_terminal();
            if gone || self.on_hangup.is_empty() {
                return;
            }
            self.on_hangup.iter().for_each(|notified| notified.notify_one());
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// The signals besides SIGHUP and those of keys that end the program, in order, and leave a whole terminal: all whose default is to end it,
/// except for those of a fault in the code and those that cannot be caught.
#[cfg(unix)]
fn ending() -> impl Iterator<Item = i32> {
    use rustix::process::Signal;
    let everywhere = [
        Signal::TERM,
        Signal::USR1,
        Signal::USR2,
        Signal::ALARM,
        Signal::VTALARM,
        Signal::PROF,
        Signal::XCPU,
        Signal::ABORT,
        Signal::TRAP,
        Signal::SYS,
    ];
    #[cfg(target_os = "linux")]
    let more = [Signal::IO, Signal::POWER, Signal::STKFLT].map(Signal::as_raw);
    #[cfg(not(target_os = "linux"))]
    let more = [];
    everywhere.map(Signal::as_raw).into_iter().chain(more)
}

/// The real-time signals, whose default is to end the program too (signal(7)).
#[cfg(unix)]
fn real_time() -> impl Iterator<Item = i32> {
    (34..=64).filter(|_| cfg!(target_os = "linux"))
}

/// Waits for any of these signals.
#[cfg(unix)]
async fn any(signals: &mut [tokio::signal::unix::Signal]) {
    std::future::poll_fn(|context| {
        let came = signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
        if came { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

/// Whether the signal is ignored, as it was when the program started unless that has changed it. The standard library cannot ask, and only Linux tells
/// in a file: elsewhere none counts as ignored.
#[cfg(unix)]
pub(crate) fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // One bit for each, from 1.
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    u32::try_from(signal - 1).is_ok_and(|bit| mask.checked_shr(bit).unwrap_or_default() & 1 == 1)
}

#[cfg(all(test, unix, feature = "tui"))]
mod tests {
    use super::*;

    /// With no signals of its own, so that the tests can be interrupted.
    fn signals() -> Signals {
        let (lent, is_lent) = watch::channel(false);
        Signals {
            hangup: None,
            keys: Vec::new(),
            others: Vec::new(),
            lent,
            is_lent,
            settled: None,
            asked: Arc::default(),
            without_terminal: false,
            on_hangup: Vec::new(),
            had_terminal: false,
        }
    }

    async fn look(signals: &mut Signals) {
        let next = tokio::time::timeout(Duration::from_millis(10), signals.next());
        assert!(next.await.is_err(), "nothing ends the program");
    }

    #[tokio::test]
    async fn keys_that_were_lent_are_heeded_only_when_it_has_settled_whose_they_are() {
        let mut signals = signals();
        let lent = signals.lent();
        assert!(signals.heeds_keys());
        lent.send_replace(true);
        lent.send_replace(false);
        assert!(!signals.heeds_keys(), "it was not seen yet that they came back");
        look(&mut signals).await;
        lent.send_replace(true);
        while signals.settled.is_some() || signals.is_lent.has_changed().expect("its sender is here") {
            look(&mut signals).await;
        }
        assert!(!signals.heeds_keys(), "they were lent again meanwhile");
        lent.send_replace(false);
        while !signals.heeds_keys() {
            look(&mut signals).await;
        }
    }
}
