//! Keeps idle connections open to the backends that want some ready (`minIdle`), and closes those too old.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::balancer::Backend;
use crate::config::MOST_IDLE;
use crate::state::Shared;
use crate::upstream::{Connection, IdleConnections, dial};

/// Looks after the idle connections that all workers share, for as long as the worker that runs it lives.
pub(crate) async fn keep(shared: Arc<Shared>) {
    let mut every = tokio::time::interval(Duration::from_secs(1));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        shared.idle.sweep();
        let topology = shared.topology.load();
        let connect = topology.config.timeouts.connect;
        for backend in topology.backends().iter().filter(|b| b.settings.min_idle > 0 && b.state().keeps_its_clients()) {
            fill(&shared.idle, backend, connect).await;
        }
    }
}

async fn fill(idle: &IdleConnections, backend: &Backend, connect: Duration) {
    if backend.endpoint.proxy_protocol.is_some() {
        // A connection says there whom it is for, and nobody has come yet.
        return;
    }
    // So many and no more until the next look: some may be closed as soon as they are open.
    for _ in idle.count(backend.number)..wanted(backend) {
        // Why not is for the checks to find out.
        let Ok(stream) = dial(&backend.endpoint.address, &backend.endpoint.tls, None, connect).await else {
            return;
        };
        let mut connection = Box::new(Connection::new(stream, None, backend.settings.idle_timeout, Instant::now()));
        connection.rest();
        idle.put(backend.number, connection, Instant::now());
    }
}

/// `minIdle`, as far as there are places for connections and idle ones are kept.
fn wanted(backend: &Backend) -> usize {
    let free = backend.slots.as_ref().map_or(u32::MAX, |slots| slots.most.saturating_sub(slots.taken()));
    backend.settings.min_idle.min(free).min(MOST_IDLE) as usize
}
