//! `/_lb/health`: how things stand.

use serde_json::{Value, json};
use std::sync::Arc;

use crate::api::{ListenerView, State, Totals, rfc3339};
use crate::balancer::Backend;
use crate::config::{CheckAlgorithm, Expect};
use crate::state::Shared;
use crate::untrusted::{Untrusted, json_value};

/// smart-stick-loadbalancer's fields with their names, and ours beside them. No header values, no mail addresses.
pub(super) fn health(shared: &Shared) -> Value {
    let snapshot = shared.snapshot();
    let topology = shared.topology.load();
    let several = snapshot.pools.len() > 1;
    let backends: Vec<Value> = snapshot
        .backends
        .iter()
        .filter_map(|view| Some((view, topology.find(view.id)?.1)))
        .map(|(view, backend)| {
            let (checked, last_error) = last_check(shared, &backend);
            let check = &backend.settings.health();
            let mut value = json!({
                "id": view.id,
                "url": view.url,
                "healthy": is_healthy(view.state),
                "weight": view.weight,
                "requests": view.requests,
                "activeConnections": view.active,
                "queued": view.queued,
                "lastChecked": checked,
                "healthCheck": {
                    "path": check.path,
                    "method": check.method.as_str(),
                    "algorithm": check.algorithm,
                    "timeout": check.timeout.as_millis(),
                    "hasCustomHeaders": !check.headers.is_empty(),
                    "hasCustomFunction": shared.checks.of(backend.id()).is_some()
                        || check.algorithm == CheckAlgorithm::Command
                        || check.expect != Expect::default(),
                },
                "name": view.name,
                "state": view.state,
                "latency": view.latency,
                "sticky": view.sessions,
                "errors": view.errors,
                "lastError": last_error,
                "checkInterval": backend.check_interval().as_millis(),
                "rate": view.rate,
                "mark": view.mark,
            });
            if several {
                value["pool"] = json!(view.pool);
            }
            if let Some(chaos) = &view.chaos {
                let left = chaos.left_millis.div_ceil(1000);
                value["chaos"] = json!({ "fault": chaos.words, "secondsLeft": left, "touched": chaos.touched });
            }
            value
        })
        .collect();
    let healthy = snapshot.backends.iter().filter(|b| is_healthy(b.state)).count();
    let mut value = json!({
        "timestamp": rfc3339(std::time::SystemTime::now()),
        "strategy": snapshot.pools.first().map(|pool| pool.strategy),
        "total": backends.len(),
        "healthy": healthy,
        "unhealthy": backends.len() - healthy,
        "backends": backends,
        "sticky": snapshot.pools.first().map(|pool| &pool.sticky),
        "listeners": snapshot.listeners.iter().map(listener).collect::<Vec<_>>(),
        "totals": totals(&snapshot.totals),
        "alerts": snapshot.alerts,
    });
    if let [only] = snapshot.pools.as_slice()
        && !only.urls.is_empty()
    {
        value["urls"] = json!(only.urls);
    }
    if several {
        value["pools"] = json!(snapshot.pools);
    }
    if let Some(traffic) = snapshot.traffic {
        value["traffic"] = json!(traffic);
    }
    value
}

/// The same as an event, made once a second for all of its readers.
pub(super) fn event(shared: &Shared) -> Arc<str> {
    let second = *shared.telemetry.seconds.borrow();
    shared.figures.get(second, || figures(shared))
}

fn figures(shared: &Shared) -> String {
    let mut event = json!({ "event": "figures" });
    if let (Value::Object(event), Value::Object(figures)) = (&mut event, health(shared)) {
        event.extend(figures);
    }
    json_value(&event)
}

fn listener(view: &ListenerView) -> Value {
    json!({ "url": view.url, "mode": view.mode, "pool": view.pool })
}

fn totals(totals: &Totals) -> Value {
    json!({
        "rate": totals.rate,
        "inFlight": totals.in_flight,
        "latency": totals.latency,
        "errorShare": totals.error_share,
        "connections": totals.connections,
        "tunnels": totals.tunnels,
    })
}

fn is_healthy(state: State) -> bool {
    matches!(state, State::Up | State::Drain)
}

fn last_check(shared: &Shared, backend: &Backend) -> (Option<String>, Option<Untrusted<String>>) {
    let records = shared.registry.records();
    let Some(history) = records.checks.get(&backend.id()) else { return (None, None) };
    (history.last.map(rfc3339), history.last_error.clone())
}
