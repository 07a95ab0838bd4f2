//! Which requests from other sites have a cookie.

use serde::{Deserialize, Serialize};

/// `SameSite` of the sticky cookie (RFC 6265bis 4.1.2.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_enums, reason = "the values of RFC 6265bis")]
pub enum SameSite {
    /// Sent on top-level navigation from other sites.
    #[default]
    Lax,
    /// Never sent from other sites.
    Strict,
    /// Sent from everywhere; browsers ask for `Secure` beside it.
    None,
}

impl SameSite {
    /// The word in files and in `Set-Cookie`.
    pub const fn word(self) -> &'static str {
        match self {
            SameSite::Lax => "Lax",
            SameSite::Strict => "Strict",
            SameSite::None => "None",
        }
    }
}
