//! How much one client, or all together, may use: the `limits` section.

use super::keys::Keys;

/// What one client, or all together, may use.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Clients' connections at one time; accepting pauses at the limit.
    pub connections: usize,
    /// Bytes of a request's head: 431 beyond (RFC 6585 5).
    pub header_bytes: usize,
    /// Header fields of a request: 431 beyond.
    pub headers: usize,
    /// Bytes of a request's body: 413 beyond (RFC 9110 15.5.14). 0 is no limit.
    pub body_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { connections: 10_000, header_bytes: 65_536, headers: 128, body_bytes: 0 }
    }
}

impl Limits {
    pub(crate) fn read(&mut self, keys: &mut Keys<'_, '_>) {
        keys.set("connections", "Clients' connections at one time", &mut self.connections, |n| n.integer(1, 1_000_000));
        keys.set("headerBytes", "Bytes of one request's head; 431 beyond", &mut self.header_bytes, |n| {
            n.integer(8192, 1 << 20)
        });
        keys.set("headers", "Fields of one request's head; 431 beyond", &mut self.headers, |n| n.integer(1, 10_000));
        keys.set("bodyBytes", "Bytes of one request's body, 413 beyond; 0 is no limit", &mut self.body_bytes, |n| {
            n.integer(0, u64::MAX)
        });
    }
}
