//! The engine's life cycle.

/// A phase of the engine's life cycle. Phases only advance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Waiting for the first check of every backend.
    Starting,
    /// Serving clients.
    Serving,
    /// Draining: no new clients are accepted, requests in flight finish.
    Finishing,
    /// Closing the remaining tunnels in an orderly way.
    Leaving,
    /// Everything stops at once.
    Ended,
}
