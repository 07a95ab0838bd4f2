//! A sticky key of an embedding program's own.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use stickylb_http1::RequestHead;

/// A function that finds a request's sticky key: requests of one key go to one backend for as long as it is there, by a
/// hash that a restart does not change. `None` is a request without a key.
///
/// It is called once for each request, and in TCP mode for each choice of a connection's backend, on the threads that serve
/// clients, and must not block.
#[derive(Clone)]
pub struct KeyFunction(Arc<Function>);

type Function = dyn Fn(&Asking<'_>) -> Option<Vec<u8>> + Send + Sync;

/// What a [`KeyFunction`] can make a key from.
pub struct Asking<'r> {
    /// The client's address, as far as its proxies are believed.
    pub ip: IpAddr,
    /// `None` for a raw connection, of which nothing is read.
    head: Option<&'r RequestHead>,
}

impl<'r> Asking<'r> {
    pub(crate) fn new(head: &'r RequestHead, ip: IpAddr) -> Self {
        Asking { ip, head: Some(head) }
    }

    /// For a connection in TCP mode.
    pub(crate) fn of_connection(ip: IpAddr) -> Self {
        Asking { ip, head: None }
    }

    /// The method, in its case; empty in TCP mode.
    pub fn method(&self) -> &[u8] {
        self.head.map_or(&[], RequestHead::method)
    }

    /// The target as it was sent: the path, and the query behind a question mark. Empty in TCP mode.
    pub fn target(&self) -> &[u8] {
        self.head.map_or(&[], RequestHead::target)
    }

    /// The value of each field of this name, in any case; none in TCP mode.
    pub fn header(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.head.into_iter().flat_map(move |head| head.named(name.as_bytes()))
    }
}

impl KeyFunction {
    /// A key from a function.
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

/// A function is equal to itself alone.
impl PartialEq for KeyFunction {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for KeyFunction {}
