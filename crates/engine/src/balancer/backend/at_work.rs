//! A running backend.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::chaos::BackendChaos;
use super::concurrency::Concurrency;
use super::counters::Counters;
use super::early_close::EarlyClose;
use super::endpoint::Endpoint;
use super::settings::Settings;
use super::signals::Signals;
use super::status::Status;
use super::weight::Weight;
use crate::api::{BackendId, Identity, State};
use crate::balancer::slots::Slots;
use crate::config::BackendConfig;
use crate::untrusted::Untrusted;

/// Number of backends created so far.
static BACKENDS: AtomicU64 = AtomicU64::new(0);

/// A running backend. Workers write its counters, the engine writes its state; any thread may read both.
pub(crate) struct Backend {
    /// Its id, name, URL and pool, for events and decisions.
    pub(crate) identity: Arc<Identity>,
    /// Unique within this process, unlike ids, which a configuration reload may reuse.
    pub(crate) number: u64,
    /// Its address, and the header values derived from it.
    pub(crate) endpoint: Endpoint,
    /// Its configured settings.
    pub(crate) settings: Settings,
    /// Its slots, if it has a connection limit.
    pub(crate) slots: Option<Arc<Slots>>,
    /// The inputs of its state.
    pub(crate) status: Status,
    /// Its weight, and the percentage of it in effect.
    pub(crate) weight: Weight,
    /// Its counters.
    pub(crate) counters: Counters,
    /// Signals to its tasks.
    pub(crate) signals: Signals,
    /// How soon it closes idle connections.
    pub(crate) early_close: EarlyClose,
    /// How many connections it serves at once.
    pub(crate) concurrency: Concurrency,
    /// The fault that a person lets it have.
    pub(crate) chaos: BackendChaos,
    /// Whether it was told that its `Strict-Transport-Security` is not passed on.
    pub(crate) says_hsts: AtomicBool,
}

impl Backend {
    /// A backend that has not been checked yet. `pool` is its pool's name, if there are several pools.
    pub(crate) fn new(config: &BackendConfig, pool: Option<Untrusted<Arc<str>>>) -> Self {
        Backend::with(config, pool, false)
    }

    /// The same, for a backend whose process this program starts.
    pub(crate) fn spawned(config: &BackendConfig, pool: Option<Untrusted<Arc<str>>>) -> Self {
        Backend::with(config, pool, true)
    }

    fn with(config: &BackendConfig, pool: Option<Untrusted<Arc<str>>>, spawned: bool) -> Self {
        let (name, url) = (config.name.clone().into(), config.address.to_string().into());
        Backend {
            identity: Arc::new(Identity { id: config.id, name, url, pool }),
            number: BACKENDS.fetch_add(1, Relaxed),
            endpoint: Endpoint::new(config),
            settings: Settings::new(config, spawned),
            slots: Slots::new(&config.limits),
            status: Status::default(),
            weight: Weight::new(config.weight),
            counters: Counters::default(),
            signals: Signals::default(),
            early_close: EarlyClose::default(),
            concurrency: Concurrency::default(),
            chaos: BackendChaos::default(),
            says_hsts: AtomicBool::new(false),
        }
    }

    /// One with its address, weight, number of slots and a state alike, which has served nothing; `average` is what is known of
    /// its response times. For what-if.
    pub(crate) fn unused(&self, average: u64) -> Self {
        Backend {
            identity: Arc::clone(&self.identity),
            number: BACKENDS.fetch_add(1, Relaxed),
            endpoint: self.endpoint.clone(),
            settings: self.settings.copied(),
            slots: self.slots.as_ref().map(|slots| slots.unused()),
            status: self.status.alike(),
            weight: self.weight.copied(),
            counters: Counters::with_average(self.counters.ewma.like(average)),
            signals: Signals::default(),
            early_close: EarlyClose::default(),
            concurrency: Concurrency::default(),
            chaos: BackendChaos::default(),
            says_hsts: AtomicBool::new(false),
        }
    }

    pub(crate) fn id(&self) -> BackendId {
        self.identity.id
    }

    pub(crate) fn name(&self) -> &Untrusted<String> {
        &self.identity.name
    }

    pub(crate) fn state(&self) -> State {
        self.status.state()
    }

    /// Whether clients that are not bound to it may be sent to it: its state allows it, and its weight is not zero.
    pub(crate) fn takes_new_clients(&self) -> bool {
        self.state().takes_new_clients() && self.weight.get() > 0
    }

    /// The time from one check's end to the next one's start, while it is not DOWN.
    pub(crate) fn check_interval(&self) -> Duration {
        self.settings.health().interval_for(&self.endpoint.address)
    }

    /// Whether all workers share its idle connections: a connection limit or a minimum of idle ones requires a count.
    pub(crate) fn counts_connections(&self) -> bool {
        self.slots.is_some() || self.settings.min_idle > 0
    }

    /// The number of requests that wait for a slot.
    pub(crate) fn queued(&self) -> u32 {
        self.slots.as_ref().map_or(0, |slots| slots.waiting())
    }
}
