//! Whether the flow is shown, and how.

use std::time::{Duration, SystemTime};
use stickylb::api::WhatIf;
use stickylb::untrusted::Untrusted;

/// The shortest time between two frames of the flow.
pub(crate) const FRAME: Duration = Duration::from_millis(100);

/// Whether requests are drawn on their way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Motion {
    /// As dots that move.
    #[default]
    On,
    /// As counts, which stand still.
    Off,
}

impl Motion {
    /// The names in the user's file.
    pub(crate) const NAMES: [(&'static str, Motion); 2] = [("on", Motion::On), ("off", Motion::Off)];
}

/// What each strategy would have done, as it was told last.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) time: SystemTime,
    pub(crate) what_if: Result<Box<WhatIf>, Untrusted<String>>,
}

/// Whether the flow is shown, and how.
#[derive(Clone, Debug)]
pub(crate) struct Showing {
    pub(crate) open: bool,
    pub(crate) motion: Motion,
    /// The moment that is shown while the display is live. It stands still while nothing moves.
    pub(crate) clock: SystemTime,
    /// When what-if was asked for last, and how many requests there were then.
    pub(crate) asked: (SystemTime, u64),
    pub(crate) told: Option<Told>,
}

impl Default for Showing {
    fn default() -> Self {
        Showing {
            open: false,
            motion: Motion::default(),
            clock: SystemTime::UNIX_EPOCH,
            asked: (SystemTime::UNIX_EPOCH, 0),
            told: None,
        }
    }
}
