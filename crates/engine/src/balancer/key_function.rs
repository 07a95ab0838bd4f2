//! Sticky keys computed by a function of the embedding program.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use stickylb_http1::RequestHead;

/// A function that returns a request's sticky key, or `None` for a request without one. All requests with the same key
/// go to the same backend while it is available; the mapping is a hash that stays the same after a restart.
///
/// It is called once per request, and in TCP mode each time a backend is chosen for a connection. It runs on the
/// threads that serve clients, so it must not block.
#[derive(Clone)]
pub struct KeyFunction(Arc<Function>);

type Function = dyn Fn(&Asking<'_>) -> Option<Vec<u8>> + Send + Sync;

/// The input of a [`KeyFunction`].
pub struct Asking<'r> {
    /// The client's address, taken from forwarding headers only if they come from trusted proxies.
    pub ip: IpAddr,
    /// `None` for a connection in TCP mode, whose bytes are not parsed.
    head: Option<&'r RequestHead>,
}

impl<'r> Asking<'r> {
    pub(crate) fn new(head: &'r RequestHead, ip: IpAddr) -> Self {
        Asking { ip, head: Some(head) }
    }

    /// The input for a connection in TCP mode.
    pub(crate) fn of_connection(ip: IpAddr) -> Self {
        Asking { ip, head: None }
    }

    /// The method, case-sensitive as sent; empty in TCP mode.
    pub fn method(&self) -> &[u8] {
        self.head.map_or(&[], RequestHead::method)
    }

    /// The request target as sent: path, and query after a question mark. Empty in TCP mode.
    pub fn target(&self) -> &[u8] {
        self.head.map_or(&[], RequestHead::target)
    }

    /// The values of all fields with this case-insensitive name; none in TCP mode.
    pub fn header(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.head.into_iter().flat_map(move |head| head.named(name.as_bytes()))
    }
}

impl KeyFunction {
    /// Wraps a function. It must not block.
    pub fn new(function: impl Fn(&Asking<'_>) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        KeyFunction(Arc::new(function))
    }

    pub(crate) fn key(&self, asking: &Asking<'_>) -> Option<Vec<u8>> {
        (self.0)(asking)
    }
}

impl fmt::Debug for KeyFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyFunction")
    }
}

/// Compares by identity: equal only to clones of itself.
impl PartialEq for KeyFunction {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for KeyFunction {}
