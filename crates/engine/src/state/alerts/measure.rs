//! The figures that an alert is about.

use std::sync::Arc;

use crate::api::{Percentiles, State};
use crate::balancer::Backend;
use crate::config::{AlertScope, Figure};
use crate::state::telemetry::Telemetry;
use crate::state::topology::Topology;

/// The figures of the backends in an alert's scope: of the last ten seconds where they are not of the moment.
pub(super) struct Measure<'t> {
    backends: Vec<Arc<Backend>>,
    /// All there is, what the balancer answers itself included.
    all: bool,
    telemetry: &'t Telemetry,
}

impl<'t> Measure<'t> {
    pub(super) fn new(scope: &AlertScope, topology: &Topology, telemetry: &'t Telemetry) -> Self {
        let mut backends = Vec::new();
        for pool in &topology.pools {
            let current = pool.current.load();
            let has = |backend: &&Arc<Backend>| scope.has(pool.name().raw(), backend.name().raw());
            backends.extend(current.backends.iter().filter(has).cloned());
        }
        Measure { backends, all: scope.is_all(), telemetry }
    }

    /// `None` where it is unknown: without requests in the last ten seconds, or of backends that are not there.
    pub(super) fn of(&self, figure: Figure) -> Option<f64> {
        if self.backends.is_empty() && !self.all {
            return None;
        }
        match figure {
            Figure::P50 => self.latency().p50.map(|micros| micros as f64),
            Figure::P95 => self.latency().p95.map(|micros| micros as f64),
            Figure::P99 => self.latency().p99.map(|micros| micros as f64),
            Figure::Errors => self.error_share().map(|share| share * 100.0),
            Figure::Rate => Some(self.rate()),
            Figure::InFlight => Some(self.in_flight() as f64),
            Figure::Up => Some(self.count(State::Up)),
            Figure::Down => Some(self.count(State::Down)),
        }
    }

    fn latency(&self) -> Percentiles {
        let statistics = self.telemetry.statistics();
        if self.all { statistics.latency } else { statistics.latency_of(&self.backends) }
    }

    fn error_share(&self) -> Option<f64> {
        let statistics = self.telemetry.statistics();
        if self.all { statistics.error_share() } else { statistics.error_share_of(&self.backends) }
    }

    fn rate(&self) -> f64 {
        let statistics = self.telemetry.statistics();
        if self.all { statistics.mean_rate() } else { statistics.mean_rate_of(&self.backends) }
    }

    fn in_flight(&self) -> u64 {
        if self.all {
            return self.telemetry.counters.in_flight();
        }
        let of = |backend: &Arc<Backend>| backend.counters.active().saturating_sub(backend.counters.tunnels());
        self.backends.iter().map(|backend| u64::from(of(backend))).sum()
    }

    fn count(&self, state: State) -> f64 {
        self.backends.iter().filter(|backend| backend.state() == state).count() as f64
    }
}
