//! One backend at work, put together from its parts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

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

/// Backends made so far.
static BACKENDS: AtomicU64 = AtomicU64::new(0);

/// A backend at work. Workers write its figures, the engine its state; all of it is read anywhere.
pub(crate) struct Backend {
    /// What names it in events and decisions.
    pub(crate) identity: Arc<Identity>,
    /// No other backend of this process has or had it: ids are given anew when the configuration changes.
    pub(crate) number: u64,
    /// Where it is, and what is said of it.
    pub(crate) endpoint: Endpoint,
    /// How it is treated, as configured.
    pub(crate) settings: Settings,
    /// Its connections, where their number has a limit.
    pub(crate) slots: Option<Arc<Slots>>,
    /// What its state follows from.
    pub(crate) status: Status,
    /// Its weight, and how much of it counts now.
    pub(crate) weight: Weight,
    /// What is counted of it.
    pub(crate) counters: Counters,
    /// What its tasks are told.
    pub(crate) signals: Signals,
    /// How soon it closes idle connections.
    pub(crate) early_close: EarlyClose,
}

impl Backend {
    /// A backend that has not been checked yet; `pool` is its pool's name, where there are several.
    pub(crate) fn new(config: &BackendConfig, pool: Option<Untrusted<Arc<str>>>) -> Self {
        Backend::with(config, pool, false)
    }

    /// The same, for a backend whose process is started here.
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
        }
    }

    /// Its id.
    pub(crate) fn id(&self) -> BackendId {
        self.identity.id
    }

    /// Its name.
    pub(crate) fn name(&self) -> &Untrusted<String> {
        &self.identity.name
    }

    /// What it is doing.
    pub(crate) fn state(&self) -> State {
        self.status.state()
    }

    /// Whether clients that are not bound to it may be sent to it.
    pub(crate) fn takes_new_clients(&self) -> bool {
        self.state().takes_new_clients() && self.weight.get() > 0
    }

    /// Whether its idle connections are counted, and so shared by all workers.
    pub(crate) fn counts_connections(&self) -> bool {
        self.slots.is_some() || self.settings.min_idle > 0
    }

    /// Requests that wait for a place.
    pub(crate) fn queued(&self) -> u32 {
        self.slots.as_ref().map_or(0, |slots| slots.waiting())
    }
}
