//! What was upgraded: bytes both ways, unread and unchanged, until both sides are done.
//!
//! An idle tunnel holds no buffer: bytes are read into the worker's one scratch buffer inside the poll and
//! written on at once. Only what the other side does not take yet is kept, at most one buffer's worth a
//! direction, and nothing more is read until it is gone.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::balancer::{Active, Backend, Tunnelling};
use crate::engine::Connected;
use crate::upstream::Stream;

const SCRATCH: usize = 64 * 1024;

thread_local! {
    /// Borrowed only inside one poll, so that every tunnel of a worker shares it.
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; SCRATCH].into_boxed_slice());
}

/// A backend's half of a tunnel, waiting for the client's.
pub(super) struct Tunnel {
    stream: Stream,
    early: Bytes,
    backend: Arc<Backend>,
    /// Both end with the tunnel, however it ends.
    counted: (Active, Tunnelling),
}

impl Tunnel {
    pub(super) fn new(stream: Stream, early: Bytes, backend: Arc<Backend>) -> Self {
        let counted = (Active::new(Arc::clone(&backend)), Tunnelling::new(Arc::clone(&backend)));
        Tunnel { stream, early, backend, counted }
    }
}

/// Carries bytes until both sides have ended, one has failed, or the backend is taken out.
///
/// `client_early` is what the client sent right behind its request.
pub(super) async fn run(tunnel: Tunnel, mut client: TcpStream, client_early: Bytes, connected: Connected) {
    let Tunnel { mut stream, early, backend, counted } = tunnel;
    let mut up = Direction::new(client_early);
    let mut down = Direction::new(early);
    let mut cut = pin!(backend.cut.notified());
    let clean = poll_fn(|cx| {
        if cut.as_mut().poll(cx).is_ready() {
            return Poll::Ready(false);
        }
        let up_done = up.poll(&mut client, &mut stream, cx);
        let down_done = down.poll(&mut stream, &mut client, cx);
        match (up_done, down_done) {
            (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => Poll::Ready(true),
            (Poll::Ready(Err(_)), _) | (_, Poll::Ready(Err(_))) => Poll::Ready(false),
            _ => Poll::Pending,
        }
    })
    .await;
    if !clean {
        stream.reset_on_close();
    }
    drop(counted);
    drop(connected);
}

/// One way of a tunnel.
struct Direction {
    /// What was read and not yet written.
    kept: Bytes,
    ended: Ended,
}

#[derive(PartialEq)]
enum Ended {
    No,
    /// The reading side has ended; the writing side is yet to be told.
    Read,
    Both,
}

impl Direction {
    fn new(kept: Bytes) -> Self {
        Direction { kept, ended: Ended::No }
    }

    fn poll<R, W>(&mut self, from: &mut R, to: &mut W, cx: &mut Context<'_>) -> Poll<io::Result<()>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        // After some rounds others get their turn: a fast pair must not hold the worker.
        for _ in 0..16 {
            while !self.kept.is_empty() {
                let written = ready!(Pin::new(&mut *to).poll_write(cx, &self.kept))?;
                if written == 0 {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                self.kept.advance(written);
            }
            if self.ended == Ended::Both {
                return Poll::Ready(Ok(()));
            }
            if self.ended == Ended::Read {
                // A half-close: the other direction goes on.
                ready!(Pin::new(&mut *to).poll_shutdown(cx))?;
                self.ended = Ended::Both;
                return Poll::Ready(Ok(()));
            }
            ready!(BUFFER.with_borrow_mut(|buffer| self.pass_on(from, to, buffer, cx)))?;
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reads once and writes what it can of it.
    fn pass_on<R, W>(
        &mut self,
        from: &mut R,
        to: &mut W,
        buffer: &mut [u8],
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let mut read = ReadBuf::new(buffer);
        ready!(Pin::new(from).poll_read(cx, &mut read))?;
        let mut rest = read.filled();
        if rest.is_empty() {
            self.ended = Ended::Read;
        }
        while !rest.is_empty() {
            match Pin::new(&mut *to).poll_write(cx, rest)? {
                Poll::Ready(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(written) => rest = &rest[written..],
                Poll::Pending => {
                    self.kept = Bytes::copy_from_slice(rest);
                    break;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}
