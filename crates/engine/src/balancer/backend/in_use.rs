//! Guards that count a backend's active requests and tunnels.

use std::sync::Arc;

use super::at_work::Backend;

/// Counts a request as active until dropped.
pub(crate) struct Active(Arc<Backend>);

impl Active {
    pub(crate) fn new(backend: Arc<Backend>) -> Self {
        backend.counters.add_active();
        Active(backend)
    }

    pub(crate) fn backend(&self) -> &Arc<Backend> {
        &self.0
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.0.counters.remove_active();
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
