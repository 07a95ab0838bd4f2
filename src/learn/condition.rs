//! What a step waits for, as its `until` says.

use std::time::Duration;
use stickylb::api::{State, StickyBy, Strategy};

use super::figure::{Comparison, Figure};

/// What must hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Checks(Checks),
}

impl Condition {
    /// The longest time for which something must hold.
    pub(crate) fn longest(&self) -> Duration {
        match self {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().map(Condition::longest).max().unwrap_or_default()
            }
            Condition::Not(part) => part.longest(),
            Condition::Checks(checks) => checks.held_for,
        }
    }
}

/// The checks of one object, which must hold together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Checks {
    /// There is at least one.
    pub(crate) each: Vec<Check>,
    /// How long without a break; zero is a moment.
    pub(crate) held_for: Duration,
    /// Shares are of the last so many requests; `None` is all of the step.
    pub(crate) over: Option<usize>,
}

/// One thing that is checked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Check {
    Figure(Figure, Comparison),
    /// One of these.
    Strategy(Vec<Strategy>),
    /// One of these.
    Sticky(Vec<StickyBy>),
    /// A backend is in one of these states.
    State(String, Vec<State>),
    /// A backend was in these states, one after the other, since the step began.
    Seen(String, Vec<State>),
    /// A backend has a fault of this kind; `None` is no fault.
    Fault(String, Option<String>),
    /// Since the step began this was opened on the screen.
    Opened(Pane),
    /// The log is filtered, by this text or by any.
    Filtered(Option<String>),
    /// This backend is selected.
    Selected(String),
    /// Traffic is on, or is not.
    Traffic(bool),
}

/// What can be opened on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pane {
    Why,
    Inspector,
    Flow,
    WhatIf,
    Help,
    Replay,
    Presenter,
}

impl Pane {
    pub(crate) const ALL: [(&'static str, Pane); 7] = [
        ("why", Pane::Why),
        ("inspector", Pane::Inspector),
        ("flow", Pane::Flow),
        ("whatif", Pane::WhatIf),
        ("help", Pane::Help),
        ("replay", Pane::Replay),
        ("presenter", Pane::Presenter),
    ];
}
