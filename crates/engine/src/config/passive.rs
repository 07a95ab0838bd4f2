//! Outlier ejection: `health.passive`.

use std::time::Duration;

use super::keys::Keys;
use super::statuses::{Statuses, statuses};

/// When failing traffic takes a backend out for a while.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Passive {
    /// Failures in a row that eject it; 0 ejects nobody.
    pub failures: u32,
    /// Statuses that count as failures, beside connections refused and requests without an answer.
    pub statuses: Statuses,
    /// How long the first ejection lasts; one soon after it lasts twice as long.
    pub eject_for: Duration,
    /// How many of the backends may be ejected at a time, in per cent; one always may, the last one up never.
    pub max_ejected_percent: u32,
}

impl Default for Passive {
    fn default() -> Self {
        Passive {
            failures: 3,
            statuses: Statuses::default(),
            eject_for: Duration::from_secs(10),
            max_ejected_percent: 50,
        }
    }
}

impl Passive {
    pub(crate) fn read(&mut self, keys: &mut Keys<'_, '_>) {
        keys.set("failures", "Requests in a row that fail; 0 is never", &mut self.failures, |n| n.integer(0, 10_000));
        keys.set("statuses", "Statuses that count as failures", &mut self.statuses, statuses);
        keys.set(
            "ejectFor",
            "How long it is out; twice as long each time it is soon ejected again",
            &mut self.eject_for,
            |n| n.millis(100),
        );
        keys.set("maxEjectedPercent", "Of a pool's backends, at one time", &mut self.max_ejected_percent, |n| {
            n.integer(1, 100)
        });
    }
}
