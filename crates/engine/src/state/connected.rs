//! A client's connection, counted for as long as it lives.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::shared::Shared;

/// A client's connection: counted, and holding its place under the limit, for as long as it lives.
pub(crate) struct Connected {
    shared: Arc<Shared>,
    _place: OwnedSemaphorePermit,
    /// Its end tells the worker, which waits for all to go before it stops.
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
