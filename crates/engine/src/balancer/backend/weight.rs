//! A backend's weight, and how much of it counts now.

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

    /// The weight itself, as configured or as a person changed it since.
    pub(crate) fn get(&self) -> u32 {
        self.configured.load(Relaxed)
    }

    pub(crate) fn set(&self, weight: u32) {
        self.configured.store(weight, Relaxed);
    }

    /// How much of it counts now, in per cent, from 1 to 100: less than all of it during slow start, or where the backend's
    /// agent asks for less.
    pub(crate) fn percent(&self) -> u32 {
        (self.growth() * self.wanted.load(Relaxed) / 100).max(1)
    }

    /// How far slow start has come, in per cent.
    pub(crate) fn growth(&self) -> u32 {
        self.growth.load(Relaxed)
    }

    pub(crate) fn set_growth(&self, percent: u32) {
        self.growth.store(percent.clamp(1, 100), Relaxed);
    }

    /// Notes how much of it the backend's agent asks for, in per cent; says whether that is new.
    pub(crate) fn set_wanted(&self, percent: u32) -> bool {
        let percent = percent.clamp(1, 100);
        self.wanted.swap(percent, Relaxed) != percent
    }
}
