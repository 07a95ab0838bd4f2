//! Signals to a backend's tasks: check now, close the tunnels, end.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tokio::sync::Notify;

/// Signals to a backend's tasks.
#[derive(Default)]
pub(crate) struct Signals {
    /// Wakes its health checker before the interval is over.
    pub(crate) check_now: Notify,
    /// Closes its tunnels, because it was taken out.
    pub(crate) close_tunnels: Notify,
    /// Ends its health checker, because it was removed.
    pub(crate) removed: Notify,
    is_removed: AtomicBool,
    suspected: AtomicBool,
}

impl Signals {
    /// Marks it as removed from its pool.
    pub(crate) fn remove(&self) {
        self.is_removed.store(true, Relaxed);
        self.removed.notify_one();
    }

    /// Whether it was removed from its pool; keeping idle connections to it is then useless.
    pub(crate) fn is_removed(&self) -> bool {
        self.is_removed.load(Relaxed)
    }

    /// Requests a check at once because traffic failed. Has no effect until the check requested before has ended.
    pub(crate) fn suspect(&self) {
        if !self.suspected.swap(true, Relaxed) {
            self.check_now.notify_one();
        }
    }

    /// To be called when a check has ended: the next traffic failure requests another one.
    pub(crate) fn clear_suspicion(&self) {
        self.suspected.store(false, Relaxed);
    }
}
