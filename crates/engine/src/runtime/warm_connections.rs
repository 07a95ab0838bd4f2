//! Opens idle connections in advance to backends with `minIdle`, and closes shared ones that have expired.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::balancer::Backend;
use crate::config::MOST_IDLE;
use crate::state::Shared;
use crate::upstream::{Connection, IdleConnections, dial};

/// Maintains the idle connections that all workers share, once a second. Never returns.
pub(crate) async fn keep(shared: Arc<Shared>) {
    let mut every = tokio::time::interval(Duration::from_secs(1));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        shared.idle.counted.sweep();
        let topology = shared.topology.load();
        let connect = topology.config.timeouts.connect;
        for backend in topology.backends().iter().filter(|b| b.settings.min_idle > 0 && b.state().keeps_its_clients()) {
            fill(&shared.idle.counted, backend, connect).await;
        }
    }
}

async fn fill(idle: &IdleConnections, backend: &Backend, connect: Duration) {
    if backend.endpoint.proxy_protocol.is_some() {
        // The PROXY protocol header names the client at the start of the connection, and there is no client yet.
        return;
    }
    // The number is fixed in advance: a backend that closes idle connections at once must not keep this loop running.
    for _ in idle.count(backend.number)..wanted(backend) {
        // Health checks report why.
        let Ok(stream) = dial(&backend.endpoint.address, &backend.endpoint.tls, None, connect).await else {
            return;
        };
        let mut connection = Box::new(Connection::new(stream, None, backend.settings.idle_timeout, Instant::now()));
        connection.rest();
        idle.put(backend.number, connection, Instant::now());
    }
}

/// `minIdle`, limited by the free slots and by the number of idle connections kept per backend.
fn wanted(backend: &Backend) -> usize {
    let free = backend.slots.as_ref().map_or(u32::MAX, |slots| slots.most.saturating_sub(slots.taken()));
    backend.settings.min_idle.min(free).min(MOST_IDLE) as usize
}
