//! Builds snapshots for the front ends.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::listener::Listener;
use super::live_pool::LivePool;
use super::registry::Records;
use super::shared::Shared;
use super::statistics::Statistics;
use super::topology::Topology;
use crate::api::{BackendId, BackendView, ListenerView, Mode, PoolView, Snapshot, Totals};
use crate::balancer::{Backend, Pool};
use crate::config::{CheckAlgorithm, HealthCheck};
use crate::untrusted::Untrusted;

impl Shared {
    /// The current state of the engine.
    pub(crate) fn snapshot(&self) -> Snapshot {
        // Before the statistics are locked, which the alerts look at while they are.
        let (alerts, active) = (self.alerts.views(), self.alerts.warnings());
        // Before anything is locked, because the keys of all clients are counted for it.
        let sessions = self.sessions();
        let mut records = self.registry.records();
        // Under the lock: a backend that is gone has its record closed later, and would otherwise be given a mark again here.
        let topology = self.topology.load();
        let pools: Vec<(&LivePool, Arc<Pool>)> = topology.pools.iter().map(|p| (&**p, p.current.load_full())).collect();
        let statistics = self.telemetry.statistics();
        let backends =
            pools.iter().flat_map(|(live, pool)| backends_of(live, pool, &sessions, &mut records, &statistics));
        let backends: Vec<BackendView> = backends.collect();
        drop(records);
        Snapshot {
            listeners: topology.listeners.iter().map(|open| listener_view(&open.listener)).collect(),
            pools: pools.iter().map(|(live, pool)| pool_view(&topology, live, pool)).collect(),
            totals: Totals {
                requests: self.telemetry.counters.ended(),
                own_by_status: self.telemetry.counters.own_by_status(),
                in_flight: self.telemetry.counters.in_flight(),
                rate: statistics.rate(),
                rates: statistics.rates(),
                latency: statistics.latency,
                error_share: statistics.error_share(),
                connections: self.telemetry.counters.connections(),
                tunnels: backends.iter().map(|b| u64::from(b.tunnels)).sum(),
            },
            backends,
            dropped: self.telemetry.journal.dropped(),
            logs: self.telemetry.log_views(),
            keeps_bodies: self.telemetry.heads.keeps_bodies(),
            can_spawn: self.can_spawn,
            warnings: [self.telemetry.warnings().clone(), active].concat(),
            alerts,
            survive: self.survive.view(),
            traffic: self.traffic.view(),
        }
    }

    /// The clients bound to each backend.
    fn sessions(&self) -> HashMap<BackendId, u64> {
        let topology = self.topology.load();
        let of = |live: &Arc<LivePool>| {
            let pool = live.current.load();
            let counts = match live.mode {
                Mode::Tcp => pool.backends.iter().map(|backend| backend.counters.sessions()).collect(),
                Mode::Http => pool.sessions(),
            };
            pool.backends.iter().map(|backend| backend.id()).zip(counts).collect::<Vec<_>>()
        };
        topology.pools.iter().flat_map(of).collect()
    }
}

fn listener_view(listener: &Listener) -> ListenerView {
    let routing = listener.routing.load();
    ListenerView {
        url: listener.url().into(),
        mode: listener.mode,
        pool: routing.pool.as_ref().map(|pool| pool.name().clone()),
        routes: routing.routes.iter().map(|route| (*route.taken).clone()).collect(),
        authority: routing.tls.as_ref().and_then(|tls| tls.authority()).map(|file| file.display().to_string().into()),
    }
}

fn pool_view(topology: &Topology, live: &LivePool, pool: &Pool) -> PoolView {
    let urls = topology.listeners.iter().flat_map(|open| open.listener.urls_of(live));
    PoolView {
        name: live.name().clone(),
        mode: live.mode,
        urls: urls.map(Untrusted::from).collect(),
        strategy: pool.strategy,
        sticky: pool.sticky.by.clone(),
        sticky_cookie: pool.sticky.cookie_name().map(|name| name.to_string().into()),
        sticky_modes: live.sticky_modes(),
        keys_seen: pool.keys_seen(),
        fairness: live.fairness(),
    }
}

fn backends_of(
    live: &LivePool,
    pool: &Pool,
    sessions: &HashMap<BackendId, u64>,
    records: &mut Records,
    statistics: &Statistics,
) -> Vec<BackendView> {
    let (expected, actual) = (pool.expected_shares(), statistics.shares(&pool.backends));
    let view = |(place, backend): (usize, &Arc<Backend>)| {
        let id = backend.id();
        BackendView {
            id,
            name: backend.name().clone(),
            mark: records.marks.of(id),
            pool: live.name().clone(),
            url: backend.identity.url.clone(),
            address: backend.endpoint.address.short().into(),
            state: backend.state(),
            state_seconds: records.since.get(&id).map_or(0, |since| since.elapsed().as_secs()),
            ejected_seconds: backend.status.ejection.until().map(|until| seconds_left(until, Instant::now())),
            intent: backend.status.intent(),
            weight: backend.weight.get(),
            percent: backend.weight.percent(),
            backup: backend.settings.backup,
            requests: backend.counters.requests(),
            by_status: backend.counters.by_status(),
            counts: backend.counters.counts(),
            rate: statistics.backend_rate(id),
            rates: statistics.backend_rates(id),
            active: backend.counters.active(),
            queued: backend.queued(),
            tunnels: backend.counters.tunnels(),
            // One that came just now has none.
            sessions: sessions.get(&id).copied().unwrap_or_default(),
            last_request_seconds: statistics.backend_busy(id).map(|busy| busy.elapsed().as_secs()),
            latency: statistics.backend_latency(id),
            histogram: statistics.backend_histogram(id),
            check: check_in_words(&backend.settings.health(), backend.check_interval()).into(),
            errors: backend.counters.errors(),
            checks: records.checks.get(&id).map_or_else(Vec::new, |h| h.marks.iter().cloned().collect()),
            expected_share: expected[place],
            actual_share: actual[place],
            spawned: records.spawned.get(&id).copied(),
            chaos: backend.chaos.burning().map(|burning| Box::new(burning.view(Instant::now()))),
        }
    };
    pool.backends.iter().enumerate().map(view).collect()
}

/// For example `GET /health (http-status), 2000 ms at most, 10000 ms apart, rise 1, fall 3`.
fn check_in_words(check: &HealthCheck, interval: Duration) -> String {
    let what = match check.algorithm {
        CheckAlgorithm::Tcp => "a connection".to_owned(),
        CheckAlgorithm::Command => check.command.first().cloned().unwrap_or_default(),
        algorithm => format!("{} {} ({})", check.method, check.path, algorithm.name()),
    };
    let (timeout, interval) = (check.timeout.as_millis(), interval.as_millis());
    format!("{what}, {timeout} ms at most, {interval} ms apart, rise {}, fall {}", check.rise, check.fall)
}

/// Seconds until then, rounded up.
fn seconds_left(until: Instant, now: Instant) -> u64 {
    until.saturating_duration_since(now).as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}
