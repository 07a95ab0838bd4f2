//! How far the engine is.

/// How far the engine is; it only ever moves on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// The backends have not had their first check.
    Starting,
    /// Clients are served.
    Serving,
    /// No more clients are accepted; those there are finish.
    Finishing,
    /// Tunnels say goodbye and end.
    Leaving,
    /// Everything ends at once.
    Ended,
}
