//! Lost lines and trouble of one log output. The thread that writes records them; the control thread reports them, even
//! while the other blocks.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use stickylb::Behind;
use stickylb::api::{Event, LogOutput};
use stickylb::{Balancer, EventReader};

/// While lines are lost, a write that takes this long counts as blocked.
const STILL: Duration = Duration::from_secs(1);

/// Why lines are not written.
pub(super) enum Trouble {
    Failed(io::Error),
    /// A named pipe has no reader.
    Unread,
    /// Writes block.
    Still,
}

/// Lost lines and trouble of one output.
pub(super) struct Account {
    /// Events its reader has not taken yet.
    behind: Behind,
    /// Lines lost among the events that the reader has passed.
    lost: AtomicU64,
    /// Events dropped before any reader could take them that `lost` includes.
    dropped: AtomicU64,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    /// When the current write began.
    writing: Option<Instant>,
    trouble: Option<Trouble>,
}

impl Account {
    pub(super) fn new(behind: Behind) -> Self {
        let dropped = AtomicU64::new(behind.dropped());
        Account { behind, lost: AtomicU64::new(0), dropped, state: Mutex::default(), changed: Notify::new() }
    }

    /// Takes new events, and counts the missing ones as lost.
    pub(super) fn take(&self, reader: &mut EventReader, into: &mut Vec<Arc<Event>>) {
        let missed = reader.take(into);
        let dropped = reader.dropped();
        self.lose(missed + (dropped - self.dropped.swap(dropped, Relaxed)));
    }

    /// Counts lost lines.
    pub(super) fn lose(&self, lines: u64) {
        self.lost.fetch_add(lines, Relaxed);
    }

    /// Lines lost so far.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Relaxed)
    }

    /// A write begins.
    pub(super) fn begin_write(&self) {
        self.state().writing = Some(Instant::now());
    }

    /// The write has ended.
    pub(super) fn end_write(&self, trouble: Option<Trouble>) {
        let mut state = self.state();
        state.writing = None;
        let changes = state.trouble.is_some() != trouble.is_some();
        state.trouble = trouble;
        drop(state);
        if changes {
            self.changed.notify_one();
        }
    }

    /// Lines lost so far, including those that a blocked writer has not counted yet; and what is wrong, as a sentence.
    fn stands(&self, path: Option<&Path>) -> (u64, Option<String>) {
        let waiting = self.behind.missed() + self.behind.dropped().saturating_sub(self.dropped.load(Relaxed));
        let lost = self.lost() + waiting;
        let state = self.state();
        let still = waiting > 0 && state.writing.is_some_and(|since| since.elapsed() >= STILL);
        let trouble = if still { Some(&Trouble::Still) } else { state.trouble.as_ref() };
        let name = path.map_or_else(|| "stdout".to_owned(), |path| format!("log file {}", path.display()));
        (lost, trouble.map(|trouble| trouble.in_words(&name, lost)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic leaves nothing half done: every change is one assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trouble {
    /// For example `log file lb.log cannot be written: No space left on device (os error 28): 3 lines dropped so far;
    /// free some space`.
    fn in_words(&self, name: &str, lost: u64) -> String {
        let lines = format!("{lost} line{} dropped so far", if lost == 1 { "" } else { "s" });
        match self {
            Trouble::Failed(error) => format!("{name} cannot be written: {error}: {lines}{}", advice(error)),
            Trouble::Unread => format!("{name} is a named pipe that nobody reads: {lines}; start its reader"),
            Trouble::Still => format!("{name} takes no lines: {lines}; its reader is blocked"),
        }
    }
}

/// What to do about an error, if it is of a known kind.
fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; free some space",
        io::ErrorKind::FileTooLarge => "; move it away, or raise its limit (ulimit -f)",
        io::ErrorKind::PermissionDenied => "; let this program's user write it",
        io::ErrorKind::NotFound => "; make its folder",
        _ => "",
    }
}

/// Reports the output's state to the engine whenever it changes.
pub(super) async fn watch(engine: Arc<Balancer>, output: LogOutput, path: Option<PathBuf>, account: Arc<Account>) {
    let mut told = None;
    loop {
        let stands = account.stands(path.as_deref());
        if told.as_ref() != Some(&stands) {
            engine.log_stands(output, stands.0, stands.1.clone());
            told = Some(stands);
        }
        tokio::select! {
            () = account.changed.notified() => {}
            () = tokio::time::sleep(STILL) => {}
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_names_the_output_the_reason_the_loss_and_what_to_do() {
        let full = Trouble::Failed(rustix::io::Errno::NOSPC.into());
        assert_eq!(
            full.in_words("log file lb.log", 1),
            "log file lb.log cannot be written: No space left on device (os error 28): 1 line dropped so far; free some space"
        );
        assert_eq!(
            Trouble::Still.in_words("stdout", 7),
            "stdout takes no lines: 7 lines dropped so far; its reader is blocked"
        );
    }
}
