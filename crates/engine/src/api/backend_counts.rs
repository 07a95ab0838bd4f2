//! Counts of one backend at one moment.

use serde::{Deserialize, Serialize};

/// Counts of one backend since it was added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BackendCounts {
    /// Requests that were tried on another backend after they had failed on this one.
    pub retries: u64,
    /// How often it was ejected.
    pub ejections: u64,
    /// Checks that passed.
    pub checks_passed: u64,
    /// Checks that failed.
    pub checks_failed: u64,
}
