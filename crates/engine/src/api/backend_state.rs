//! The words for what a backend is doing, the same on the screen, in the log and in the API.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a backend is doing: what a person, its checks, its traffic and its own word say of it, in one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum State {
    /// Takes requests: its last checks passed.
    Up,
    /// `fall` checks in a row failed, or its process has ended.
    Down,
    /// Taken out for a while because requests to it failed in a row, though its checks pass (outlier ejection).
    Ejected,
    /// Keeps its sessions and connections, gets no new ones: a person or its agent said so.
    Drain,
    /// Taken out by a person or its agent: its clients move and its tunnels are cut.
    Maint,
    /// Not checked yet, or its process is not ready.
    #[default]
    Starting,
}

impl State {
    /// The word that the screen, the log and JSON have for it: `UP`.
    pub const fn word(self) -> &'static str {
        match self {
            State::Up => "UP",
            State::Down => "DOWN",
            State::Ejected => "EJECTED",
            State::Drain => "DRAIN",
            State::Maint => "MAINT",
            State::Starting => "STARTING",
        }
    }

    /// Whether clients that are not bound to a backend in this state may be sent to it.
    pub const fn takes_new_clients(self) -> bool {
        matches!(self, State::Up)
    }

    /// Whether clients that are bound to a backend in this state stay with it.
    pub const fn keeps_its_clients(self) -> bool {
        matches!(self, State::Up | State::Drain)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What a person wants of a backend. It outlasts every check and every reload, until another is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "all that a person can want of a backend")]
pub enum Intent {
    /// Follow the checks.
    #[default]
    InService,
    /// Let it finish: its clients stay, others do not come.
    Drain,
    /// Take it out: its clients move, and its tunnels are cut.
    Maint,
}
