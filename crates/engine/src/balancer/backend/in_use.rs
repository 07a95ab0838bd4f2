//! Guards that count a backend's active requests and tunnels.

use std::sync::Arc;
use std::time::Instant;

use super::at_work::Backend;

/// Counts a request as active until dropped.
pub(crate) struct Active {
    backend: Arc<Backend>,
    ended: Option<Instant>,
}

impl Active {
    /// A request that began then.
    pub(crate) fn new(backend: Arc<Backend>, began: Instant) -> Self {
        backend.counters.in_flight.begin(began);
        Active { backend, ended: None }
    }

    /// A tunnel whose request is still counted, and ends in a moment.
    pub(crate) fn in_place(backend: Arc<Backend>, began: Instant) -> Self {
        backend.counters.in_flight.begin_in_place(began);
        Active { backend, ended: None }
    }

    pub(crate) fn backend(&self) -> &Arc<Backend> {
        &self.backend
    }

    /// Drops it, as ended then: spares a look at the clock.
    pub(crate) fn end(mut self, ended: Instant) {
        self.ended = Some(ended);
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.backend.counters.in_flight.end(self.ended.unwrap_or_else(Instant::now));
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
