//! A running pool.

use arc_swap::ArcSwap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::watch;

use super::fairness::FairnessRecord;
use super::label::in_words;
use super::picks::Picks;
use crate::api::{BackendId, Change, Fairness, Mode, StickyBy};
use crate::balancer::{Backend, KeyFunction, Pool, StickTable, Sticky, Stuck, StuckConnection};
use crate::config::PoolConfig;
use crate::untrusted::Untrusted;

/// A running pool. Its current value is immutable and replaced as a whole.
pub(crate) struct LivePool {
    name: Untrusted<String>,
    /// As configured; what a person changed since is only in `current`.
    pub(crate) config: ArcSwap<PoolConfig>,
    /// HTTP or raw TCP.
    pub(crate) mode: Mode,
    /// Its name for decisions and the log; `None` if it is the only pool.
    pub(crate) label: Option<Untrusted<Arc<str>>>,
    pub(crate) current: ArcSwap<Pool>,
    /// Notifies of changes to `current`; requests that wait for a backend listen to it.
    pub(crate) changes: watch::Sender<()>,
    /// What is counted of its choices.
    pub(crate) picks: Picks,
    fairness: Mutex<FairnessRecord>,
    /// Used in TCP mode only.
    table: StickTable,
    /// The embedding program's sticky key function.
    key: Option<KeyFunction>,
}

impl LivePool {
    pub(crate) fn new(config: PoolConfig, mode: Mode, several: bool, key: Option<KeyFunction>) -> Self {
        let label: Option<Untrusted<Arc<str>>> = several.then(|| config.name.as_str().into());
        let backends = config.backends.iter().map(|b| Arc::new(Backend::new(b, label.clone()))).collect();
        let sticky = Sticky::new(&config.sticky, &config.sticky.by, key.as_ref());
        let pool = Pool::new(backends, config.strategy, sticky, Arc::default());
        let picks = Picks::default();
        LivePool {
            fairness: Mutex::new(FairnessRecord::new(&pool, &picks, Instant::now())),
            picks,
            table: StickTable::new(config.sticky.expiry),
            name: config.name.clone().into(),
            config: ArcSwap::from_pointee(config),
            mode,
            label,
            current: ArcSwap::from_pointee(pool),
            changes: watch::Sender::new(()),
            key,
        }
    }

    /// Stickiness by `by`, with the other settings as configured.
    pub(crate) fn sticky_by(&self, by: &StickyBy) -> Sticky {
        Sticky::new(&self.config.load().sticky, by, self.key.as_ref())
    }

    /// Replaces the configuration and returns the old one. Does not change `current`.
    pub(crate) fn follow(&self, config: &PoolConfig) -> Arc<PoolConfig> {
        self.table.expire_after(config.sticky.expiry);
        self.config.swap(Arc::new(config.clone()))
    }

    /// The backend that an address sticks to; `None` if clients are not bound by address.
    pub(crate) fn stuck_to(&self, ip: IpAddr) -> Option<BackendId> {
        if self.sticks_by_address() { self.table.get(ip, Instant::now()) } else { None }
    }

    /// Makes an address stick to a backend; `None` if clients are not bound by address.
    pub(crate) fn hold(&self, ip: IpAddr, backend: BackendId) -> Option<(Stuck, Option<StuckConnection>)> {
        self.sticks_by_address().then(|| self.table.hold(ip, backend, Instant::now()))
    }

    /// Removes expired addresses and moves, adds up what its backends had in flight, and notes choices from now on if somebody
    /// watches. To be called once a second.
    pub(crate) fn tick(&self, now: Instant, is_watched: bool) {
        let pool = self.current.load();
        pool.watch(is_watched);
        self.record().tick(&pool, now);
        pool.memory.moves.forget(now);
        pool.memory.keys.tick();
        pool.memory.learned.expire(now);
        pool.memory.made.expire(now);
        for id in self.table.forget(now) {
            if let Some(backend) = pool.get(id) {
                backend.counters.session_moved();
            }
        }
    }

    /// Whether this kind of stickiness works in the pool's mode.
    pub(crate) fn can_stick_by(&self, by: &StickyBy) -> bool {
        self.mode == Mode::Http || matches!(by, StickyBy::Ip | StickyBy::Off)
    }

    fn sticks_by_address(&self) -> bool {
        self.current.load().sticky.by == StickyBy::Ip
    }

    pub(crate) fn name(&self) -> &Untrusted<String> {
        &self.name
    }

    /// The kinds of stickiness to offer for this pool: those that need no parameter, and the configured one.
    pub(crate) fn sticky_modes(&self) -> Vec<StickyBy> {
        let config = self.config.load();
        let configured = &config.sticky.by;
        let named = matches!(configured, StickyBy::Header(_) | StickyBy::Query(_) | StickyBy::Learn(_));
        let named = named.then(|| configured.clone());
        match self.mode {
            Mode::Tcp => vec![StickyBy::Ip, StickyBy::Off],
            Mode::Http => [StickyBy::Cookie, StickyBy::Ip].into_iter().chain(named).chain([StickyBy::Off]).collect(),
        }
    }

    /// Replaces the current value, and returns what changed with it. The caller must hold the registry's lock, or a concurrent
    /// change could be lost.
    #[must_use = "event readers are told of these changes"]
    pub(super) fn replace(&self, pool: Pool) -> Vec<Change> {
        let pool = Arc::new(pool);
        let changes = self.record().follow(&self.current.load(), &pool, &self.picks, Instant::now());
        if !changes.is_empty() {
            pool.memory.recorder.changed(in_words(&changes));
        }
        self.current.store(pool);
        self.changes.send_replace(());
        changes
    }

    /// Counts fairness anew from now on, because a person wants it.
    pub(super) fn set_baseline(&self) {
        let pool = self.current.load();
        self.record().set_baseline([&pool, &pool], &self.picks, vec![Change::Baseline], Instant::now());
    }

    /// How evenly requests were shared out since the baseline.
    pub(super) fn fairness(&self) -> Fairness {
        let pool = self.current.load();
        self.record().view(&pool, &self.picks, Instant::now())
    }

    fn record(&self) -> MutexGuard<'_, FairnessRecord> {
        // Ignoring poison is safe: figures that are half changed harm nobody, and the next baseline sets all of them.
        self.fairness.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
