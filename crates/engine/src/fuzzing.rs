//! What the fuzz targets in `fuzz/` reach of the library beside its interface; no part of that, and free to change.

use std::net::SocketAddr;
use tokio::io::AsyncRead;

use crate::config::ProxyProtocol;
use crate::proxy_protocol::{announce, announce_own, read};

/// Reads a PROXY protocol header, and not one byte more; gives the client it names.
///
/// # Errors
/// What is wrong with it, as one sentence.
pub async fn read_proxy_header(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<SocketAddr>, String> {
    read(stream).await.map_err(|error| error.to_string())
}

/// The PROXY protocol header of a connection made for a client at `from`, who came to `to`; of the balancer's own
/// connection where there are no such ends.
pub fn proxy_header(version: ProxyProtocol, ends: Option<(SocketAddr, SocketAddr)>) -> Vec<u8> {
    ends.map_or_else(|| announce_own(version), |(from, to)| announce(version, from, to))
}
