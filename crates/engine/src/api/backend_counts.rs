//! Counts of one backend at one moment.

use serde::{Deserialize, Serialize};

/// A copy of the counts at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BackendCounts {
    /// Requests that were tried elsewhere after they had failed here.
    pub retries: u64,
    /// Times its traffic had it ejected.
    pub ejections: u64,
    /// Checks that passed.
    pub checks_passed: u64,
    /// Checks that did not.
    pub checks_failed: u64,
}
