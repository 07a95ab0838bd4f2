//! A backend's weight, and the percentage of it in effect.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A backend's weight.
pub(crate) struct Weight {
    configured: AtomicU32,
    growth: AtomicU32,
    wanted: AtomicU32,
}

impl Weight {
    pub(super) fn new(configured: u32) -> Self {
        Weight { configured: AtomicU32::new(configured), growth: AtomicU32::new(100), wanted: AtomicU32::new(100) }
    }

    /// The same weight.
    pub(super) fn copied(&self) -> Self {
        let copy = |of: &AtomicU32| AtomicU32::new(of.load(Relaxed));
        Weight { configured: copy(&self.configured), growth: copy(&self.growth), wanted: copy(&self.wanted) }
    }

    /// The full weight, as configured or as changed by a person since.
    pub(crate) fn get(&self) -> u32 {
        self.configured.load(Relaxed)
    }

    pub(crate) fn set(&self, weight: u32) {
        self.configured.store(weight, Relaxed);
    }

    /// The percentage of the weight in effect, 1 to 100: below 100 during slow start, or if the backend's agent asks
    /// for less.
    pub(crate) fn percent(&self) -> u32 {
        (self.growth() * self.wanted.load(Relaxed) / 100).max(1)
    }

    /// The progress of slow start in per cent, 1 to 100.
    pub(crate) fn growth(&self) -> u32 {
        self.growth.load(Relaxed)
    }

    pub(crate) fn set_growth(&self, percent: u32) {
        self.growth.store(percent.clamp(1, 100), Relaxed);
    }

    /// Sets the percentage that the backend's agent asks for, limited to 1 to 100; returns whether it changed.
    pub(crate) fn set_wanted(&self, percent: u32) -> bool {
        let percent = percent.clamp(1, 100);
        self.wanted.swap(percent, Relaxed) != percent
    }
}
