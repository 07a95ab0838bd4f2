//! Connecting to a backend, both for traffic and for health checks.

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use super::stream::Stream;
use super::tcp::Tcp;
use super::tls;
use crate::config::{Address, BackendTls, Scheme};

/// How long to wait for one address before also trying the next one of the same name (RFC 8305 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Why connecting failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialError {
    /// This program ran out of file descriptors; the backend is not at fault.
    #[error("this program has no file descriptor left")]
    Exhausted,
    #[error("{0}")]
    Refused(io::Error),
    #[error("no TLS: {0}")]
    Tls(io::Error),
    #[error("no connection within {} ms", .0.as_millis())]
    Timeout(Duration),
}

/// Connects within `limit`, trying every address of the host. `first` (a PROXY protocol header) is sent before the TLS
/// handshake.
pub(crate) async fn dial(
    address: &Address,
    tls: &BackendTls,
    first: Option<&[u8]>,
    limit: Duration,
) -> Result<Stream, DialError> {
    match tokio::time::timeout(limit, connect(address, tls, first)).await {
        Ok(Err(DialError::Refused(error))) if is_exhausted(&error) => Err(DialError::Exhausted),
        Ok(result) => result,
        Err(_) => Err(DialError::Timeout(limit)),
    }
}

async fn connect(address: &Address, tls: &BackendTls, first: Option<&[u8]>) -> Result<Stream, DialError> {
    match &address.scheme {
        Scheme::Http | Scheme::Tcp | Scheme::Https => {
            let stream = connect_tcp(&address.host, address.port).await.map_err(DialError::Refused)?;
            let mut stream = Tcp::new(stream);
            if let Some(first) = first {
                stream.write_all(first).await.map_err(DialError::Refused)?;
            }
            if address.scheme != Scheme::Https {
                return Ok(Stream::Tcp(stream));
            }
            let stream = tls::handshake(stream, &address.host, tls).await.map_err(DialError::Tls)?;
            Ok(Stream::Tls(Box::new(stream)))
        }
        #[cfg(unix)]
        Scheme::Unix(path) => {
            let mut stream = UnixStream::connect(path).await.map_err(DialError::Refused)?;
            if let Some(first) = first {
                stream.write_all(first).await.map_err(DialError::Refused)?;
            }
            Ok(Stream::Unix(stream))
        }
        #[cfg(not(unix))]
        Scheme::Unix(_) => {
            let none = io::Error::new(io::ErrorKind::Unsupported, "this system has no Unix sockets");
            Err(DialError::Refused(none))
        }
    }
}

async fn connect_tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return first_of(&[SocketAddr::new(ip, port)]).await;
    }
    if host == "localhost" {
        // A resolver may return only one family, but development servers may listen on IPv4 or IPv6 alone: try both.
        let both = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        return first_of(&both.map(|ip| SocketAddr::new(ip, port))).await;
    }
    // Resolved for every connection, so that DNS changes take effect.
    let found = tokio::net::lookup_host((host, port)).await.map_err(|error| {
        io::Error::new(error.kind(), format!("the name {host} has no address ({error}): check its spelling"))
    })?;
    let found: Vec<SocketAddr> = found.collect();
    first_of(&found).await
}

/// Returns the first address to connect ("Happy Eyeballs", RFC 8305 5). If all fail, returns the first address's error,
/// the one users expect to see.
async fn first_of(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let connected = match addresses {
        [] => Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address")),
        [only] => TcpStream::connect(only).await,
        // Boxed, because this large future would otherwise take up memory in the client's task for its whole life.
        several => Box::pin(race(several)).await,
    };
    let stream = connected?;
    if stream.local_addr()? == stream.peer_addr()? {
        // Nobody listens, and the system chose the very port that is dialled as ours (simultaneous open, RFC 9293 3.5): the
        // connection would be one with itself.
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Starts the next attempt when one fails or `HEAD_START` has passed. `addresses` must not be empty.
async fn race(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let connect = |(place, address)| async move { TcpStream::connect(address).await.map_err(|error| (place, error)) };
    let mut left = addresses.iter().enumerate();
    let mut next = left.next();
    let mut running = FuturesUnordered::new();
    let mut first_error = None;
    loop {
        running.extend(next.take().map(connect));
        tokio::select! {
            Some(result) = running.next() => match result {
                Ok(stream) => return Ok(stream),
                Err((place, error)) => {
                    if place == 0 {
                        first_error = Some(error);
                    }
                    next = left.next();
                }
            },
            () = tokio::time::sleep(HEAD_START), if left.len() > 0 => next = left.next(),
            else => break,
        }
    }
    Err(first_error.expect("none is left to try only once each has failed, the first one among them"))
}

/// Whether the error is EMFILE or ENFILE, for which the standard library has no `ErrorKind`.
pub(crate) fn is_exhausted(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        let code = error.raw_os_error();
        [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE].iter().any(|errno| code == Some(errno.raw_os_error()))
    }
    #[cfg(not(unix))]
    {
        let _ = error;
        false
    }
}
