//! What a response body lacked that its backend cut short.

use serde::{Deserialize, Serialize};

/// What a response body lacked that its backend cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum BodyCut {
    /// Bytes that its Content-Length promised.
    Length,
    /// The last chunk.
    LastChunk,
    /// A well-formed chunk.
    BadChunk,
    /// Nothing but an orderly end of its connection, which was reset.
    Reset,
}

impl BodyCut {
    /// How the response ended, in words.
    pub const fn words(self) -> &'static str {
        match self {
            BodyCut::Length => "cut short by the backend: its Content-Length promised more",
            BodyCut::LastChunk => "cut short by the backend: its last chunk did not come",
            BodyCut::BadChunk => "cut short by the backend: a chunk is malformed",
            BodyCut::Reset => "cut short by the backend: its connection was reset",
        }
    }
}
