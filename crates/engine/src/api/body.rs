//! A message's body, or its beginning.

use serde::{Deserialize, Serialize};
use std::fmt;

use super::latin1;

/// The most that is kept of one body, in bytes.
pub const BODY_KEPT: usize = 16 * 1024;

/// A message's body, or its first 16 KiB: the data alone, taken out of its chunks and without trailers. `Debug` shows how
/// many bytes it has and none of them: secrets stand in them.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Body {
    /// The bytes; in JSON a string in which each character is the byte of its number.
    #[serde(with = "latin1")]
    pub bytes: Vec<u8>,
    /// How many bytes of data passed, those that are not kept among them.
    pub total: u64,
    /// Whether its end was seen.
    pub ended: bool,
}

impl Body {
    /// The beginning of a body of which so many bytes passed; `ended` is whether its end was seen.
    pub fn new(bytes: Vec<u8>, total: u64, ended: bool) -> Self {
        Body { bytes, total, ended }
    }

    /// Whether more of it passed than is kept.
    pub fn is_cut(&self) -> bool {
        self.total > self.bytes.len() as u64
    }

    /// Whether it is here from its first byte to its last.
    pub fn is_whole(&self) -> bool {
        self.ended && !self.is_cut()
    }
}

/// Secrets stand in it.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} bytes", self.bytes.len(), self.total)
    }
}
