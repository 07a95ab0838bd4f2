//! Moves requests and responses between a client and the backend that the balancer chose.
//!
//! The way of one request: [`client`] owns the client's connection and its times; [`handle`] refuses what
//! must not pass ([`refuse`]), answers the balancer's own pages ([`pages`]) and sends everything else
//! through [`forward`], which [`route`]s it to a pool, asks the balancer, dials or reuses a connection, and tries again where that
//! is safe ([`attempt`], [`flight`]). [`rewrite`] writes both heads, [`upload`] and [`deliver`] carry the bodies, [`tunnel`] what was
//! upgraded, and [`account`] counts the request once, however it ends.

mod account;
mod answer;
mod arrival;
mod attempt;
mod client;
mod clock;
mod continues;
mod deliver;
mod departure;
mod explain;
mod flight;
mod forward;
mod forwarded;
mod frames;
mod handle;
mod hold;
mod lookout;
mod outbox;
mod own;
mod pages;
mod queue;
mod refuse;
mod replay;
mod request;
mod rewrite;
mod route;
mod scratch;
mod socket;
mod tcp;
mod tunnel;
mod upload;

pub(crate) use arrival::{Arrival, serve};
pub(crate) use explain::explain;
pub use explain::{Explanation, Question, Unclear};
pub use replay::Replayed;
pub(crate) use replay::replay;
pub(crate) use replay::{Bodies, LONGEST};
pub(crate) use socket::Socket;

use std::sync::{Arc, Mutex, PoisonError};

use crate::balancer::{Backend, Bound, Choice, Decision, NoBackend, Pool};
use crate::engine::{EventRing, Shared, Shelf};
use crate::upstream::IdleConnections;

/// What one worker thread needs to serve requests. Nothing in it is contended by two threads but the
/// atomics of [`Shared`].
pub(crate) struct Proxy {
    pub(crate) shared: Arc<Shared>,
    pub(crate) idle: IdleConnections,
    pub(crate) ring: Arc<EventRing>,
    /// Where its requests' heads are kept while somebody watches.
    pub(crate) shelf: Arc<Shelf>,
    random: Mutex<fastrand::Rng>,
}

impl Proxy {
    /// The one of this worker.
    pub(crate) fn new(shared: Arc<Shared>, worker: usize, random: fastrand::Rng) -> Self {
        let (ring, shelf) = (shared.journal.ring(worker), shared.heads.shelf(worker));
        Proxy { shared, idle: IdleConnections::default(), ring, shelf, random: Mutex::new(random) }
    }

    /// Where a backend's idle connections are: with this worker, or with all where they are counted.
    fn idle_of(&self, backend: &Backend) -> &IdleConnections {
        if backend.counts_connections() { &self.shared.idle } else { &self.idle }
    }

    /// Chooses a backend, and notes for the first attempt how the strategy saw every one.
    fn choose(&self, pool: &Pool, client: &Bound, tried: &[u32], decision: &mut Decision) -> Result<Choice, NoBackend> {
        decision.strategy = pool.strategy;
        let choice = self.with_random(|random| pool.choose(client, tried, random, decision));
        if tried.is_empty() && self.shared.notes_candidates() {
            decision.candidates = pool.candidates(client, &decision.rule, tried);
        }
        choice
    }

    fn with_random<T>(&self, work: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        // Only this worker's tasks come here, one at a time.
        work(&mut self.random.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
