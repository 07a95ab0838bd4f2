//! The current topology, replaced as a whole by a configuration reload.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::watch;

use super::live_pool::LivePool;
use super::topology::Topology;
use crate::api::BackendId;
use crate::balancer::Backend;
use crate::config::Config;

/// The current topology. Readers take no lock.
pub(crate) struct LiveTopology {
    current: ArcSwap<Topology>,
    changes: watch::Sender<()>,
}

impl LiveTopology {
    pub(super) fn new(topology: Topology) -> Self {
        LiveTopology { current: ArcSwap::from_pointee(topology), changes: watch::Sender::new(()) }
    }

    pub(crate) fn load(&self) -> Arc<Topology> {
        self.current.load_full()
    }

    /// The configuration that the topology was built from.
    pub(crate) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.current.load().config)
    }

    /// Every backend of every pool, in the order of the configuration.
    pub(crate) fn backends(&self) -> Vec<Arc<Backend>> {
        self.current.load().backends()
    }

    /// The backend with this id, and its pool.
    pub(crate) fn find(&self, id: BackendId) -> Option<(Arc<LivePool>, Arc<Backend>)> {
        self.current.load().find(id)
    }

    /// Notifies whenever the topology is replaced.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    pub(super) fn replace(&self, topology: Topology) {
        self.current.store(Arc::new(topology));
        self.changes.send_replace(());
    }
}
