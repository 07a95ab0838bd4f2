//! How the engine ended.

use serde::{Deserialize, Serialize};

/// How the engine ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "camelCase")]
#[non_exhaustive]
pub enum Ending {
    /// Everything in flight finished first.
    Finished,
    /// The time was up, or it was told to end at once.
    Cut {
        /// Clients' connections there were then.
        connections: u64,
    },
}
