//! The most recent checks of one backend.

use std::collections::VecDeque;
use std::time::SystemTime;

use crate::api::CheckMark;
use crate::untrusted::Untrusted;

/// Number of checks kept for the screen.
const REMEMBERED: usize = 20;

/// The most recent checks of one backend.
#[derive(Clone, Default)]
pub(crate) struct CheckHistory {
    /// Oldest first.
    pub(crate) marks: VecDeque<CheckMark>,
    /// When the last one ended.
    pub(crate) last: Option<SystemTime>,
    /// The reason of the last check that failed.
    pub(crate) last_error: Option<Untrusted<String>>,
}

impl CheckHistory {
    pub(crate) fn note(&mut self, mark: CheckMark) {
        if !mark.passed {
            self.last_error = Some(mark.reason.clone());
        }
        if self.marks.len() == REMEMBERED {
            self.marks.pop_front();
        }
        self.marks.push_back(mark);
        self.last = Some(SystemTime::now());
    }
}
