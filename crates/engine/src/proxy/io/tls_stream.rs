//! TLS with a client over its socket (RFC 8446, RFC 5246).
//!
//! Records are read into a buffer that the worker's connections share, decrypted there, and written from another, so that a
//! client that is idle holds no buffer, a large body costs few system calls, and a small answer is one record and one write.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::server::UnbufferedServerConnection;

use super::scratch::READ;
use super::socket::Socket;
use super::tls_records::{Driven, Traffic, alert, close, drive, encrypt};
use crate::tls::RefusedName;

/// Most bytes of one record, with its header and what encryption adds (RFC 8446 5.2, RFC 5246 6.2.3).
const RECORD: usize = 5 + (1 << 14) + 2048;

/// Most bytes of a handshake message that has not come whole, which may stand in several records: far more than any client
/// has to say, and little enough where thousands leave theirs unfinished.
const UNFINISHED: usize = 2 * RECORD;

/// Most bytes that are encrypted before the socket is asked to take them: what it does not take is kept.
const WRITE: usize = 64 * 1024;

/// Buffers of a worker, borrowed inside one poll.
struct Buffers {
    incoming: Box<[u8]>,
    outgoing: Vec<u8>,
}

thread_local! {
    static BUFFERS: RefCell<Buffers> = RefCell::new(Buffers {
        incoming: vec![0; READ + UNFINISHED].into_boxed_slice(),
        outgoing: Vec::new(),
    });
}

/// A client's socket with TLS over it.
pub(crate) struct TlsStream {
    socket: Socket,
    session: UnbufferedServerConnection,
    /// What has come of a record or message that is not whole.
    partial: Vec<u8>,
    /// What was decrypted and not read yet.
    unread: Kept,
    /// What was encrypted and not taken by the socket yet.
    unsent: Kept,
    /// The client has said that nothing more comes (`close_notify`).
    has_ended: bool,
    /// It was told the same.
    was_told: bool,
    /// What it sent makes no sense, and nothing after it does.
    has_failed: bool,
}

/// Bytes that wait, with how many of them are gone already.
#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    gone: usize,
}

impl Kept {
    fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    fn left(&self) -> &[u8] {
        &self.bytes[self.gone..]
    }

    /// So many more are gone; their memory goes with the last.
    fn go(&mut self, count: usize) {
        self.gone += count;
        if self.gone == self.bytes.len() {
            *self = Kept::default();
        }
    }
}

impl TlsStream {
    /// Shakes hands.
    ///
    /// # Errors
    /// The socket's, or `InvalidData` with the library's error in it, of which the client has been told.
    pub(crate) async fn accept(socket: Socket, config: Arc<ServerConfig>) -> io::Result<Self> {
        let session = UnbufferedServerConnection::new(config).map_err(io::Error::other)?;
        let mut stream = TlsStream {
            socket,
            session,
            partial: Vec::new(),
            unread: Kept::default(),
            unsent: Kept::default(),
            has_ended: false,
            was_told: false,
            has_failed: false,
        };
        poll_fn(|cx| stream.poll_handshake(cx)).await?;
        Ok(stream)
    }

    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    pub(crate) fn socket_mut(&mut self) -> &mut Socket {
        &mut self.socket
    }

    /// Whether there is something to read though the socket may have nothing.
    pub(crate) fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    /// Closes this side without saying that all was sent, so that the client knows that it may not be.
    pub(crate) fn poll_cut(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.was_told = true;
        ready!(self.poll_send(cx))?;
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }

    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.poll_send(cx))?;
            if !self.session.is_handshaking() {
                return Poll::Ready(Ok(()));
            }
            if self.has_ended || ready!(self.poll_receive(cx, &mut ReadBuf::new(&mut [])))? == 0 {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }

    /// Reads from the socket once and takes in what came; gives its length. What is decrypted and has no room in `into` is kept.
    fn poll_receive(&mut self, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<usize>> {
        let came = BUFFERS.with_borrow_mut(|Buffers { incoming, .. }| {
            let before = self.partial.len();
            if before > UNFINISHED {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "a TLS message is too large")));
            }
            // Little more than there is room for, and always a whole record.
            let most = (into.remaining() + into.remaining() / 512).clamp(RECORD, READ);
            let mut read = ReadBuf::new(&mut incoming[before..before + most]);
            ready!(Pin::new(&mut self.socket).poll_read(cx, &mut read))?;
            let came = read.filled().len();
            if came > 0 {
                incoming[..before].copy_from_slice(&self.partial);
                self.take_in(&mut incoming[..before + came], into)?;
            }
            Poll::Ready(Ok(came))
        });
        if !self.unsent.is_empty() && matches!(came, Poll::Ready(_)) {
            // Best effort: what is not taken goes out with the next write, and an error of the socket is found by that.
            let _ = self.poll_send(cx);
        }
        came
    }

    fn take_in(&mut self, incoming: &mut [u8], into: &mut ReadBuf<'_>) -> io::Result<()> {
        let unread = &mut self.unread.bytes;
        let decrypted = |plain: &[u8]| {
            let room = plain.len().min(into.remaining());
            into.put_slice(&plain[..room]);
            unread.extend_from_slice(&plain[room..]);
        };
        match drive(&mut self.session, incoming, &mut self.unsent.bytes, decrypted, |_, _| Ok(())) {
            Ok(Driven { used, has_ended, .. }) => {
                self.has_ended |= has_ended;
                if self.has_ended || used == incoming.len() {
                    self.partial = Vec::new();
                } else {
                    self.partial.clear();
                    self.partial.extend_from_slice(&incoming[used..]);
                }
                Ok(())
            }
            Err((error, used)) => {
                self.has_failed = true;
                self.partial = Vec::new();
                if let Some(refused) = RefusedName::take() {
                    self.unsent.bytes.extend_from_slice(&RefusedName::ALERT);
                    return Err(io::Error::new(io::ErrorKind::InvalidData, refused));
                }
                alert(&mut self.session, &mut incoming[used..], &mut self.unsent.bytes);
                Err(io::Error::new(io::ErrorKind::InvalidData, error))
            }
        }
    }

    /// Appends to `out` what `write` encrypts, behind what the protocol itself has to say first.
    fn put(
        &mut self,
        out: &mut Vec<u8>,
        write: impl FnOnce(&mut Traffic<'_>, &mut Vec<u8>) -> Result<(), io::Error>,
    ) -> io::Result<()> {
        // Where a message has come in part, the session knows places in it.
        let mut partial = mem::take(&mut self.partial);
        let unread = &mut self.unread.bytes;
        let driven = drive(&mut self.session, &mut partial, out, |plain| unread.extend_from_slice(plain), write);
        match driven {
            Ok(Driven { used, has_ended, written }) => {
                self.has_ended |= has_ended;
                partial.drain(..used);
                if !partial.is_empty() {
                    self.partial = partial;
                }
                written.unwrap_or_else(|| Err(io::ErrorKind::NotConnected.into()))
            }
            Err((error, _)) => {
                self.has_failed = true;
                Err(io::Error::new(io::ErrorKind::InvalidData, error))
            }
        }
    }

    /// Ready when the socket has taken all that was encrypted.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsent.is_empty() {
            let sent = ready!(Pin::new(&mut self.socket).poll_write(cx, self.unsent.left()))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unsent.go(sent);
        }
        Poll::Ready(Ok(()))
    }

    /// Writes what was encrypted; what the socket does not take is kept.
    fn poll_write_out(&mut self, out: &[u8], cx: &mut Context<'_>) -> io::Result<()> {
        let mut at = 0;
        while at < out.len() {
            match Pin::new(&mut self.socket).poll_write(cx, &out[at..]) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(sent) => at += sent?,
                Poll::Pending => {
                    self.unsent.bytes.extend_from_slice(&out[at..]);
                    break;
                }
            }
        }
        Ok(())
    }
}

impl AsyncRead for TlsStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        let before = into.filled().len();
        loop {
            if !stream.unread.is_empty() {
                let count = stream.unread.left().len().min(into.remaining());
                into.put_slice(&stream.unread.left()[..count]);
                stream.unread.go(count);
            }
            if into.filled().len() > before || into.remaining() == 0 || stream.has_ended {
                return Poll::Ready(Ok(()));
            }
            if stream.has_failed {
                return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
            }
            match ready!(stream.poll_receive(cx, into)) {
                // Without a close_notify nobody knows whether that was all (RFC 8446 6.1).
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                Ok(_) => {}
                // What came before it comes first.
                Err(_) if into.filled().len() > before => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let stream = self.get_mut();
        ready!(stream.poll_send(cx))?;
        if stream.was_told || stream.has_failed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let bytes = &bytes[..bytes.len().min(WRITE)];
        BUFFERS.with_borrow_mut(|Buffers { outgoing, .. }| {
            outgoing.clear();
            stream.put(outgoing, |traffic, out| encrypt(traffic, bytes, out))?;
            stream.poll_write_out(outgoing, cx)
        })?;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_send(cx)
    }

    /// Says that nothing more comes (`close_notify`), behind all that was written, and closes this side.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        if !mem::replace(&mut stream.was_told, true) && !stream.has_failed {
            let mut out = mem::take(&mut stream.unsent.bytes);
            let told = stream.put(&mut out, close);
            stream.unsent.bytes = out;
            told?;
        }
        ready!(stream.poll_send(cx))?;
        Pin::new(&mut stream.socket).poll_shutdown(cx)
    }
}
