//! `/_lb/metrics`: every figure of the screen in Prometheus' text format, version 0.0.4.

use std::collections::HashMap;
use std::fmt::{Display, Write as _};
use std::sync::Arc;

use crate::api::{AlertView, BackendId, BackendView, Snapshot, State, Totals};
use crate::balancer::Backend;
use crate::state::Shared;
use crate::untrusted::Untrusted;

/// What the answer says it is.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Response times are told up to these powers of two of a microsecond: 0.26 ms to 34 s.
const TIMES: std::ops::RangeInclusive<u32> = 8..=25;

const STATES: [State; 6] = [State::Up, State::Down, State::Ejected, State::Drain, State::Maint, State::Starting];

/// The page.
pub(crate) fn text(shared: &Shared) -> String {
    let snapshot = shared.snapshot();
    let all: HashMap<BackendId, Arc<Backend>> =
        shared.topology.backends().into_iter().map(|backend| (backend.id(), backend)).collect();
    let backends: Vec<Told<'_>> = snapshot
        .backends
        .iter()
        .filter_map(|view| {
            // One that came or went between the two is told the next time, or not at all.
            let backend = all.get(&view.id)?;
            Some(Told { labels: labels([("pool", &view.pool), ("backend", &view.name)]), backend, view })
        })
        .collect();
    let mut page = Page::default();
    page.requests(&backends, &snapshot.totals);
    page.states(&backends);
    page.figures(&backends);
    page.times(&backends);
    page.checks(&backends);
    page.alerts(&snapshot.alerts);
    page.program(&snapshot, shared);
    page.0
}

/// One backend, with its labels ready.
struct Told<'a> {
    labels: String,
    backend: &'a Arc<Backend>,
    view: &'a BackendView,
}

#[derive(Default)]
struct Page(String);

impl Page {
    /// Begins a metric.
    fn metric(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = match labels {
            "" => writeln!(self.0, "{name} {value}"),
            _ => writeln!(self.0, "{name}{{{labels}}} {value}"),
        };
    }

    /// A metric with one sample for each backend.
    fn each<V: Display>(
        &mut self,
        (name, kind, help): (&str, &str, &str),
        backends: &[Told<'_>],
        value: impl Fn(&BackendView) -> V,
    ) {
        self.metric(name, kind, help);
        for told in backends {
            self.sample(name, &told.labels, value(told.view));
        }
    }

    fn requests(&mut self, backends: &[Told<'_>], totals: &Totals) {
        let name = "stickylb_requests_total";
        let help = "Requests that have ended, by the class of their status; those without a backend were answered by \
                    the balancer itself.";
        self.metric(name, "counter", help);
        let own = labels([("pool", ""), ("backend", "")]);
        let each = backends.iter().map(|told| (&told.labels, told.view.by_status));
        for (labels, by_status) in each.chain([(&own, totals.own_by_status)]) {
            for (class, count) in (1..).zip(by_status) {
                self.sample(name, &format!("{labels},code=\"{class}xx\""), count);
            }
        }
    }

    fn states(&mut self, backends: &[Told<'_>]) {
        let up = ("stickylb_backend_up", "gauge", "1 where the backend serves: UP, or DRAIN for its own clients.");
        self.each(up, backends, |view| u8::from(view.state.keeps_its_clients()));
        let name = "stickylb_backend_state";
        self.metric(name, "gauge", "1 for the state the backend is in.");
        for told in backends {
            for state in STATES {
                let labels = format!("{},state=\"{state}\"", told.labels);
                self.sample(name, &labels, u8::from(told.view.state == state));
            }
        }
    }

    fn figures(&mut self, backends: &[Told<'_>]) {
        let weight = ("stickylb_backend_weight", "gauge", "Current weight.");
        self.each(weight, backends, |view| view.weight);
        let active = ("stickylb_backend_active", "gauge", "Requests and tunnels the backend has now.");
        self.each(active, backends, |view| view.active);
        let queued = ("stickylb_backend_queued", "gauge", "Requests that wait for a place at the backend now.");
        self.each(queued, backends, |view| view.queued);
        let tunnels = ("stickylb_backend_tunnels", "gauge", "WebSockets and other upgrades the backend has now.");
        self.each(tunnels, backends, |view| view.tunnels);
        let sessions = (
            "stickylb_backend_sessions",
            "gauge",
            "Sticky cookies given out for the backend, less those of clients moved away.",
        );
        self.each(sessions, backends, |view| view.sessions);
        let errors = (
            "stickylb_errors_total",
            "counter",
            "Tries that ended without an answer or with a 5xx, those repeated elsewhere included.",
        );
        self.each(errors, backends, |view| view.errors);
        let retries =
            ("stickylb_retries_total", "counter", "Requests tried elsewhere after they had failed on the backend.");
        self.each(retries, backends, |view| view.counts.retries);
        let ejections = ("stickylb_ejections_total", "counter", "Times its traffic had the backend ejected.");
        self.each(ejections, backends, |view| view.counts.ejections);
        let chaos = ("stickylb_backend_chaos", "gauge", "1 while the backend has a fault that a person lets it have.");
        self.each(chaos, backends, |view| u8::from(view.chaos.is_some()));
    }

    fn times(&mut self, backends: &[Told<'_>]) {
        let name = "stickylb_response_seconds";
        let help = "Time from a request's first byte to its response's last, of whole responses below 500.";
        self.metric(name, "histogram", help);
        for told in backends {
            let (counts, sum) = (told.backend.counters.latencies.counts(), told.backend.counters.latencies.sum());
            for power in TIMES {
                let seconds = (1_u64 << power) as f64 / 1e6;
                let labels = format!("{},le=\"{seconds}\"", told.labels);
                self.sample("stickylb_response_seconds_bucket", &labels, counts.below(power));
            }
            let labels = format!("{},le=\"+Inf\"", told.labels);
            self.sample("stickylb_response_seconds_bucket", &labels, counts.all());
            self.sample("stickylb_response_seconds_sum", &told.labels, sum.as_secs_f64());
            self.sample("stickylb_response_seconds_count", &told.labels, counts.all());
        }
    }

    fn checks(&mut self, backends: &[Told<'_>]) {
        let name = "stickylb_checks_total";
        self.metric(name, "counter", "Health checks, by what they found.");
        for Told { labels, view, .. } in backends {
            self.sample(name, &format!("{labels},result=\"passed\""), view.counts.checks_passed);
            self.sample(name, &format!("{labels},result=\"failed\""), view.counts.checks_failed);
        }
    }

    fn alerts(&mut self, alerts: &[AlertView]) {
        let name = "stickylb_alert_active";
        self.metric(name, "gauge", "1 for an alert that has begun and not ended.");
        for alert in alerts {
            self.sample(name, &labels([("alert", &alert.when)]), u8::from(alert.active));
        }
    }

    fn program(&mut self, snapshot: &Snapshot, shared: &Shared) {
        let totals = &snapshot.totals;
        self.metric("stickylb_build_info", "gauge", "1, with the program's version.");
        self.sample("stickylb_build_info", &labels([("version", env!("CARGO_PKG_VERSION"))]), 1);
        self.metric("stickylb_requests_in_flight", "gauge", "Requests without their response's end yet.");
        self.sample("stickylb_requests_in_flight", "", totals.in_flight);
        self.metric("stickylb_connections", "gauge", "Clients' connections, tunnels included.");
        self.sample("stickylb_connections", "", totals.connections);
        self.metric("stickylb_connections_limit", "gauge", "Clients' connections there may be: limits.connections.");
        self.sample("stickylb_connections_limit", "", shared.topology.config().limits.connections);
        self.metric("stickylb_tunnels", "gauge", "WebSockets and other upgrades.");
        self.sample("stickylb_tunnels", "", totals.tunnels);
        let name = "stickylb_log_lines_dropped_total";
        let help = "Log lines lost because they came faster than they could be read; with an output, all that it did not \
                    get, which are also those that it had no room for.";
        self.metric(name, "counter", help);
        self.sample(name, "", snapshot.dropped);
        for log in &snapshot.logs {
            self.sample(name, &labels([("output", log.output.name())]), log.dropped);
        }
        self.metric("stickylb_event_streams", "gauge", "Readers of /_lb/events.");
        self.sample("stickylb_event_streams", "", shared.telemetry.event_streams());
    }
}

/// `name="value"` for each, escaped as the format asks.
fn labels<'v, const N: usize>(pairs: [(&str, impl Into<Untrusted<&'v str>>); N]) -> String {
    let pairs = pairs.map(|(name, value)| {
        let value = value.into().shown().replace('\\', r"\\").replace('"', "\\\"");
        format!("{name}=\"{value}\"")
    });
    pairs.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_stays_inside_its_label() {
        assert_eq!(labels([("backend", "a\"} 1\nforged 2\\")]), r#"backend="a\"} 1\\x0aforged 2\\""#);
    }
}
