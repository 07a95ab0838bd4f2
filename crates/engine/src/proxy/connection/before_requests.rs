//! What a connection to a port for TLS has come to before its first request.

use std::time::Duration;

use crate::access::AddressSlot;

/// What a connection to a port for TLS has come to before its first request.
pub(crate) struct BeforeRequests {
    /// Its slot among the connections of its address, since before its handshake; `None` where it is not counted.
    pub(crate) slot: Option<AddressSlot>,
    /// How long all of that took, which its first head has no more.
    pub(crate) spent: Duration,
    /// It speaks plain HTTP all the same.
    pub(crate) is_misplaced: bool,
}
