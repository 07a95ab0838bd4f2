//! The stream of a connection with a fault.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::body::{BodyFault, Carries, Cut, Passes};
use super::heads::Heads;
use crate::api::ChaosKind;

/// Bytes read at once of what is held back, or passed over.
const READ: usize = 16 * 1024;

/// Rounds of reading what nobody gets, before others have their turn.
const ROUNDS: usize = 16;

/// A backend's connection as a fault shows it. What is written passes; what is read is late, slow, cut short or kept back.
pub(crate) struct Faulty<S> {
    /// `None` where there is no connection: what is read is the balancer's own.
    inner: Option<S>,
    act: Act,
    /// What was read of the connection and is still to be handed on, from `at` on.
    held: Vec<u8>,
    at: usize,
    /// How much of it may be handed on whatever the rest waits for.
    free: usize,
    /// The writing side was shut down.
    write_closed: bool,
}

/// What is still to be done.
enum Act {
    /// Nothing: the rest passes as it is.
    Pass,
    /// The final head, or without heads the first byte, is to wait for this time from when it comes.
    Late(Duration, Option<Box<Heads>>),
    /// It waits.
    Holding(Pin<Box<Sleep>>),
    /// Nothing is ever handed on. `ended` is whether the connection has.
    Hang { ended: bool },
    /// In place of the first byte comes a reset.
    ResetFirst,
    /// The body is paced, or cut.
    Body(Box<BodyFault>),
    /// It has been cut.
    Ended(Cut),
}

impl<S> Faulty<S> {
    /// This connection with this fault. A fault that acts before there is a connection does nothing here.
    pub(crate) fn new(inner: S, kind: &ChaosKind, carries: Carries) -> Self {
        let act = match *kind {
            ChaosKind::Latency { millis, .. } => {
                Act::Late(Duration::from_millis(millis), carries.heads().map(Box::new))
            }
            ChaosKind::Hang => Act::Hang { ended: false },
            ChaosKind::Reset { after: None } => Act::ResetFirst,
            ChaosKind::Reset { after: Some(after) } => Act::Body(Box::new(BodyFault::cut(carries, after, Cut::Reset))),
            ChaosKind::Truncate { after } => Act::Body(Box::new(BodyFault::cut(carries, after, Cut::Closed))),
            ChaosKind::Slow { bytes_per_second } => Act::Body(Box::new(BodyFault::slow(carries, bytes_per_second))),
            ChaosKind::Error { .. } | ChaosKind::Refuse | ChaosKind::Blackhole | ChaosKind::Flaky { .. } => Act::Pass,
        };
        Faulty { inner: Some(inner), act, held: Vec::new(), at: 0, free: 0, write_closed: false }
    }

    /// An answer without a connection: whatever is written goes nowhere.
    pub(crate) fn answer(bytes: Vec<u8>) -> Self {
        Faulty { inner: None, act: Act::Pass, held: bytes, at: 0, free: 0, write_closed: false }
    }

    /// The connection, where there is one.
    pub(crate) fn inner(&self) -> Option<&S> {
        self.inner.as_ref()
    }

    /// Hands on what is held, as far as there is room and `most` allows; whether that was anything.
    fn give(&mut self, most: usize, buf: &mut ReadBuf<'_>) -> bool {
        let most = (self.held.len() - self.at).min(most).min(buf.remaining());
        buf.put_slice(&self.held[self.at..self.at + most]);
        self.at += most;
        self.free = self.free.saturating_sub(most);
        if self.at == self.held.len() {
            (self.held, self.at) = (Vec::new(), 0);
        }
        most > 0
    }
}

/// Reads a piece of a connection that is not handed on now; empty is its end, by whatever error.
fn poll_piece<S: AsyncRead + Unpin>(inner: &mut Option<S>, cx: &mut Context<'_>) -> Poll<Vec<u8>> {
    let Some(inner) = inner else { return Poll::Ready(Vec::new()) };
    let mut bytes = vec![0; READ];
    let mut piece = ReadBuf::new(&mut bytes);
    let read = ready!(Pin::new(inner).poll_read(cx, &mut piece));
    let length = if read.is_ok() { piece.filled().len() } else { 0 };
    bytes.truncate(length);
    Poll::Ready(bytes)
}

impl<S: AsyncRead + Unpin> Faulty<S> {
    /// Hands on what is there, at most so many bytes of it: none is the end.
    fn poll_some(&mut self, most: usize, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.give(most, buf) {
            return Poll::Ready(Ok(()));
        }
        let Some(inner) = &mut self.inner else { return Poll::Ready(Ok(())) };
        if most >= buf.remaining() {
            return Pin::new(inner).poll_read(cx, buf);
        }
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(most));
        ready!(Pin::new(inner).poll_read(cx, &mut part))?;
        let read = part.filled().len();
        buf.advance(read);
        Poll::Ready(Ok(()))
    }

    /// What comes is read over, so that the backend is not kept waiting. Once both sides have closed, that is an end.
    fn poll_hang(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut ended = matches!(self.act, Act::Hang { ended: true });
        for _ in 0..ROUNDS {
            if ended {
                return if self.write_closed { Poll::Ready(Ok(())) } else { Poll::Pending };
            }
            ended = ready!(poll_piece(&mut self.inner, cx)).is_empty();
            self.act = Act::Hang { ended };
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_body(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let from = buf.filled().len();
        let Act::Body(fault) = &mut self.act else { return self.poll_some(usize::MAX, cx, buf) };
        if fault.is_in_head() {
            ready!(self.poll_some(usize::MAX, cx, buf))?;
            if let Act::Body(fault) = &mut self.act {
                let head = fault.of_head(&buf.filled()[from..]);
                self.held.extend_from_slice(&buf.filled()[from + head..]);
                buf.set_filled(from + head);
            }
            return Poll::Ready(Ok(()));
        }
        match ready!(fault.poll_passes(cx)) {
            Passes::Everything => self.act = Act::Pass,
            Passes::Nothing(cut) => self.act = Act::Ended(cut),
            Passes::Bytes(most) => {
                ready!(self.poll_some(most, cx, buf))?;
                if let Act::Body(fault) = &mut self.act {
                    fault.passed(&buf.filled()[from..]);
                }
                return Poll::Ready(Ok(()));
            }
        }
        self.poll_act(cx, buf)
    }

    fn poll_act(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.act {
            Act::Pass => self.poll_some(usize::MAX, cx, buf),
            // Interim heads pass.
            Act::Late(..) | Act::Holding(_) if self.free > 0 => {
                self.give(self.free, buf);
                Poll::Ready(Ok(()))
            }
            Act::Late(time, heads) => {
                let piece = ready!(poll_piece(&mut self.inner, cx));
                let rest = heads.as_mut().map_or(piece.len(), |heads| heads.take(&piece).rest);
                self.held.extend_from_slice(&piece);
                self.free = self.held.len().saturating_sub(rest);
                if rest > 0 || piece.is_empty() {
                    self.act = Act::Holding(Box::pin(sleep(*time)));
                }
                self.poll_act(cx, buf)
            }
            Act::Holding(timer) => {
                ready!(timer.as_mut().poll(cx));
                self.act = Act::Pass;
                self.poll_some(usize::MAX, cx, buf)
            }
            Act::Hang { .. } => self.poll_hang(cx),
            Act::ResetFirst => {
                let ended = ready!(poll_piece(&mut self.inner, cx)).is_empty();
                self.act = if ended { Act::Pass } else { Act::Ended(Cut::Reset) };
                self.poll_act(cx, buf)
            }
            Act::Body(_) => self.poll_body(cx, buf),
            Act::Ended(Cut::Closed) => Poll::Ready(Ok(())),
            Act::Ended(Cut::Reset) => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Faulty<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 { Poll::Ready(Ok(())) } else { self.get_mut().poll_act(cx, buf) }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Faulty<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match &mut this.inner {
            // What has closed takes nothing more.
            _ if matches!(this.act, Act::Ended(_)) => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            Some(inner) => Pin::new(inner).poll_write(cx, buf),
            None => Poll::Ready(Ok(buf.len())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().inner.as_mut().map_or(Poll::Ready(Ok(())), |inner| Pin::new(inner).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.write_closed = true;
        this.inner.as_mut().map_or(Poll::Ready(Ok(())), |inner| Pin::new(inner).poll_shutdown(cx))
    }
}

#[cfg(test)]
mod tests;
