//! What a histogram has counted in the last seconds.

use std::collections::VecDeque;

use crate::balancer::Counts;

/// Seconds that percentiles and shares cover.
pub(super) const WINDOW: usize = 10;

/// What a histogram has counted in the last [`WINDOW`] seconds.
#[derive(Default)]
pub(super) struct LatencyWindow {
    /// Copies of the histogram, one per second, oldest first.
    copies: VecDeque<Counts>,
}

impl LatencyWindow {
    /// Of a histogram in which nothing is counted yet.
    pub(super) fn from_empty() -> Self {
        LatencyWindow { copies: VecDeque::from([Counts::default()]) }
    }

    /// What was counted in the window that ends now. To be called once a second with what the histogram has counted.
    pub(super) fn tick(&mut self, now: Counts) -> Counts {
        let window = match self.copies.front() {
            Some(before) => now.since(before),
            None => now.clone(),
        };
        self.copies.push_back(now);
        if self.copies.len() > WINDOW {
            self.copies.pop_front();
        }
        window
    }
}
