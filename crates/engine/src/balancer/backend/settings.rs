//! How a backend is treated, as configured.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};

use crate::config::{BackendConfig, HealthCheck};

/// How a backend is treated, as configured.
pub(crate) struct Settings {
    health: ArcSwap<HealthCheck>,
    /// Whom mail about it goes to.
    pub(crate) owner: Option<String>,
    /// Whether it takes clients only while no other is up.
    pub(crate) backup: bool,
    /// How long its weight takes to grow after a recovery.
    pub(crate) slow_start: Duration,
    /// Idle connections to keep warm.
    pub(crate) min_idle: u32,
    /// How long a connection to it may lie idle.
    pub(crate) idle_timeout: Duration,
    /// Whether its process is started here: then it is starting, not down, until its first answer.
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

    /// How it is checked.
    pub(crate) fn health(&self) -> Guard<Arc<HealthCheck>> {
        self.health.load()
    }

    /// Has it checked in another way from the next check on.
    pub(crate) fn set_health(&self, health: HealthCheck) {
        self.health.store(Arc::new(health));
    }
}
