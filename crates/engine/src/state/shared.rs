//! What the engine's tasks and threads share, in parts: each is handed the part it needs.

use std::sync::Arc;
use std::time::Instant;

use super::check_function::Checks;
use super::live_topology::LiveTopology;
use super::registry::Registry;
use super::retry_budget::RetryBudget;
use super::telemetry::Telemetry;
use super::topology::Topology;
use super::via::Via;
use crate::access::{Access, Admission};
use crate::upstream::IdleConnections;

/// What the engine's tasks and threads share.
pub(crate) struct Shared {
    /// The listeners and pools at work.
    pub(crate) topology: Arc<LiveTopology>,
    /// What is told of the engine.
    pub(crate) telemetry: Arc<Telemetry>,
    /// The backends' states, and what they follow from.
    pub(crate) registry: Arc<Registry>,
    /// Who may come in.
    pub(crate) access: Access,
    /// The embedding program's own checks.
    pub(crate) checks: Checks,
    /// Idle connections of backends that count them; those of all others are with the workers.
    pub(crate) idle: IdleConnections,
    /// How this balancer names itself.
    pub(crate) via: Via,
    /// Threads that serve clients; a ring of events and a store of heads more than there are of them is for what is replayed.
    pub(crate) workers: usize,
    pub(super) can_spawn: bool,
    retries: RetryBudget,
}

impl Shared {
    pub(crate) fn new(
        topology: Topology,
        workers: usize,
        admission: Option<Admission>,
        checks: Checks,
        can_spawn: bool,
    ) -> Self {
        let access = Access::new(topology.config.access.clone(), admission);
        let topology = Arc::new(LiveTopology::new(topology));
        let telemetry = Arc::new(Telemetry::new(workers + 1));
        Shared {
            registry: Arc::new(Registry::new(Arc::clone(&topology), Arc::clone(&telemetry))),
            topology,
            telemetry,
            access,
            checks,
            idle: IdleConnections::default(),
            via: Via::new(),
            workers,
            can_spawn,
            retries: RetryBudget::default(),
        }
    }

    /// Once a second.
    pub(crate) fn tick(&self) {
        self.access.tick(Instant::now());
        self.retries.tick(self.telemetry.counters.begun());
        self.telemetry.tick(&self.topology.backends());
        self.registry.tick(Instant::now());
        self.telemetry.seconds.send_modify(|seconds| *seconds += 1);
    }

    /// Puts another topology in place of the current one.
    pub(crate) fn replace_topology(&self, topology: Topology) {
        self.access.follow(topology.config.access.clone());
        self.topology.replace(topology);
    }

    /// Takes one repetition from the retry budget, if there is one left.
    pub(crate) fn spend_retry(&self, budget_percent: u32) -> bool {
        self.retries.spend(self.telemetry.counters.begun(), budget_percent)
    }
}
