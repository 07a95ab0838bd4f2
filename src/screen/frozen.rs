//! The display while it stands still.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;
use stickylb::api::{Event, Snapshot};

use super::log::LINES;

/// How things stood at the end of one second.
pub(crate) struct Moment {
    pub(super) time: SystemTime,
    /// Shared by all seconds in which nothing changed.
    pub(super) snapshot: Arc<Snapshot>,
}

/// The display while it stands still.
pub(crate) struct Frozen {
    /// The moment that is shown.
    pub(crate) at: SystemTime,
    /// How things stand now.
    pub(crate) live: Snapshot,
    /// What happened after the moment that is shown, at most as much as the log holds.
    pub(super) later: VecDeque<Arc<Event>>,
    /// Lines lost meanwhile.
    pub(super) lost: u64,
}

impl Frozen {
    /// Notes what happened while the display stands still.
    pub(crate) fn note(&mut self, events: Vec<Arc<Event>>, lost: u64) {
        self.lost += lost;
        self.later.extend(events);
        let over = self.later.len().saturating_sub(LINES);
        self.later.drain(..over);
    }
}
