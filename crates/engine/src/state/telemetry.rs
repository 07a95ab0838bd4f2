//! What the engine reports while it runs: counters, rates, events, heads of requests, and warnings.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::counters::Counters;
use super::head_store::HeadStore;
use super::journal::Journal;
use super::live_pool::LivePool;
use super::log_outputs::LogOutputs;
use super::statistics::Statistics;
use crate::api::{About, AlertChange, Change, Event, Level, LogOutput, LogView, Notice, PoolChange, Warning};
use crate::balancer::Backend;

/// Requests per second whose candidates are recorded: more than anyone reads, few enough to cost next to nothing.
const NOTED_A_SECOND: u32 = 200;

/// Most concurrent readers of `/_lb/events`.
const EVENT_READERS: usize = 64;

/// What the engine reports while it runs.
pub(crate) struct Telemetry {
    /// Engine-wide counters.
    pub(crate) counters: Counters,
    /// Events for readers.
    pub(crate) journal: Arc<Journal>,
    /// The heads of the most recent requests, while somebody watches.
    pub(crate) heads: Arc<HeadStore>,
    /// Seconds since the start; front ends refresh rates when it changes.
    pub(crate) seconds: watch::Sender<u64>,
    statistics: Mutex<Statistics>,
    warnings: Mutex<Vec<Warning>>,
    logs: Mutex<LogOutputs>,
    /// One permit per reader of `/_lb/events`.
    event_streams: Arc<Semaphore>,
    /// Requests in this second whose candidates were recorded.
    noted: AtomicU32,
    /// Whether nothing of it goes to the program's log: another balancer's it is.
    quiet: bool,
}

impl Telemetry {
    /// `threads` is the number of event rings and head shelves; `quiet` keeps it all out of the program's log.
    pub(super) fn new(threads: usize, quiet: bool) -> Self {
        Telemetry {
            counters: Counters::default(),
            journal: Arc::new(Journal::new(threads)),
            heads: Arc::new(HeadStore::new(threads)),
            seconds: watch::Sender::new(0),
            statistics: Mutex::default(),
            warnings: Mutex::default(),
            logs: Mutex::default(),
            event_streams: Arc::new(Semaphore::new(EVENT_READERS)),
            noted: AtomicU32::new(0),
            quiet,
        }
    }

    pub(crate) fn statistics(&self) -> MutexGuard<'_, Statistics> {
        // Ignoring poison is safe, here and below: each change is a single insertion.
        self.statistics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether to record this request's candidates; counts it if so.
    pub(crate) fn notes_candidates(&self) -> bool {
        self.noted.load(Relaxed) < NOTED_A_SECOND && self.noted.fetch_add(1, Relaxed) < NOTED_A_SECOND
    }

    /// To be called once a second.
    pub(super) fn tick(&self, backends: &[Arc<Backend>]) {
        self.noted.store(0, Relaxed);
        self.statistics().tick(&self.counters, backends);
    }

    /// A permit for a reader of `/_lb/events`; `None` if the limit is reached.
    pub(crate) fn event_stream(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.event_streams).try_acquire_owned().ok()
    }

    /// The number of readers of `/_lb/events`.
    pub(crate) fn event_streams(&self) -> usize {
        EVENT_READERS - self.event_streams.available_permits()
    }

    /// Logs a message and sends it as an event.
    pub(crate) fn notice(&self, level: Level, text: String) {
        self.tell(Notice::new(SystemTime::now(), level, text));
    }

    /// Writes to the program's log.
    pub(super) fn log(&self, level: Level, text: fmt::Arguments<'_>) {
        match level {
            _ if self.quiet => {}
            Level::Info => log::info!("{text}"),
            Level::Warning => log::warn!("{text}"),
        }
    }

    fn tell(&self, notice: Notice) {
        self.log(notice.level, format_args!("{}", notice.text));
        self.journal.tell(Event::Notice(notice));
    }

    /// Logs what changed in a pool, and sends it as events; a state's change has an event of its own.
    pub(super) fn tell_changes(&self, pool: &LivePool, changes: Vec<Change>) {
        let of = pool.label.as_ref().map(|label| format!(" of {label}")).unwrap_or_default();
        for change in changes {
            let text = match &change {
                Change::Strategy { from, to } => format!("strategy{of}: {from} → {to}"),
                Change::Sticky { from, to } => format!("sticky{of}: {from} → {to}"),
                Change::Weight { backend, from, to } => format!("weight of {backend}: {from} → {to}"),
                _ => continue,
            };
            let mut notice = Notice::new(SystemTime::now(), Level::Info, text);
            notice.change = Some(Box::new(PoolChange { pool: pool.name().clone(), change }));
            self.tell(notice);
        }
    }

    /// Logs an alert that begins or ends, and sends it as an event.
    pub(super) fn alert(&self, change: AlertChange, sentence: String) {
        let level = if change.active { Level::Warning } else { Level::Info };
        let mut notice = Notice::new(SystemTime::now(), level, sentence);
        notice.alert = Some(Box::new(change));
        self.tell(notice);
    }

    /// Sets a warning, which stays until [`is_well`](Self::is_well) clears it. A new text keeps the old start time.
    pub(crate) fn warn_of(&self, about: About, text: String) {
        let mut warnings = self.warnings();
        let before = warnings.iter().position(|warning| warning.about == about);
        let since = before.map_or_else(SystemTime::now, |at| warnings.remove(at).since);
        warnings.push(Warning { about, since, text: text.into() });
    }

    /// Sets a warning and logs it, or clears it and logs in these words, if any, that all is well; only where that is new.
    pub(crate) fn stands(&self, about: About, trouble: Option<String>, well: Option<&str>) {
        let before = self.warnings().iter().find(|warning| warning.about == about).map(|warning| warning.text.clone());
        match trouble {
            Some(text) if before.as_ref().is_none_or(|before| before.raw() != text) => {
                self.warn_of(about, text.clone());
                self.notice(Level::Warning, text);
            }
            None if before.is_some() => {
                self.is_well(about);
                if let Some(well) = well {
                    self.notice(Level::Info, well.to_owned());
                }
            }
            _ => {}
        }
    }

    /// Clears a warning, if there is one.
    pub(crate) fn is_well(&self, about: About) {
        self.warnings().retain(|warning| warning.about != about);
    }

    /// Updates the state of a log output: the lines dropped since the start, and the trouble that it is in now, if any.
    pub(crate) fn log_stands(&self, output: LogOutput, dropped: u64, trouble: Option<String>) {
        let is_due = self.logs().note(output, dropped, trouble.is_some());
        let (level, text) = if let Some(text) = trouble {
            self.warn_of(output.about(), text.clone());
            (Level::Warning, text)
        } else {
            self.is_well(output.about());
            let plural = if dropped == 1 { " was" } else { "s were" };
            (Level::Info, format!("{} is written again; {dropped} line{plural} dropped", output.in_words()))
        };
        if is_due {
            self.notice(level, text);
        }
    }

    /// The dropped lines of each log output.
    pub(crate) fn log_views(&self) -> Vec<LogView> {
        self.logs().views()
    }

    fn logs(&self) -> MutexGuard<'_, LogOutputs> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The current warnings.
    pub(crate) fn warnings(&self) -> MutexGuard<'_, Vec<Warning>> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
