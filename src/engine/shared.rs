//! What workers, checkers and front ends share.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use arc_swap::ArcSwap;
use http::HeaderValue;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};

use super::budget::RetryBudget;
use super::counters::Counters;
use super::event::{Event, Level, Notice, UpdateEvent};
use super::journal::Journal;
use super::snapshot::{BackendView, Listening, Snapshot, Spawned, Totals};
use super::statistics::Statistics;
use crate::access::{Access, Admission};
use crate::balancer::{Backend, Pool, State};
use crate::config::{Config, StickyBy};
use crate::health::History;

/// Requests a second for which every candidate is noted: more than anyone reads, little enough to cost nothing.
const NOTED_A_SECOND: u32 = 200;

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
    pub(crate) config: Config,
    pub(crate) address: SocketAddr,
    /// This balancer in `Via` (RFC 9110 7.6.3), where it received HTTP/1.1: a pseudonym no other has.
    pub(crate) via: HeaderValue,
    /// The same, where it received HTTP/1.0.
    pub(crate) via_1_0: HeaderValue,
    pub(crate) pool: ArcSwap<Pool>,
    pub(crate) totals: Counters,
    pub(crate) journal: Arc<Journal>,
    pub(crate) statistics: Mutex<Statistics>,
    /// Changes with the pool; requests that are held wait for it.
    pub(crate) pool_changes: watch::Sender<()>,
    /// Counts the seconds; front ends that show rates follow it.
    pub(crate) seconds: watch::Sender<u64>,
    noted: AtomicU32,
    retries: RetryBudget,
    can_spawn: bool,
    pub(crate) access: Access,
    /// What is known of each backend beside its figures. Also serializes changes: whoever holds it may change
    /// states and set a new pool.
    control: Mutex<Control>,
}

/// What changes seldom.
#[derive(Default)]
pub(crate) struct Control {
    since: HashMap<u32, Instant>,
    pub(crate) checks: HashMap<u32, History>,
    /// The processes of backends that were started here; `None` once ended.
    pub(crate) spawned: HashMap<u32, Option<u32>>,
}

impl Shared {
    pub(crate) fn new(
        config: Config,
        address: SocketAddr,
        pool: Pool,
        workers: usize,
        admission: Option<Admission>,
        can_spawn: bool,
    ) -> Self {
        let now = Instant::now();
        let pseudonym = fastrand::u32(..);
        let via = |version: &str| {
            HeaderValue::try_from(format!("{version} stickylb-tui-{pseudonym:08x}"))
                .expect("digits, letters and dashes are a good value")
        };
        let since = pool.backends.iter().map(|b| (b.id(), now)).collect();
        Shared {
            access: Access::new(config.access.clone(), admission),
            config,
            address,
            via: via("1.1"),
            via_1_0: via("1.0"),
            pool: ArcSwap::from_pointee(pool),
            totals: Counters::default(),
            journal: Arc::new(Journal::new(workers)),
            statistics: Mutex::default(),
            pool_changes: watch::Sender::new(()),
            seconds: watch::Sender::new(0),
            retries: RetryBudget::default(),
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
        self.statistics().tick(&self.totals, &self.pool.load().backends);
        self.seconds.send_modify(|seconds| *seconds += 1);
    }

    /// Puts another pool in force, made from the present one.
    pub(crate) fn change_pool(&self, change: impl FnOnce(&Pool) -> Pool) {
        let _alone = self.control();
        self.put_in_force(change(&self.pool.load()));
    }

    fn put_in_force(&self, pool: Pool) {
        self.pool.store(Arc::new(pool));
        self.pool_changes.send_replace(());
    }

    /// Takes one repetition from the budget, if there is one left.
    pub(crate) fn spend_retry(&self) -> bool {
        self.retries.spend(self.totals.begun(), self.config.retry.budget_percent)
    }

    /// Adds a backend to the pool.
    pub(crate) fn add(&self, backend: Arc<Backend>) {
        let id = backend.id();
        self.change_pool(|pool| pool.with(backend));
        self.control().since.insert(id, Instant::now());
    }

    /// Changes what a backend's state follows from, and tells of the state that changed with it.
    ///
    /// `change` gives the reason; `None` where there was nothing to change after all.
    pub(super) fn change_state(&self, backend: &Backend, change: impl FnOnce(&Pool) -> Option<String>) {
        let (from, to, reason) = {
            let mut control = self.control();
            let from = backend.state();
            let Some(reason) = change(&self.pool.load()) else { return };
            let to = backend.state();
            if from == to {
                return;
            }
            control.since.insert(backend.id(), Instant::now());
            self.put_in_force(self.pool.load().refreshed());
            (from, to, reason)
        };
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
            self.call_back_ejected();
        }
    }

    /// How things stand now.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let pool = self.pool.load_full();
        let shares = pool.expected_shares();
        let control = self.control();
        let statistics = self.statistics();
        let view = |(backend, share): (&Arc<Backend>, f64)| {
            let id = backend.id();
            BackendView {
                id,
                name: backend.name().to_owned(),
                url: backend.identity.url.clone(),
                address: backend.address.short(),
                state: backend.state(),
                state_seconds: control.since.get(&id).map_or(0, |since| since.elapsed().as_secs()),
                ejected_seconds: backend.ejection.until().map(|until| seconds_left(until, Instant::now())),
                intent: backend.intent(),
                weight: backend.weight(),
                requests: backend.requests(),
                rate: statistics.backend_rate(id),
                rates: statistics.backend_rates(id),
                active: backend.active(),
                tunnels: backend.tunnels(),
                sessions: backend.sessions(),
                latency: statistics.backend_latency(id),
                errors: backend.errors(),
                checks: control.checks.get(&id).map_or_else(Vec::new, |h| h.marks.iter().cloned().collect()),
                expected_share: share,
                actual_share: statistics.backend_share(id),
                spawned: control.spawned.get(&id).map(|pid| Spawned { pid: *pid }),
            }
        };
        Snapshot {
            listening: Listening { url: self.url() },
            strategy: pool.strategy,
            sticky: if pool.sticky.is_some() { StickyBy::Cookie } else { StickyBy::Off },
            backends: pool.backends.iter().zip(shares).map(view).collect(),
            totals: Totals {
                requests: self.totals.ended(),
                in_flight: self.totals.in_flight(),
                rate: statistics.rate(),
                rates: statistics.rates(),
                latency: statistics.latency,
                error_share: statistics.error_share(),
                connections: self.totals.connections(),
                tunnels: pool.backends.iter().map(|b| u64::from(b.tunnels())).sum(),
            },
            dropped: self.journal.dropped(),
            can_spawn: self.can_spawn,
        }
    }

    /// The URL to open: a name people can type where the address is one of this machine.
    fn url(&self) -> String {
        let ip = self.address.ip();
        if ip.is_loopback() || ip.is_unspecified() {
            format!("http://localhost:{}", self.address.port())
        } else {
            format!("http://{}", self.address)
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

/// Whole seconds until then, the one that has begun counted.
fn seconds_left(until: Instant, now: Instant) -> u64 {
    until.saturating_duration_since(now).as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}
