//! Why a backend could not be chosen.

use serde::{Deserialize, Serialize};
use std::fmt;

use super::backend_state::State;

/// Why a backend was left out of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Exclusion {
    /// Its state takes no new clients.
    State(State),
    /// Its weight is 0, so that no new clients come.
    NoWeight,
    /// It is a backup, and others of its pool are up.
    Backup,
    /// It has as many requests and tunnels as `maxConnections` allows.
    Full,
    /// This request was already tried there.
    Tried,
}

/// The reason in words, after a backend's name: `bravo is MAINT`.
impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exclusion::State(state) => write!(f, "is {state}"),
            Exclusion::NoWeight => f.write_str("has the weight 0"),
            Exclusion::Backup => f.write_str("is a backup, and others are up"),
            Exclusion::Full => f.write_str("is full"),
            Exclusion::Tried => f.write_str("was tried"),
        }
    }
}
