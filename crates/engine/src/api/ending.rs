//! How the engine ended.

use serde::{Deserialize, Serialize};

/// How a balancer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "camelCase")]
#[non_exhaustive]
pub enum Ending {
    /// Everything in flight finished first.
    Finished,
    /// `timeouts.shutdown` was over, or it was told to end at once.
    Cut {
        /// Connections of clients there were then.
        connections: u64,
    },
}
