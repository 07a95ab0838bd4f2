//! What each backend has in flight in the model: the most, and the time integral.

use std::time::{Duration, Instant};

/// What each backend has in flight.
pub(super) struct Load {
    now: Vec<u32>,
    most: Vec<u32>,
    integral: Vec<f64>,
    /// Since when it is as it is.
    at: Instant,
    /// For how long anything was in flight.
    busy: Duration,
}

impl Load {
    pub(super) fn new(backends: usize, at: Instant) -> Self {
        Load {
            now: vec![0; backends],
            most: vec![0; backends],
            integral: vec![0.0; backends],
            at,
            busy: Duration::ZERO,
        }
    }

    pub(super) fn begin(&mut self, backend: usize, at: Instant) {
        self.until(at);
        self.now[backend] += 1;
        self.most[backend] = self.most[backend].max(self.now[backend]);
    }

    pub(super) fn end(&mut self, backend: usize, at: Instant) {
        self.until(at);
        self.now[backend] = self.now[backend].saturating_sub(1);
    }

    /// Time goes by until then.
    pub(super) fn until(&mut self, at: Instant) {
        let passed = at.saturating_duration_since(self.at);
        self.at = self.at.max(at);
        if self.now.iter().any(|now| *now > 0) {
            self.busy += passed;
        }
        for (integral, now) in self.integral.iter_mut().zip(&self.now) {
            *integral += f64::from(*now) * passed.as_secs_f64();
        }
    }

    /// The most that any backend had.
    pub(super) fn most(&self) -> u32 {
        self.most.iter().copied().max().unwrap_or_default()
    }

    /// How many the one with the most had on average, while anything was in flight.
    pub(super) fn mean(&self) -> f64 {
        let most = self.integral.iter().copied().fold(0.0, f64::max);
        if self.busy.is_zero() { 0.0 } else { most / self.busy.as_secs_f64() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_over_the_time_in_which_anything_was_in_flight() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut load = Load::new(2, at(0));
        load.begin(0, at(10));
        load.begin(0, at(11));
        load.begin(1, at(11));
        load.end(0, at(13));
        load.end(0, at(14));
        load.end(1, at(14));
        load.until(at(100));
        // One for a second, two for two, one for one, in four seconds.
        assert_eq!((load.most(), load.mean()), (2, 6.0 / 4.0));
    }
}
