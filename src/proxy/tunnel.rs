//! What was upgraded: bytes both ways, unread and unchanged, until both sides are done.
//!
//! An idle tunnel holds no buffer: bytes are read into the worker's one scratch buffer inside the poll and
//! written on at once. Only what the other side does not take yet is kept, at most one buffer's worth a
//! direction, and nothing more is read until it is gone.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::frames::{Frames, GOING_AWAY};
use crate::balancer::{Active, Backend, Intent, Tunnelling};
use crate::engine::{Connected, Phase};
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
    /// Both end with the tunnel, however it ends; a raw connection is counted by whoever made it.
    counted: Option<(Active, Tunnelling)>,
    /// What the backend sends, where it is a WebSocket.
    frames: Option<Frames>,
}

impl Tunnel {
    pub(super) fn new(stream: Stream, early: Bytes, backend: Arc<Backend>, websocket: bool) -> Self {
        let counted = (Active::new(Arc::clone(&backend)), Tunnelling::new(Arc::clone(&backend)));
        let mut frames = websocket.then(Frames::default);
        if let Some(frames) = &mut frames {
            frames.follow(&early);
        }
        Tunnel { stream, early, backend, counted: Some(counted), frames }
    }

    /// One that carries whatever the client speaks, from its first byte on.
    pub(super) fn raw(stream: Stream, backend: Arc<Backend>) -> Self {
        Tunnel { stream, early: Bytes::new(), backend, counted: None, frames: None }
    }
}

/// The client's half of a tunnel.
pub(super) struct ClientHalf {
    pub(super) stream: TcpStream,
    /// What the client sent right behind its request.
    pub(super) early: Bytes,
    pub(super) connected: Connected,
    pub(super) engine: watch::Receiver<Phase>,
    /// `timeouts.tunnelIdle`; zero is no limit.
    pub(super) idle: Duration,
}

/// How a tunnel ended.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Finish {
    /// Both sides closed.
    Clean,
    /// The client's side failed.
    ClientFailed,
    /// The backend's did.
    BackendFailed,
    /// Nothing moved for `timeouts.tunnelIdle`.
    Idle,
    /// The backend was taken out.
    TakenOut,
    /// The program stops.
    Stopping,
}

/// What a tunnel has carried, in bytes, and how it ended.
pub(super) struct Carried {
    /// From the client.
    pub(super) up: u64,
    /// To the client.
    pub(super) down: u64,
    pub(super) finish: Finish,
}

/// Carries bytes until both sides have ended, one has failed, or the tunnel is cut.
pub(super) async fn run(tunnel: Tunnel, client: ClientHalf) -> Carried {
    let Tunnel { mut stream, early, backend, counted, frames } = tunnel;
    let ClientHalf { stream: mut client, early: client_early, connected, mut engine, idle } = client;
    let mut up = Direction::new(&client_early, None);
    let mut down = Direction::new(&early, frames);
    drop((client_early, early));
    let finish = {
        let mut cut = pin!(backend.cut.notified());
        // From here on no cut is missed; one that came before, while the backend took its time to switch, is seen below.
        cut.as_mut().enable();
        let taken_out = backend.intent() == Intent::Maint;
        let mut leaving = pin!(engine.wait_for(|phase| *phase >= Phase::Leaving));
        // Boxed, because most tunnels have no limit and should not pay its memory.
        let mut timer = (!idle.is_zero()).then(|| Box::pin(tokio::time::sleep(idle)));
        let mut moved = Instant::now();
        poll_fn(|cx| {
            if taken_out || cut.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Finish::TakenOut);
            }
            if leaving.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Finish::Stopping);
            }
            let before = up.carried + down.carried;
            let up_done = up.poll(&mut client, &mut stream, cx);
            let down_done = down.poll(&mut stream, &mut client, cx);
            if let Some(timer) = &mut timer {
                if up.carried + down.carried != before {
                    moved = Instant::now();
                }
                while timer.as_mut().poll(cx).is_ready() {
                    if moved.elapsed() >= idle {
                        return Poll::Ready(Finish::Idle);
                    }
                    timer.as_mut().reset((moved + idle).into());
                }
            }
            match (up_done, down_done) {
                (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => Poll::Ready(Finish::Clean),
                (Poll::Ready(Err(Side::From)), _) | (_, Poll::Ready(Err(Side::To))) => {
                    Poll::Ready(Finish::ClientFailed)
                }
                (Poll::Ready(Err(Side::To)), _) | (_, Poll::Ready(Err(Side::From))) => {
                    Poll::Ready(Finish::BackendFailed)
                }
                _ => Poll::Pending,
            }
        })
        .await
    };
    match finish {
        Finish::Clean => {}
        Finish::ClientFailed | Finish::BackendFailed => {
            stream.reset_on_close();
            reset_on_close(&client);
        }
        Finish::Idle | Finish::TakenOut | Finish::Stopping => {
            stream.reset_on_close();
            if down.may_say_goodbye() {
                // Best effort: a client that does not read now is cut all the same.
                let _ = client.try_write(&GOING_AWAY);
            }
            let _ = client.shutdown().await;
        }
    }
    drop(counted);
    drop(connected);
    Carried { up: up.carried, down: down.carried, finish }
}

/// A side that fails is passed on as a failure, not as an orderly end.
pub(super) fn reset_on_close(client: &TcpStream) {
    // Where the socket is dead already there is nothing to reset.
    let _ = socket2::SockRef::from(client).set_linger(Some(Duration::ZERO));
}

/// Which side of a direction failed.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    From,
    To,
}

/// One way of a tunnel.
struct Direction {
    /// What was read and not yet written.
    kept: Bytes,
    carried: u64,
    /// Something was written and not flushed: TLS keeps records of its own that only a flush sends.
    unflushed: bool,
    frames: Option<Frames>,
    closed: Closed,
}

#[derive(PartialEq)]
enum Closed {
    No,
    /// The reading side has ended; the writing side is yet to be told.
    Read,
    Both,
}

impl Direction {
    /// `early` is copied: as it comes, a few bytes or none hold the whole buffer they were read into.
    fn new(early: &[u8], frames: Option<Frames>) -> Self {
        Direction { kept: Bytes::copy_from_slice(early), carried: 0, unflushed: false, frames, closed: Closed::No }
    }

    /// Whether a close frame would stand between two frames.
    fn may_say_goodbye(&self) -> bool {
        self.kept.is_empty() && self.closed == Closed::No && self.frames.as_ref().is_some_and(Frames::is_between)
    }

    fn poll<R, W>(&mut self, from: &mut R, to: &mut W, cx: &mut Context<'_>) -> Poll<Result<(), Side>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        // After some rounds others get their turn: a fast pair must not hold the worker.
        for _ in 0..16 {
            while !self.kept.is_empty() {
                let written = ready!(Pin::new(&mut *to).poll_write(cx, &self.kept)).map_err(|_| Side::To)?;
                if written == 0 {
                    return Poll::Ready(Err(Side::To));
                }
                self.kept.advance(written);
                self.unflushed = true;
            }
            self.kept = Bytes::new();
            if self.unflushed {
                ready!(Pin::new(&mut *to).poll_flush(cx)).map_err(|_| Side::To)?;
                self.unflushed = false;
            }
            match self.closed {
                Closed::Both => return Poll::Ready(Ok(())),
                Closed::Read => {
                    // A half-close: the other direction goes on.
                    ready!(Pin::new(&mut *to).poll_shutdown(cx)).map_err(|_| Side::To)?;
                    self.closed = Closed::Both;
                }
                Closed::No => ready!(BUFFER.with_borrow_mut(|buffer| self.pass_on(from, to, buffer, cx)))?,
            }
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
    ) -> Poll<Result<(), Side>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        let mut read = ReadBuf::new(buffer);
        ready!(Pin::new(from).poll_read(cx, &mut read)).map_err(|_| Side::From)?;
        let mut rest = read.filled();
        if rest.is_empty() {
            self.closed = Closed::Read;
        }
        self.carried += rest.len() as u64;
        if let Some(frames) = &mut self.frames {
            frames.follow(rest);
        }
        while !rest.is_empty() {
            match Pin::new(&mut *to).poll_write(cx, rest).map_err(|_| Side::To)? {
                Poll::Ready(0) => return Poll::Ready(Err(Side::To)),
                Poll::Ready(written) => {
                    rest = &rest[written..];
                    self.unflushed = true;
                }
                Poll::Pending => {
                    self.kept = Bytes::copy_from_slice(rest);
                    break;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}
