//! State of a frozen display.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;
use stickylb::api::{Event, Snapshot};

use super::log::LINES;

/// The snapshot at the end of one second.
pub(crate) struct Moment {
    pub(super) time: SystemTime,
    /// Shared with the previous second if nothing changed.
    pub(super) snapshot: Arc<Snapshot>,
}

/// A frozen display.
pub(crate) struct Frozen {
    /// The moment shown.
    pub(crate) at: SystemTime,
    /// The current snapshot.
    pub(crate) live: Snapshot,
    /// Events not in the log yet, at most [`LINES`].
    pub(super) later: VecDeque<Arc<Event>>,
    /// Events dropped while frozen because they came too fast.
    pub(super) lost: u64,
}

impl Frozen {
    /// Queues events that arrive while frozen; beyond [`LINES`] the oldest are discarded.
    pub(crate) fn note(&mut self, events: Vec<Arc<Event>>, lost: u64) {
        self.lost += lost;
        self.later.extend(events);
        let over = self.later.len().saturating_sub(LINES);
        self.later.drain(..over);
    }
}
