//! What a backend's tasks are told: check now, close the tunnels, end.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tokio::sync::Notify;

/// What a backend's tasks are told.
#[derive(Default)]
pub(crate) struct Signals {
    /// Wakes its health checker before the interval is over.
    pub(crate) check_now: Notify,
    /// Its tunnels are to be closed, because it was taken out.
    pub(crate) close_tunnels: Notify,
    /// It was removed: its health checker ends.
    pub(crate) removed: Notify,
    is_removed: AtomicBool,
    suspected: AtomicBool,
}

impl Signals {
    /// It is in no pool any more.
    pub(crate) fn remove(&self) {
        self.is_removed.store(true, Relaxed);
        self.removed.notify_one();
    }

    /// Whether it is in no pool any more, so that nobody will use a connection to it.
    pub(crate) fn is_removed(&self) -> bool {
        self.is_removed.load(Relaxed)
    }

    /// Asks for a check now because traffic failed; only the first failure of a burst does.
    pub(crate) fn suspect(&self) {
        if !self.suspected.swap(true, Relaxed) {
            self.check_now.notify_one();
        }
    }

    /// A check has ended: the next failure of traffic asks for another.
    pub(crate) fn clear_suspicion(&self) {
        self.suspected.store(false, Relaxed);
    }
}
