//! An upgrade that a request asked for and that was not passed on.

use serde::{Deserialize, Serialize};
use std::fmt;

use super::text::Text;
use crate::untrusted::Untrusted;

/// An upgrade that a request asked for and that was not passed on (RFC 9110 7.8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NotUpgraded {
    /// The protocols, at most 64 bytes of them.
    pub to: Untrusted<Text>,
    /// Why not.
    pub why: WhyNot,
}

/// Why an upgrade is not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum WhyNot {
    /// HTTP/1.0 has no upgrades.
    Version,
    /// `Connection` does not name it, as where another proxy in front dropped that field.
    Connection,
    /// HTTP/2 is not spoken to backends: many never answer such a request.
    Http2,
}

impl NotUpgraded {
    pub(crate) fn new(to: &[u8], why: WhyNot) -> Self {
        const KEPT: usize = 64;
        NotUpgraded { to: Text::from_utf8_lossy(&to[..to.len().min(KEPT)]).into(), why }
    }
}

impl fmt::Display for NotUpgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.why {
            WhyNot::Version => "HTTP/1.0 has none",
            WhyNot::Connection => "Connection does not name it",
            WhyNot::Http2 => "no HTTP/2 to backends",
        };
        write!(f, "upgrade to {} not passed on ({why})", self.to)
    }
}
