//! A client's socket, registered with epoll only when there is something to wait for: a client that connects for one request
//! has mostly sent it by the time it is accepted, and is answered before anything else happens on the connection.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::{io, mem};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::coop::poll_proceed;

/// A client's socket.
pub(crate) enum Socket {
    /// As accepted: non-blocking, and not registered with the runtime.
    Unwatched(std::net::TcpStream),
    Watched(TcpStream),
    /// It could not be registered, and is closed.
    Lost,
}

impl Socket {
    pub(crate) fn is_watched(&self) -> bool {
        matches!(self, Socket::Watched(_))
    }

    /// The socket where it is registered.
    pub(crate) fn watched(&self) -> io::Result<&TcpStream> {
        match self {
            Socket::Watched(stream) => Ok(stream),
            Socket::Unwatched(_) | Socket::Lost => Err(ErrorKind::NotConnected.into()),
        }
    }

    /// Registers it with the runtime from here on.
    pub(crate) fn watch(&mut self) -> io::Result<&mut TcpStream> {
        if let Socket::Unwatched(_) = self
            && let Socket::Unwatched(stream) = mem::replace(self, Socket::Lost)
        {
            *self = Socket::Watched(TcpStream::from_std(stream)?);
        }
        match self {
            Socket::Watched(stream) => Ok(stream),
            Socket::Unwatched(_) | Socket::Lost => Err(ErrorKind::NotConnected.into()),
        }
    }

    /// The local address that the client connected to.
    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Socket::Unwatched(stream) => stream.local_addr(),
            Socket::Watched(stream) => stream.local_addr(),
            Socket::Lost => Err(ErrorKind::NotConnected.into()),
        }
    }

    /// Makes the close that follows send a reset (RST).
    pub(crate) fn reset_on_close(&self) {
        let socket = match self {
            Socket::Unwatched(stream) => socket2::SockRef::from(stream),
            Socket::Watched(stream) => socket2::SockRef::from(stream),
            Socket::Lost => return,
        };
        // Where the socket is dead already there is nothing to reset.
        let _ = socket.set_linger(Some(Duration::ZERO));
    }

    /// Whether unread bytes have arrived.
    pub(crate) fn has_more(&mut self) -> bool {
        let mut byte = [0];
        let read = match self {
            Socket::Unwatched(stream) => stream.read(&mut byte),
            Socket::Watched(stream) => stream.try_read(&mut byte),
            Socket::Lost => return false,
        };
        matches!(read, Ok(1..))
    }

    /// Looks at the bytes that have arrived without reading them, and waits until there are some; 0 at the end.
    pub(crate) async fn peek(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.at_once(|stream| stream.peek(into))? {
            Some(there) => Ok(there),
            None => self.watch()?.peek(into).await,
        }
    }

    /// Does `work` while it never has to wait; registers the socket and returns `None` where it does.
    fn at_once<T>(&mut self, mut work: impl FnMut(&mut std::net::TcpStream) -> io::Result<T>) -> io::Result<Option<T>> {
        while let Socket::Unwatched(stream) = self {
            match work(stream) {
                Ok(done) => return Ok(Some(done)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.watch()?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

// A registered socket takes part in tokio's cooperative scheduling, so that a task which always finds work yields now and then;
// an unregistered one does so by `poll_proceed` here.

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let socket = self.get_mut();
        if let Socket::Watched(stream) = socket {
            return Pin::new(stream).poll_read(cx, buf);
        }
        let turn = ready!(poll_proceed(cx));
        if let Some(read) = socket.at_once(|stream| stream.read(buf.initialize_unfilled()))? {
            turn.made_progress();
            buf.advance(read);
            return Poll::Ready(Ok(()));
        }
        drop(turn);
        Pin::new(socket.watch()?).poll_read(cx, buf)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let socket = self.get_mut();
        if let Socket::Watched(stream) = socket {
            return Pin::new(stream).poll_write(cx, bytes);
        }
        let turn = ready!(poll_proceed(cx));
        if let Some(written) = socket.at_once(|stream| stream.write(bytes))? {
            turn.made_progress();
            return Poll::Ready(Ok(written));
        }
        drop(turn);
        Pin::new(socket.watch()?).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Nothing is kept back on this side of the system.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let socket = self.get_mut();
        if let Some(()) = socket.at_once(|stream| stream.shutdown(Shutdown::Write))? {
            return Poll::Ready(Ok(()));
        }
        Pin::new(socket.watch()?).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn a_socket_that_always_has_bytes_yields_to_others() {
        const BYTES: usize = 32 * 1024;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a listener");
        let at = listener.local_addr().expect("an address");
        let mut theirs = std::net::TcpStream::connect(at).expect("a connection");
        let (ours, _) = listener.accept().expect("a client");
        ours.set_nonblocking(true).expect("a socket that does not block");
        theirs.write_all(&vec![0; BYTES]).expect("room for a few bytes");
        // All of them are there.
        while ours.peek(&mut vec![0; BYTES]).expect("bytes") < BYTES {
            tokio::task::yield_now().await;
        }
        let mut socket = Socket::Unwatched(ours);
        let reading = async {
            for _ in 0..BYTES {
                socket.read_u8().await.expect("a byte");
            }
        };
        tokio::select! {
            biased;
            () = reading => panic!("nobody else had a turn"),
            () = tokio::task::yield_now() => {}
        }
        assert!(!socket.is_watched());
    }
}
