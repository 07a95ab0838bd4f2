//! The configuration that runs, as other programs are told it.

use std::sync::Arc;

use super::start::Balancer;
use crate::api::ResolvedConfig;
use crate::balancer::{Backend, Pool};
use crate::config::{BackendConfig, Config, PoolConfig};

impl Balancer {
    /// The configuration that it runs with, every default filled in: with the ports that it has, with the backends that it
    /// started, and with the weights, strategies and stickiness as a person left them.
    pub fn configuration(&self) -> ResolvedConfig {
        let topology = self.shared.topology.load();
        let mut config: Config = (*topology.config).clone();
        for (listener, open) in config.listeners.iter_mut().zip(&topology.listeners) {
            listener.port = open.listener.address.port();
        }
        // Each is looked at once: backends may come and go meanwhile.
        let pools: Vec<Arc<Pool>> = topology.pools.iter().map(|live| live.current.load_full()).collect();
        for (pool, current) in config.pools.iter_mut().zip(&pools) {
            follow(pool, current);
        }
        let mut resolved = config.resolved();
        for (pool, current) in resolved.pools.iter_mut().zip(&pools) {
            for (backend, running) in pool.backends.iter_mut().zip(current.backends.iter()) {
                backend.intent = running.status.intent();
            }
        }
        resolved
    }
}

/// Gives a pool's configuration what a person changed since, and the backends that were started.
fn follow(pool: &mut PoolConfig, current: &Pool) {
    pool.strategy = current.strategy;
    pool.sticky.by = current.sticky.by.clone();
    let configured = std::mem::take(&mut pool.backends);
    let running = |running: &Arc<Backend>| {
        let written = configured.iter().find(|backend| backend.id == running.id()).cloned();
        let backend = written.unwrap_or_else(|| started(running));
        BackendConfig { weight: running.weight.get(), ..backend }
    };
    pool.backends = current.backends.iter().map(running).collect();
}

/// What a backend that was started here would be in a file.
fn started(running: &Backend) -> BackendConfig {
    let address = running.endpoint.address.clone();
    let health = (**running.settings.health()).clone();
    BackendConfig { health, ..BackendConfig::new(running.id(), running.name().raw().to_owned(), address) }
}
