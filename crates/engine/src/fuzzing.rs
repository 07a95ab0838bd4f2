//! Internals for the fuzz targets in `fuzz/`. Not part of the library's interface; may change at any time.

use std::net::SocketAddr;
use tokio::io::AsyncRead;

use crate::config::ProxyProtocol;
use crate::proxy_protocol::{announce, announce_own, read};

/// Reads a PROXY protocol header and no byte beyond it; returns the client, if it names one.
///
/// # Errors
/// The header is malformed or incomplete; described in one sentence.
pub async fn read_proxy_header(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<SocketAddr>, String> {
    read(stream).await.map_err(|error| error.to_string())
}

/// The PROXY protocol header of a connection made for a client; `ends` are the client's address and the one that it
/// connected to. `None` is for a connection that the balancer makes for itself.
pub fn proxy_header(version: ProxyProtocol, ends: Option<(SocketAddr, SocketAddr)>) -> Vec<u8> {
    ends.map_or_else(|| announce_own(version), |(from, to)| announce(version, from, to))
}
