//! What a listener speaks with its clients.

use serde::{Deserialize, Serialize};

/// What a listener speaks with its clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Mode {
    /// HTTP/1: each request is balanced by itself.
    #[default]
    Http,
    /// Raw connections: each is balanced as a whole, and its bytes are not looked at.
    Tcp,
}

impl Mode {
    /// The name used in files, and the scheme of URLs: `http`, `tcp`.
    pub const fn name(self) -> &'static str {
        match self {
            Mode::Http => "http",
            Mode::Tcp => "tcp",
        }
    }
}
