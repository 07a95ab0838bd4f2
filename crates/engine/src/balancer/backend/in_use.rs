//! Guards that count a backend's active requests and tunnels.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::at_work::Backend;
use crate::balancer::recorder::Ticket;

/// Counts a request as active until dropped.
pub(crate) struct Active {
    backend: Arc<Backend>,
    ended: Option<Instant>,
    /// The record of the choice that led to it, while somebody watches.
    ticket: Option<Ticket>,
}

impl Active {
    /// A request that began then.
    pub(crate) fn new(backend: Arc<Backend>, began: Instant) -> Self {
        Active::chosen(backend, began, None)
    }

    /// The same, of a choice that is recorded.
    pub(crate) fn chosen(backend: Arc<Backend>, began: Instant, ticket: Option<Ticket>) -> Self {
        let count = || backend.counters.in_flight.begin(began);
        match &ticket {
            None => count(),
            Some(ticket) => ticket.begin(count),
        }
        Active { backend, ended: None, ticket }
    }

    /// A tunnel whose request is still counted, and ends in a moment.
    pub(crate) fn in_place(backend: Arc<Backend>, began: Instant, ticket: Option<Ticket>) -> Self {
        backend.counters.in_flight.begin_in_place(began);
        Active { backend, ended: None, ticket }
    }

    pub(crate) fn backend(&self) -> &Arc<Backend> {
        &self.backend
    }

    /// The record of the choice that led to it, for what goes on after it.
    pub(crate) fn ticket(&self) -> Option<Ticket> {
        self.ticket.clone()
    }

    /// The backend took so long to answer, or to fail, as of then. Its average follows that where a strategy goes by it.
    pub(crate) fn took(&self, took: Duration, at: Instant, counts: bool) {
        let count = || {
            if counts {
                self.backend.counters.ewma.record(took, at);
            }
        };
        match &self.ticket {
            None => count(),
            Some(ticket) => ticket.sample(took, at, counts, count),
        }
    }

    /// The request goes elsewhere.
    pub(crate) fn give_up(&self) {
        if let Some(ticket) = &self.ticket {
            ticket.give_up();
        }
    }

    /// Drops it, as ended then: spares a look at the clock.
    pub(crate) fn end(mut self, ended: Instant) {
        self.ended = Some(ended);
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        let end = || self.backend.counters.in_flight.end(self.ended.unwrap_or_else(Instant::now));
        match self.ticket.take() {
            None => end(),
            Some(ticket) => ticket.end(end),
        }
    }
}

/// Counts a tunnel as active until dropped.
pub(crate) struct Tunnelling(Arc<Backend>);

impl Tunnelling {
    pub(crate) fn new(backend: Arc<Backend>) -> Self {
        backend.counters.add_tunnel();
        Tunnelling(backend)
    }
}

impl Drop for Tunnelling {
    fn drop(&mut self) {
        self.0.counters.remove_tunnel();
    }
}
