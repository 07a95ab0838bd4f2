//! Where a request's time went.

use serde::{Deserialize, Serialize};

/// Where a request's time went, one phase after the other, each in microseconds. What is left of the time it took went to
/// attempts that failed, and to the balancer where it answered itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Phases {
    /// From the first byte of the request's head to its last.
    pub head: u64,
    /// From there until a backend was up and had room.
    pub queue: u64,
    /// From there until the backend that answered was connected, with its TLS handshake; `None` where an idle connection was
    /// used again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect: Option<u64>,
    /// From there until the head of its response was there; `None` where none came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte: Option<u64>,
    /// From there until the last byte was passed on; in TCP mode, from the tunnel's beginning to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_byte: Option<u64>,
}

impl Phases {
    /// All of them together, in microseconds.
    pub fn sum(&self) -> u64 {
        let later = [self.connect, self.first_byte, self.last_byte];
        self.head + self.queue + later.into_iter().flatten().sum::<u64>()
    }
}
