//! What a listener speaks with its clients.

use serde::{Deserialize, Serialize};

/// What a listener speaks with its clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Mode {
    /// HTTP: each request is balanced by itself.
    #[default]
    Http,
    /// Nothing: each connection is balanced as a whole, its bytes are not looked at.
    Tcp,
}

impl Mode {
    /// The name used in files, and the scheme of addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Mode::Http => "http",
            Mode::Tcp => "tcp",
        }
    }
}
