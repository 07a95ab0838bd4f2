//! Which upgrade a request asks for.

use serde::{Deserialize, Serialize};

/// Which upgrade a request must ask for to take a route (RFC 9110 7.8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum UpgradeMatch {
    /// It asks for any other protocol.
    Any,
    /// It asks for none.
    None,
    /// It asks for this one, such as `websocket`, in lower case.
    Protocol(String),
}
