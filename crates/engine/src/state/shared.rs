//! What workers, checkers and front ends share.

use arc_swap::ArcSwap;
use http::HeaderValue;
use std::collections::HashMap;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};
use tokio::sync::{Semaphore, watch};

use super::check_function::Checks;
use super::check_history::History;
use super::counters::Counters;
use super::head_store::HeadStore;
use super::journal::Journal;
use super::live_pool::LivePool;
use super::retry_budget::RetryBudget;
use super::slow_start::SlowStarts;
use super::statistics::Statistics;
use super::topology::Setup;
use crate::access::{Access, Admission};
use crate::api::{Event, Level, Notice, Spawned, State, UpdateEvent, Warning};
use crate::balancer::{Backend, Pool};
use crate::config::Config;
use crate::untrusted::Untrusted;
use crate::upstream::IdleConnections;

/// Requests a second for which every candidate is noted: more than anyone reads, little enough to cost nothing.
const NOTED_A_SECOND: u32 = 200;

/// Readers of `/_lb/events` at one time.
const EVENT_READERS: usize = 64;

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
    pub(crate) can_spawn: bool,
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
    pub(crate) since: HashMap<u32, Instant>,
    slow_starts: SlowStarts,
    pub(crate) checks: HashMap<u32, History>,
    /// The processes of backends that were started here.
    pub(crate) spawned: HashMap<u32, Spawned>,
    /// What is wrong for now.
    pub(crate) warnings: Vec<Warning>,
}

impl Shared {
    pub(crate) fn new(
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
    pub(crate) fn set_up(&self, setup: Setup) {
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
    pub(crate) fn arrived(&self, backend: &Backend) {
        self.statistics().forget(backend.id());
        let mut control = self.control();
        control.checks.remove(&backend.id());
        control.since.insert(backend.id(), Instant::now());
    }

    /// Closes the account of a backend that is gone.
    pub(crate) fn departed(&self, id: u32) {
        let mut control = self.control();
        control.checks.remove(&id);
        control.since.remove(&id);
    }

    /// Changes what a backend's state follows from, and tells of the state that changed with it.
    ///
    /// `change` gives the reason; `None` where there was nothing to change after all.
    pub(crate) fn change_state(&self, backend: &Backend, change: impl FnOnce(&Pool) -> Option<String>) {
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
            (from, to, Untrusted::new(reason))
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
        let text = Untrusted::new(text);
        match level {
            Level::Info => log::info!("{text}"),
            Level::Warning => log::warn!("{text}"),
        }
        self.journal.tell(Event::Notice(Notice { time: SystemTime::now(), level, text }));
    }
}
