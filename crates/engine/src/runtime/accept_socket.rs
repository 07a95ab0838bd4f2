//! A worker's copy of a listener's socket.
//!
//! On Unix, an accepted socket is not registered with the event loop yet, because many clients have sent their only
//! request by then and never need to be waited for.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};

use crate::proxy::Socket;

#[cfg(unix)]
type Watched = tokio::io::unix::AsyncFd<TcpListener>;

#[cfg(not(unix))]
type Watched = tokio::net::TcpListener;

/// A listener's non-blocking socket.
pub(crate) struct Entrance(Watched);

impl Entrance {
    #[cfg(unix)]
    #[expect(
        deprecated,
        reason = "for types whose descriptor may change; the standard library's listener keeps its own"
    )]
    pub(crate) fn new(listener: TcpListener) -> io::Result<Self> {
        Watched::with_interest(listener, tokio::io::Interest::READABLE).map(Entrance)
    }

    /// Waits for a client.
    #[cfg(unix)]
    pub(crate) async fn accept(&self) -> io::Result<(Socket, SocketAddr)> {
        let accepted = self.0.async_io(tokio::io::Interest::READABLE, accept).await;
        accepted.map(|(stream, peer)| (Socket::Unwatched(stream), peer))
    }

    #[cfg(not(unix))]
    pub(crate) fn new(listener: TcpListener) -> io::Result<Self> {
        Watched::from_std(listener).map(Entrance)
    }

    /// Waits for a client.
    #[cfg(not(unix))]
    pub(crate) async fn accept(&self) -> io::Result<(Socket, SocketAddr)> {
        self.0.accept().await.map(|(stream, peer)| (Socket::Watched(stream), peer))
    }

    /// Stops accepting; returns the clients still in the accept queue, which closing the socket would reset.
    pub(crate) fn close(self) -> impl Iterator<Item = (Socket, SocketAddr)> {
        #[cfg(unix)]
        let listener = Some(self.0.into_inner());
        #[cfg(not(unix))]
        let listener = self.0.into_std().ok();
        let next = move || accept(listener.as_ref()?).ok();
        std::iter::from_fn(next).map(|(stream, peer)| (Socket::Unwatched(stream), peer))
    }
}

/// Accepts a client as a non-blocking socket. Must not block: the listener is non-blocking.
fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (stream, peer) = listener.accept()?;
    stream.set_nonblocking(true)?;
    Ok((stream, peer))
}
