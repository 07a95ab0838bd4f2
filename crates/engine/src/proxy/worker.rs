//! What one worker thread needs to serve requests.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::api::{BackendId, Decision};
use crate::balancer::{Backend, Bound, Choice, NoBackend, Pool};
use crate::state::{EventRing, Shared, Shelf};
use crate::upstream::IdleConnections;

/// What one worker thread needs to serve requests. Nothing in it is contended by two threads but the
/// atomics of [`Shared`].
pub(crate) struct Proxy {
    pub(crate) shared: Arc<Shared>,
    pub(crate) idle: Arc<IdleConnections>,
    pub(crate) ring: Arc<EventRing>,
    /// Where its requests' heads are kept while somebody watches.
    pub(crate) shelf: Arc<Shelf>,
    random: Mutex<fastrand::Rng>,
}

impl Proxy {
    /// The one of this worker.
    pub(crate) fn new(shared: Arc<Shared>, worker: usize, random: fastrand::Rng) -> Self {
        let (ring, shelf) = (shared.telemetry.journal.ring(worker), shared.telemetry.heads.shelf(worker));
        let idle = shared.idle.of_worker(worker);
        Proxy { shared, idle, ring, shelf, random: Mutex::new(random) }
    }

    /// Where a backend's idle connections are: with this worker, or with all where they are counted.
    pub(crate) fn idle_of(&self, backend: &Backend) -> &IdleConnections {
        if backend.counts_connections() { &self.shared.idle.counted } else { &self.idle }
    }

    /// Chooses a backend, and notes for the first attempt how the strategy saw every one.
    pub(crate) fn choose(
        &self,
        pool: &Pool,
        client: &Bound,
        tried: &[BackendId],
        decision: &mut Decision,
        now: Instant,
    ) -> Result<Choice, NoBackend> {
        decision.strategy = pool.strategy;
        let choice = self.with_random(|random| pool.choose_noted(client, tried, random, decision, now));
        if tried.is_empty() && self.shared.telemetry.notes_candidates() {
            decision.candidates = pool.candidates(client, &decision.rule, tried);
        }
        choice
    }

    pub(crate) fn with_random<T>(&self, work: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        // Only this worker's tasks come here, one at a time.
        work(&mut self.random.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
