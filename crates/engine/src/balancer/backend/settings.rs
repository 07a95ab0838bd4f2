//! A backend's configured settings.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};

use crate::config::{BackendConfig, HealthCheck};

/// A backend's configured settings.
pub(crate) struct Settings {
    health: ArcSwap<HealthCheck>,
    /// The recipient of mail about it.
    pub(crate) owner: Option<String>,
    /// Whether it takes new clients only while no other backend does.
    pub(crate) backup: bool,
    /// How long its weight takes to reach its full value after a recovery.
    pub(crate) slow_start: Duration,
    /// Idle connections to keep open in advance.
    pub(crate) min_idle: u32,
    /// How long a connection to it may be idle.
    pub(crate) idle_timeout: Duration,
    /// Whether this program starts its process: then it is STARTING, not DOWN, until it first passes a check.
    pub(crate) spawned: bool,
}

impl Settings {
    pub(super) fn new(config: &BackendConfig, spawned: bool) -> Self {
        Settings {
            health: ArcSwap::from_pointee(config.health.clone()),
            owner: config.owner.clone(),
            backup: config.backup,
            slow_start: config.slow_start,
            min_idle: config.limits.min_idle,
            idle_timeout: config.limits.idle_timeout,
            spawned,
        }
    }

    /// The same settings.
    pub(super) fn copied(&self) -> Self {
        Settings {
            health: ArcSwap::new(self.health.load_full()),
            owner: self.owner.clone(),
            backup: self.backup,
            slow_start: self.slow_start,
            min_idle: self.min_idle,
            idle_timeout: self.idle_timeout,
            spawned: self.spawned,
        }
    }

    /// Its health check settings.
    pub(crate) fn health(&self) -> Guard<Arc<HealthCheck>> {
        self.health.load()
    }

    /// Replaces its health check settings, from the next check on.
    pub(crate) fn set_health(&self, health: HealthCheck) {
        self.health.store(Arc::new(health));
    }
}
