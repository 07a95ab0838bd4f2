//! A listener's socket, as a worker accepts from it.
//!
//! Where the system allows, who is accepted is not watched yet: many a client has sent by then all that it ever sends.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};

use crate::proxy::Socket;

#[cfg(unix)]
type Watched = tokio::io::unix::AsyncFd<TcpListener>;

#[cfg(not(unix))]
type Watched = tokio::net::TcpListener;

/// A listener's socket, which does not block.
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

    /// Closes it; gives those who were connected already, whom closing alone would turn away.
    pub(crate) fn close(self) -> impl Iterator<Item = (Socket, SocketAddr)> {
        #[cfg(unix)]
        let listener = Some(self.0.into_inner());
        #[cfg(not(unix))]
        let listener = self.0.into_std().ok();
        let next = move || accept(listener.as_ref()?).ok();
        std::iter::from_fn(next).map(|(stream, peer)| (Socket::Unwatched(stream), peer))
    }
}

/// Accepts a client that is there, as a socket that does not block.
fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (stream, peer) = listener.accept()?;
    stream.set_nonblocking(true)?;
    Ok((stream, peer))
}
