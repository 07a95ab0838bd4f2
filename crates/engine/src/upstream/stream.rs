//! A byte stream to a backend or from a client, over TCP, TLS or a Unix socket.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio_rustls::client::TlsStream;

use super::fault::Faulty;
use super::tcp::Tcp;

/// A connected socket.
pub(crate) enum Stream {
    Tcp(Tcp),
    /// Boxed, because its state is large and most backends speak plainly.
    Tls(Box<TlsStream<Tcp>>),
    #[cfg(unix)]
    Unix(UnixStream),
    /// One of the others with a fault that a person lets its backend have.
    Faulty(Box<Faulty<Stream>>),
}

impl Stream {
    /// Makes the coming close a TCP reset, so that the peer stops working on an abandoned exchange at once instead of
    /// when it next writes. Has no effect on a Unix socket.
    pub(crate) fn reset_on_close(&self) {
        if let Some(tcp) = self.tcp() {
            // Where the socket is dead already there is nothing to reset.
            let _ = socket2::SockRef::from(tcp.socket()).set_linger(Some(Duration::ZERO));
        }
    }

    /// The TCP connection, below TLS where there is TLS.
    pub(crate) fn tcp(&self) -> Option<&Tcp> {
        match self {
            Stream::Tcp(tcp) => Some(tcp),
            Stream::Tls(tls) => Some(tls.get_ref().0),
            #[cfg(unix)]
            Stream::Unix(_) => None,
            Stream::Faulty(faulty) => faulty.inner()?.tcp(),
        }
    }

    /// The same, to be asked what changes its end; `None` for one with a fault, whose end is not what the system says.
    pub(crate) fn tcp_mut(&mut self) -> Option<&mut Tcp> {
        match self {
            Stream::Tcp(tcp) => Some(tcp),
            Stream::Tls(tls) => Some(tls.get_mut().0),
            #[cfg(unix)]
            Stream::Unix(_) => None,
            Stream::Faulty(_) => None,
        }
    }

    /// Closes the writing side after bytes that may not be all: over TLS it is not said that they are (`close_notify`).
    pub(crate) fn poll_cut(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Stream::Tls(tls) = self {
            ready!(Pin::new(&mut *tls).poll_flush(cx))?;
            return Pin::new(tls.get_mut().0).poll_shutdown(cx);
        }
        Pin::new(self).poll_shutdown(cx)
    }

    /// Waits until there may be something to read, below TLS.
    pub(crate) async fn readable(&self) -> io::Result<()> {
        match self {
            #[cfg(unix)]
            Stream::Unix(unix) => unix.readable().await,
            Stream::Tcp(tcp) => tcp.socket().readable().await,
            Stream::Tls(tls) => tls.get_ref().0.socket().readable().await,
            // It is never kept idle.
            Stream::Faulty(_) => Ok(()),
        }
    }

    /// Whether it is open and has no unread data. Relies on readiness already reported to the event loop; usually makes
    /// no system call.
    pub(crate) fn is_quiet(&mut self) -> bool {
        let mut byte = [0];
        let result = match self {
            Stream::Tcp(tcp) => tcp.socket().try_read(&mut byte),
            #[cfg(unix)]
            Stream::Unix(unix) => unix.try_read(&mut byte),
            Stream::Tls(tls) => {
                let mut read = ReadBuf::new(&mut byte);
                let cx = &mut Context::from_waker(Waker::noop());
                return Pin::new(tls).poll_read(cx, &mut read).is_pending();
            }
            // It is never kept idle.
            Stream::Faulty(_) => return false,
        };
        matches!(result, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }
}

/// Delegates a call to the inner socket.
macro_rules! each {
    ($stream:expr, $socket:ident => $call:expr) => {
        match $stream.get_mut() {
            Stream::Tcp($socket) => $call,
            Stream::Tls($socket) => $call,
            #[cfg(unix)]
            Stream::Unix($socket) => $call,
            Stream::Faulty($socket) => $call,
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        each!(self, socket => Pin::new(socket).poll_read(cx, buf))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        each!(self, socket => Pin::new(socket).poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, socket => Pin::new(socket).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, socket => Pin::new(socket).poll_shutdown(cx))
    }
}
