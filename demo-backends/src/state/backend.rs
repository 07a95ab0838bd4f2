//! One running backend: everything its connections share.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::options::Options;
use crate::state::health::Health;
use crate::state::identity::Identity;
use crate::state::room::Room;
use crate::state::shutdown::Shutdown;
use crate::state::visits::Visits;

pub(crate) struct Backend {
    pub(crate) identity: Identity,
    pub(crate) health: Health,
    pub(crate) room: Room,
    pub(crate) shutdown: Shutdown,
    pub(crate) visits: Visits,
    requests: AtomicU64,
}

impl Backend {
    pub(crate) fn new(options: Options, address: SocketAddr, shutdown: Shutdown) -> Self {
        Self {
            identity: Identity::new(options, address),
            health: Health::new(),
            room: Room::new(),
            shutdown,
            visits: Visits::new(),
            requests: AtomicU64::new(0),
        }
    }

    pub(crate) fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// How many requests it has had, health checks not counted.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}
