//! What is told of the engine while it runs: counts, rates, events, the heads of requests, and warnings.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::counters::Counters;
use super::head_store::HeadStore;
use super::journal::Journal;
use super::log_outputs::LogOutputs;
use super::statistics::Statistics;
use crate::api::{About, Event, Level, LogOutput, LogView, Notice, Warning};
use crate::balancer::Backend;
use crate::untrusted::Untrusted;

/// Requests a second for which every candidate is noted: more than anyone reads, little enough to cost nothing.
const NOTED_A_SECOND: u32 = 200;

/// Readers of `/_lb/events` at one time.
const EVENT_READERS: usize = 64;

/// What is told of the engine while it runs.
pub(crate) struct Telemetry {
    /// Counts over all requests.
    pub(crate) counters: Counters,
    /// Events on their way to those who read them.
    pub(crate) journal: Arc<Journal>,
    /// The heads of the last requests, while somebody watches.
    pub(crate) heads: Arc<HeadStore>,
    /// Counts the seconds; front ends that show rates follow it.
    pub(crate) seconds: watch::Sender<u64>,
    statistics: Mutex<Statistics>,
    warnings: Mutex<Vec<Warning>>,
    logs: Mutex<LogOutputs>,
    /// One for each reader of `/_lb/events` that there may be.
    event_streams: Arc<Semaphore>,
    /// Requests of this second whose candidates were noted.
    noted: AtomicU32,
}

impl Telemetry {
    /// With a ring of events and a store of heads for each of so many threads.
    pub(super) fn new(threads: usize) -> Self {
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
        }
    }

    pub(crate) fn statistics(&self) -> MutexGuard<'_, Statistics> {
        // Each change is one insertion, here and below: nothing is half done after a panic.
        self.statistics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this request's candidates are to be noted.
    pub(crate) fn notes_candidates(&self) -> bool {
        self.noted.load(Relaxed) < NOTED_A_SECOND && self.noted.fetch_add(1, Relaxed) < NOTED_A_SECOND
    }

    /// Once a second.
    pub(super) fn tick(&self, backends: &[Arc<Backend>]) {
        self.noted.store(0, Relaxed);
        self.statistics().tick(&self.counters, backends);
    }

    /// A place among the readers of `/_lb/events`; `None` where there are as many as there may be.
    pub(crate) fn event_stream(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.event_streams).try_acquire_owned().ok()
    }

    /// Readers of `/_lb/events`.
    pub(crate) fn event_streams(&self) -> usize {
        EVENT_READERS - self.event_streams.available_permits()
    }

    /// Tells a person something, once.
    pub(crate) fn notice(&self, level: Level, text: String) {
        let text = Untrusted::new(text);
        match level {
            Level::Info => log::info!("{text}"),
            Level::Warning => log::warn!("{text}"),
        }
        self.journal.tell(Event::Notice(Notice { time: SystemTime::now(), level, text }));
    }

    /// Something is wrong from now on, until [`is_well`](Self::is_well) says otherwise.
    pub(crate) fn warn_of(&self, about: About, text: String) {
        let mut warnings = self.warnings();
        let before = warnings.iter().position(|warning| warning.about == about);
        let since = before.map_or_else(SystemTime::now, |at| warnings.remove(at).since);
        warnings.push(Warning { about, since, text: text.into() });
    }

    /// It is well again, or was all the time.
    pub(crate) fn is_well(&self, about: About) {
        self.warnings().retain(|warning| warning.about != about);
    }

    /// Notes how many log lines an output did not get since the start, and why it gets none now, where that is so.
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

    /// What became of the log lines of each output.
    pub(crate) fn log_views(&self) -> Vec<LogView> {
        self.logs().views()
    }

    fn logs(&self) -> MutexGuard<'_, LogOutputs> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is wrong now.
    pub(crate) fn warnings(&self) -> MutexGuard<'_, Vec<Warning>> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
