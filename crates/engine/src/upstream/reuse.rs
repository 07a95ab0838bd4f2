//! Over which idle connections a request may go. A backend may close one at the very moment it is used (idle-close race,
//! RFC 9112 9.3.1), so that this depends on what can be done then.

use std::time::{Duration, Instant};

use super::connection::Connection;

/// Over which idle connections a request may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reuse {
    /// Over any: it may be sent again, whatever became of it.
    Any,
    /// Over those that were used a moment ago, since it may be sent again only where it provably did not arrive.
    Recent,
    /// Over none.
    Never,
}

impl Reuse {
    pub(super) fn admits(self, connection: &Connection, now: Instant, most: Option<Duration>) -> bool {
        match self {
            Reuse::Any => true,
            Reuse::Recent => connection.is_fresh_enough(now, most),
            Reuse::Never => false,
        }
    }
}
