//! The words for what a backend is doing, the same on the screen, in the log and in the API.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a backend is doing, as people see it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum State {
    /// Takes requests.
    Up,
    /// Checks or traffic say it does not answer.
    Down,
    /// Taken out for a while because requests to it failed.
    Ejected,
    /// Keeps its sessions and connections, gets no new ones.
    Drain,
    /// Taken out by a person.
    Maint,
    /// Not checked yet, or its process is not ready.
    #[default]
    Starting,
}

impl State {
    /// The word itself.
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

    /// Whether clients that are not bound to it may be sent to it.
    pub const fn takes_new_clients(self) -> bool {
        matches!(self, State::Up)
    }

    /// Whether clients that are bound to it stay.
    pub const fn keeps_its_clients(self) -> bool {
        matches!(self, State::Up | State::Drain)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What a person wants of a backend. It wins over every check until it is taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "all that a person can want of a backend")]
pub enum Intent {
    /// Follow the checks.
    #[default]
    InService,
    /// Let it finish.
    Drain,
    /// Take it out.
    Maint,
}
