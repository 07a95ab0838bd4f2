//! What changes how a pool shares its requests out.

use serde::{Deserialize, Serialize};
use std::fmt;

use super::backend_state::State;
use super::sticky_by::StickyBy;
use super::strategy::Strategy;
use crate::untrusted::Untrusted;

/// What changes how a pool shares its requests out, by whichever way it was changed. With each of them
/// [`Fairness`](super::Fairness) is counted anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "camelCase")]
#[non_exhaustive]
pub enum Change {
    /// The balancer started, or the pool was added.
    Start,
    /// A person asked for it, and nothing changed.
    Baseline,
    /// Another strategy.
    Strategy {
        /// The one before.
        from: Strategy,
        /// The one now.
        to: Strategy,
    },
    /// Another stickiness.
    Sticky {
        /// The one before.
        from: StickyBy,
        /// The one now.
        to: StickyBy,
    },
    /// Another weight of a backend.
    Weight {
        /// Its name.
        backend: Untrusted<String>,
        /// The one before.
        from: u32,
        /// The one now.
        to: u32,
    },
    /// Another state of a backend.
    State {
        /// Its name.
        backend: Untrusted<String>,
        /// The one before.
        from: State,
        /// The one now.
        to: State,
    },
    /// A backend came.
    Added {
        /// Its name.
        backend: Untrusted<String>,
    },
    /// A backend went.
    Removed {
        /// Its name.
        backend: Untrusted<String>,
    },
    /// Another backend took the id of one.
    Replaced {
        /// Its name.
        backend: Untrusted<String>,
    },
}

/// A change of one pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PoolChange {
    /// The pool's name.
    pub pool: Untrusted<String>,
    /// What changed.
    pub change: Change,
}

impl PoolChange {
    /// A change of this pool.
    pub fn new(pool: impl Into<Untrusted<String>>, change: Change) -> Self {
        PoolChange { pool: pool.into(), change }
    }
}

/// The change in words: `strategy round-robin → random`, `weight alpha 1 → 3`, `bravo DOWN`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Start => f.write_str("start"),
            Change::Baseline => f.write_str("baseline"),
            Change::Strategy { from, to } => write!(f, "strategy {from} → {to}"),
            Change::Sticky { from, to } => write!(f, "sticky {from} → {to}"),
            Change::Weight { backend, from, to } => write!(f, "weight {backend} {from} → {to}"),
            Change::State { backend, to, .. } => write!(f, "{backend} {to}"),
            Change::Added { backend } => write!(f, "{backend} added"),
            Change::Removed { backend } => write!(f, "{backend} removed"),
            Change::Replaced { backend } => write!(f, "{backend} replaced"),
        }
    }
}
