//! A TCP connection to a backend, with what it takes to prove after its end that the backend never got a request.
//!
//! Bytes that are not acknowledged are no proof by themselves: Linux delays its acknowledgement on a connection that carries
//! requests and answers in turn, and does not take in the one that a reset carries, so that a backend which has read a
//! request and then resets leaves the figure as it was. A FIN, however, carries one that is taken in. Where a FIN came that
//! acknowledges nothing of the request, the backend had closed before it; and where a reset followed, it did not only stop
//! sending but takes nothing any more. This is so by RFC 9293 3.10.7 and needs nothing of the way there, so that it holds for
//! backends on other machines, too. Only a backend that stops sending, then carries out a request it can no longer answer, and
//! resets the connection before the acknowledgement is sent, would be taken for one that had closed.

use socket2::SockRef;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

#[cfg(target_os = "linux")]
use {std::time::Duration, stickylb_tcp_info::TcpInfo};

/// Whether this system can tell that a request never reached a backend.
pub(crate) const PROVES: bool = cfg!(target_os = "linux");

/// How long the reset that follows a FIN is waited for, in all about twice this.
#[cfg(target_os = "linux")]
const LAST_LOOK: Duration = Duration::from_millis(256);

/// What the first sign of its end was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// A FIN.
    Closed,
    /// A reset, or another error, without one.
    Broken,
}

impl End {
    /// Linux says EPIPE where a reset follows a FIN, and ECONNRESET where it does not.
    fn of(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { End::Closed } else { End::Broken }
    }
}

/// A TCP connection to a backend.
pub(crate) struct Tcp {
    socket: TcpStream,
    /// Bytes it was given to send, below TLS.
    written: u64,
    end: Option<End>,
}

impl Tcp {
    pub(crate) fn new(socket: TcpStream) -> Self {
        Tcp { socket, written: 0, end: None }
    }

    pub(crate) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// Bytes it was given to send.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Whether the backend had provably closed the connection when it was sent what came after the first `before` bytes.
    #[cfg(target_os = "linux")]
    pub(crate) async fn had_closed(&mut self, before: u64) -> bool {
        let mut look = Duration::from_millis(1);
        while look <= LAST_LOOK {
            // TLS reads no further than a close_notify, which comes before the FIN.
            if self.end.is_none() {
                self.is_open();
            }
            let Ok(info) = TcpInfo::of(&self.socket) else { return false };
            // The SYN counts as one byte. Fewer than were sent before are no figure to rely on.
            if self.end == Some(End::Broken) || info.bytes_acked != before + 1 {
                return false;
            }
            if self.end == Some(End::Closed) && info.is_closed() {
                return true;
            }
            tokio::time::sleep(look).await;
            look *= 2;
        }
        false
    }

    /// Nothing can be proven here.
    #[cfg(not(target_os = "linux"))]
    pub(crate) async fn had_closed(&mut self, _before: u64) -> bool {
        false
    }

    /// Whether the peer has neither closed nor reset it, as the system knows.
    pub(crate) fn is_open(&mut self) -> bool {
        let looked = SockRef::from(&self.socket).peek(&mut [MaybeUninit::uninit()]);
        match looked {
            Ok(0) => self.end.get_or_insert(End::Closed),
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => self.end.get_or_insert(End::of(&error)),
            _ => return true,
        };
        false
    }

    fn noted<T>(&mut self, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(error)) = &result {
            self.end.get_or_insert(End::of(error));
        }
        result
    }

    fn noted_write(&mut self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(written)) = result {
            self.written += written as u64;
        }
        self.noted(result)
    }
}

impl AsyncRead for Tcp {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.remaining();
        let result = Pin::new(&mut self.socket).poll_read(cx, buf);
        if matches!(result, Poll::Ready(Ok(()))) && buf.remaining() == before && before > 0 {
            self.end.get_or_insert(End::Closed);
        }
        self.noted(result)
    }
}

impl AsyncWrite for Tcp {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write(cx, buf);
        self.noted_write(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write_vectored(cx, bufs);
        self.noted_write(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
