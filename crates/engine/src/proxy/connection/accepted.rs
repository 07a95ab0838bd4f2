//! A client that was accepted.

use std::net::SocketAddr;
use std::sync::Arc;

use super::before_requests::BeforeRequests;
use super::replay::Replay;
use crate::proxy::io::ClientStream;
use crate::state::{Connected, Listener};

/// A client that was accepted.
pub(crate) struct Accepted {
    pub(crate) stream: ClientStream,
    /// Who it is: the other end, or whom a PROXY protocol header names.
    pub(crate) peer: SocketAddr,
    /// Where it came in.
    pub(crate) listener: Arc<Listener>,
    pub(crate) connected: Connected,
    /// It is a request that a person sends again.
    pub(crate) replay: Option<Box<Replay>>,
    /// The client of the balancer's own traffic that it is.
    pub(crate) traffic: Option<u32>,
    /// Whether its other end is in this process, and its socket leads to no listener.
    pub(crate) is_inside: bool,
    /// What came before its first request, on a port for TLS.
    pub(crate) before: Option<Box<BeforeRequests>>,
}
