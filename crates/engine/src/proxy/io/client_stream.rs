//! The byte stream of a client: its socket, or TLS over it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::socket::Socket;
use super::tls_stream::TlsStream;

/// The byte stream of a client.
pub(crate) enum ClientStream {
    Plain(Socket),
    /// Boxed, because its state is large and most clients speak plainly.
    Tls(Box<TlsStream>),
}

impl ClientStream {
    /// The socket, below TLS where there is TLS.
    pub(crate) fn socket(&self) -> &Socket {
        match self {
            ClientStream::Plain(socket) => socket,
            ClientStream::Tls(tls) => tls.socket(),
        }
    }

    /// The same, to be read past TLS or registered.
    pub(crate) fn socket_mut(&mut self) -> &mut Socket {
        match self {
            ClientStream::Plain(socket) => socket,
            ClientStream::Tls(tls) => tls.socket_mut(),
        }
    }

    /// Whether what passes is encrypted.
    pub(crate) fn is_tls(&self) -> bool {
        matches!(self, ClientStream::Tls(_))
    }

    /// Whether there is something to read though its socket may have nothing.
    pub(crate) fn has_unread(&self) -> bool {
        match self {
            ClientStream::Plain(_) => false,
            ClientStream::Tls(tls) => tls.has_unread(),
        }
    }

    /// Closes the writing side after bytes that may not be all: over TLS it is not said that they are (`close_notify`).
    pub(crate) fn poll_cut(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            ClientStream::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            ClientStream::Tls(tls) => tls.poll_cut(cx),
        }
    }

    /// Registers its socket with the runtime from here on.
    pub(crate) fn watch(&mut self) -> io::Result<&mut TcpStream> {
        self.socket_mut().watch()
    }

    /// The local address that the client connected to.
    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket().local_addr()
    }

    /// Makes the close that follows send a reset (RST).
    pub(crate) fn reset_on_close(&self) {
        self.socket().reset_on_close();
    }
}

/// Delegates a call to the socket, or to TLS over it.
macro_rules! each {
    ($stream:expr, $inner:ident => $call:expr) => {
        match $stream.get_mut() {
            ClientStream::Plain($inner) => $call,
            ClientStream::Tls($inner) => $call,
        }
    };
}

impl AsyncRead for ClientStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        each!(self, inner => Pin::new(inner).poll_read(cx, buf))
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        each!(self, inner => Pin::new(inner).poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, inner => Pin::new(inner).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, inner => Pin::new(inner).poll_shutdown(cx))
    }
}
