//! What workers, checkers and front ends share.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use arc_swap::ArcSwap;
use http::HeaderValue;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use super::budget::RetryBudget;
use super::counters::Counters;
use super::event::{Event, Level, Notice, UpdateEvent};
use super::heads::HeadStore;
use super::journal::Journal;
use super::log_output::LogState;
use super::log_view::LogOutput;
use super::pools::LivePool;
use super::setup::Setup;
use super::slow_start::SlowStarts;
use super::snapshot::Spawned;
use super::statistics::Statistics;
use super::warning::Warning;
use crate::access::{Access, Admission};
use crate::balancer::{Backend, Pool, State};
use crate::config::Config;
use crate::health::{Checks, History};
use crate::upstream::IdleConnections;

/// Requests a second for which every candidate is noted: more than anyone reads, little enough to cost nothing.
const NOTED_A_SECOND: u32 = 200;

/// Readers of `/_lb/events` at one time.
const EVENT_READERS: usize = 64;

/// A client's connection: counted, and holding its place under the limit, for as long as it lives.
pub(crate) struct Connected {
    shared: Arc<Shared>,
    _place: OwnedSemaphorePermit,
    /// Its end tells the worker, which waits for all to go before it stops.
    _alive: mpsc::Sender<()>,
}

impl Connected {
    pub(crate) fn new(shared: Arc<Shared>, place: OwnedSemaphorePermit, alive: mpsc::Sender<()>) -> Self {
        shared.totals.connections.fetch_add(1, Relaxed);
        Connected { shared, _place: place, _alive: alive }
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.shared.totals.connections.fetch_sub(1, Relaxed);
    }
}

/// What workers, checkers and front ends share.
pub(crate) struct Shared {
    setup: ArcSwap<Setup>,
    /// Changes with it: listeners may have come and gone.
    setup_changes: watch::Sender<()>,
    /// This balancer in `Via` (RFC 9110 7.6.3), where it received HTTP/1.1: a pseudonym no other has.
    pub(crate) via: HeaderValue,
    /// The same, where it received HTTP/1.0.
    pub(crate) via_1_0: HeaderValue,
    pub(crate) totals: Counters,
    /// Idle connections of backends that count them; those of all others are with the workers.
    pub(crate) idle: IdleConnections,
    /// Threads that serve clients; a ring and a shelf more than there are of them is for what is replayed.
    pub(crate) workers: usize,
    pub(crate) journal: Arc<Journal>,
    pub(crate) heads: Arc<HeadStore>,
    pub(crate) statistics: Mutex<Statistics>,
    /// Changes with every backend's state.
    pub(crate) states: watch::Sender<()>,
    /// Counts the seconds; front ends that show rates follow it.
    pub(crate) seconds: watch::Sender<u64>,
    /// One for each reader of `/_lb/events` that there may be.
    pub(crate) event_places: Arc<Semaphore>,
    noted: AtomicU32,
    retries: RetryBudget,
    pub(super) can_spawn: bool,
    pub(crate) access: Access,
    /// The embedding program's own check.
    pub(crate) checks: Checks,
    /// What is known of each backend beside its figures. Also serializes changes: whoever holds it may change
    /// states and put a changed pool in force.
    control: Mutex<Control>,
}

/// What changes seldom.
#[derive(Default)]
pub(crate) struct Control {
    pub(super) since: HashMap<u32, Instant>,
    slow_starts: SlowStarts,
    pub(crate) checks: HashMap<u32, History>,
    /// The processes of backends that were started here.
    pub(crate) spawned: HashMap<u32, Spawned>,
    /// What is wrong for now.
    pub(super) warnings: Vec<Warning>,
    /// What becomes of log lines.
    pub(super) logs: BTreeMap<LogOutput, LogState>,
}

impl Shared {
    pub(super) fn new(
        setup: Setup,
        workers: usize,
        admission: Option<Admission>,
        checks: Checks,
        can_spawn: bool,
    ) -> Self {
        let now = Instant::now();
        let pseudonym = fastrand::u32(..);
        let via = |version: &str| {
            HeaderValue::try_from(format!("{version} stickylb-tui-{pseudonym:08x}"))
                .expect("digits, letters and dashes are a good value")
        };
        let since = setup.config.backends().map(|backend| (backend.id, now)).collect();
        Shared {
            access: Access::new(setup.config.access.clone(), admission),
            setup: ArcSwap::from_pointee(setup),
            setup_changes: watch::Sender::new(()),
            checks,
            via: via("1.1"),
            via_1_0: via("1.0"),
            totals: Counters::default(),
            idle: IdleConnections::default(),
            workers,
            journal: Arc::new(Journal::new(workers + 1)),
            heads: Arc::new(HeadStore::new(workers + 1)),
            statistics: Mutex::default(),
            states: watch::Sender::new(()),
            seconds: watch::Sender::new(0),
            retries: RetryBudget::default(),
            event_places: Arc::new(Semaphore::new(EVENT_READERS)),
            noted: AtomicU32::new(0),
            control: Mutex::new(Control { since, ..Control::default() }),
            can_spawn,
        }
    }

    pub(crate) fn control(&self) -> MutexGuard<'_, Control> {
        // Each change is one insertion: nothing is half done after a panic.
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn statistics(&self) -> MutexGuard<'_, Statistics> {
        self.statistics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this request's candidates are to be noted; reset once a second by [`Shared::tick`].
    pub(crate) fn notes_candidates(&self) -> bool {
        self.noted.load(Relaxed) < NOTED_A_SECOND && self.noted.fetch_add(1, Relaxed) < NOTED_A_SECOND
    }

    /// Once a second.
    pub(crate) fn tick(&self) {
        self.noted.store(0, Relaxed);
        self.access.tick(Instant::now());
        self.retries.tick(self.totals.begun());
        let setup = self.setup();
        self.statistics().tick(&self.totals, &setup.backends());
        {
            let mut control = self.control();
            for pool in &setup.pools {
                pool.forget();
                let now = pool.in_force.load();
                if control.slow_starts.grow(&now, Instant::now()) {
                    pool.put_in_force(now.refreshed());
                }
            }
        }
        self.seconds.send_modify(|seconds| *seconds += 1);
    }

    /// The listeners and pools at work.
    pub(crate) fn setup(&self) -> Arc<Setup> {
        self.setup.load_full()
    }

    /// The configuration they follow.
    pub(crate) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.setup.load().config)
    }

    /// Every backend of every pool, in the order of the configuration.
    pub(crate) fn backends(&self) -> Vec<Arc<Backend>> {
        self.setup().backends()
    }

    /// The backend with this id, and its pool.
    pub(crate) fn find(&self, id: u32) -> Option<(Arc<LivePool>, Arc<Backend>)> {
        self.setup().find(id)
    }

    /// Changes with the setup.
    pub(crate) fn setups(&self) -> watch::Receiver<()> {
        self.setup_changes.subscribe()
    }

    /// Puts another setup in force.
    pub(super) fn set_up(&self, setup: Setup) {
        self.access.follow(setup.config.access.clone());
        self.setup.store(Arc::new(setup));
        self.setup_changes.send_replace(());
    }

    /// Puts another value of a pool in force, made from the present one.
    pub(crate) fn change_pool(&self, pool: &LivePool, change: impl FnOnce(&Pool) -> Pool) {
        let _alone = self.control();
        pool.put_in_force(change(&pool.in_force.load()));
    }

    /// Readers of `/_lb/events`.
    pub(crate) fn event_streams(&self) -> usize {
        EVENT_READERS - self.event_places.available_permits()
    }

    /// Takes one repetition from the budget, if there is one left.
    pub(crate) fn spend_retry(&self, budget_percent: u32) -> bool {
        self.retries.spend(self.totals.begun(), budget_percent)
    }

    /// Adds a backend to a pool.
    pub(crate) fn add(&self, pool: &LivePool, backend: &Arc<Backend>) {
        self.change_pool(pool, |pool| pool.with(Arc::clone(backend)));
        self.arrived(backend);
    }

    /// Begins a backend's account, or begins it anew.
    pub(super) fn arrived(&self, backend: &Backend) {
        self.statistics().forget(backend.id());
        let mut control = self.control();
        control.checks.remove(&backend.id());
        control.since.insert(backend.id(), Instant::now());
    }

    /// Closes the account of a backend that is gone.
    pub(super) fn departed(&self, id: u32) {
        let mut control = self.control();
        control.checks.remove(&id);
        control.since.remove(&id);
    }

    /// Changes what a backend's state follows from, and tells of the state that changed with it.
    ///
    /// `change` gives the reason; `None` where there was nothing to change after all.
    pub(super) fn change_state(&self, backend: &Backend, change: impl FnOnce(&Pool) -> Option<String>) {
        // One that was taken away with its pool has no state to change any more.
        let Some((pool, present)) = self.setup().find(backend.id()) else { return };
        if !std::ptr::eq(&raw const *present, backend) {
            return;
        }
        let (from, to, reason) = {
            let mut control = self.control();
            let from = backend.state();
            let Some(reason) = change(&pool.in_force.load()) else { return };
            let to = backend.state();
            if from == to {
                return;
            }
            let now = Instant::now();
            control.since.insert(backend.id(), now);
            control.slow_starts.follow(backend, from, to, now);
            pool.put_in_force(pool.in_force.load().refreshed());
            (from, to, reason)
        };
        self.states.send_replace(());
        let name = backend.name();
        if matches!(to, State::Down | State::Ejected) {
            log::warn!("{name} is {to}: {reason}");
        } else {
            log::info!("{name} is {to}: {reason}");
        }
        self.journal.tell(Event::Update(UpdateEvent {
            time: SystemTime::now(),
            backend: Arc::clone(&backend.identity),
            from,
            to,
            reason,
        }));
        if from == State::Up {
            self.call_back_ejected(&pool);
        }
    }

    /// Tells a person something.
    pub(crate) fn notice(&self, level: Level, text: String) {
        match level {
            Level::Info => log::info!("{text}"),
            Level::Warning => log::warn!("{text}"),
        }
        self.journal.tell(Event::Notice(Notice { time: SystemTime::now(), level, text }));
    }
}
