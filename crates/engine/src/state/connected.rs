//! A guard that counts a client's connection.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::shared::Shared;

/// Counts a client's connection, and holds its permit under `limits.connections`, until dropped.
pub(crate) struct Connected {
    shared: Arc<Shared>,
    _place: OwnedSemaphorePermit,
    /// The worker stops once every clone of this sender is dropped.
    _alive: mpsc::Sender<()>,
}

impl Connected {
    pub(crate) fn new(shared: Arc<Shared>, place: OwnedSemaphorePermit, alive: mpsc::Sender<()>) -> Self {
        shared.telemetry.counters.connections.fetch_add(1, Relaxed);
        Connected { shared, _place: place, _alive: alive }
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.shared.telemetry.counters.connections.fetch_sub(1, Relaxed);
    }
}
