//! What the engine's tasks and threads share, in parts, so that each is given only the part it needs.

use std::sync::Arc;
use std::time::Instant;

use super::alerts::Alerts;
use super::check_function::Checks;
use super::idle_pools::IdlePools;
use super::live_topology::LiveTopology;
use super::once_a_second::OnceASecond;
use super::registry::Registry;
use super::retry_budget::RetryBudget;
use super::survive_progress::SurviveProgress;
use super::telemetry::Telemetry;
use super::topology::Topology;
use super::traffic::Traffic;
use super::via::Via;
use crate::access::{Access, Admission};
use crate::balancer::Backend;

/// What the engine's tasks and threads share.
pub(crate) struct Shared {
    /// The current listeners and pools.
    pub(crate) topology: Arc<LiveTopology>,
    /// Counters, rates, events and warnings.
    pub(crate) telemetry: Arc<Telemetry>,
    /// The backends' states, and all changes to them.
    pub(crate) registry: Arc<Registry>,
    /// The thresholds that are watched.
    pub(crate) alerts: Arc<Alerts>,
    /// Which clients may connect.
    pub(crate) access: Access,
    /// The embedding program's health checks.
    pub(crate) checks: Checks,
    /// Idle connections to backends.
    pub(crate) idle: Arc<IdlePools>,
    /// The value of `Via`.
    pub(crate) via: Via,
    /// Number of threads that serve clients. Event rings and head shelves number one more; that one is for clients whose
    /// other end is in this process.
    pub(crate) workers: usize,
    pub(super) can_spawn: bool,
    retries: RetryBudget,
    /// The figures for all readers of `/_lb/events` that ask for them.
    pub(crate) figures: OnceASecond,
    /// How far `survive` is.
    pub(crate) survive: SurviveProgress,
    /// The balancer's own traffic.
    pub(crate) traffic: Arc<Traffic>,
}

impl Shared {
    pub(crate) fn new(
        topology: Topology,
        workers: usize,
        admission: Option<Admission>,
        checks: Checks,
        can_spawn: bool,
        quiet: bool,
    ) -> Self {
        let access = Access::new(topology.config.access.clone(), admission);
        let alerts = Arc::new(Alerts::new(&topology.config.alerts));
        let topology = Arc::new(LiveTopology::new(topology));
        let telemetry = Arc::new(Telemetry::new(workers + 1, quiet));
        Shared {
            registry: Arc::new(Registry::new(Arc::clone(&topology), Arc::clone(&telemetry))),
            topology,
            telemetry,
            alerts,
            access,
            checks,
            idle: Arc::new(IdlePools::new(workers + 1)),
            via: Via::new(),
            workers,
            can_spawn,
            retries: RetryBudget::default(),
            figures: OnceASecond::default(),
            survive: SurviveProgress::default(),
            traffic: Arc::default(),
        }
    }

    /// To be called once a second.
    pub(crate) fn tick(&self) {
        self.access.tick(Instant::now());
        self.retries.tick(self.telemetry.counters.begun());
        self.telemetry.tick(&self.topology.backends());
        self.registry.tick(Instant::now());
        self.traffic.tick();
        self.telemetry.seconds.send_modify(|seconds| *seconds += 1);
    }

    /// Evaluates the alerts. To be called once a second, after [`tick`](Self::tick).
    pub(crate) fn watch_alerts(&self) {
        self.alerts.tick(&self.topology.load(), &self.telemetry);
    }

    /// Replaces the topology, and applies its access rules and alerts.
    pub(crate) fn replace_topology(&self, topology: Topology) {
        self.access.follow(topology.config.access.clone());
        self.alerts.follow(&topology, &self.telemetry);
        self.topology.replace(topology);
    }

    /// Ends the checks and the fault of a backend that was removed from its pool, and closes its idle connections.
    pub(crate) fn release(&self, backend: &Backend) {
        backend.signals.remove();
        self.idle.close(backend);
        self.end_chaos(backend, None, "the backend is gone, or another one in its place");
    }

    /// Takes one retry from the budget; returns whether one was left. `budget_percent` is relative to recent requests.
    pub(crate) fn spend_retry(&self, budget_percent: u32) -> bool {
        self.retries.spend(self.telemetry.counters.begun(), budget_percent)
    }
}
