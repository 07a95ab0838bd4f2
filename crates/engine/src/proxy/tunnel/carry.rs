//! A tunnel after an upgrade, or of a raw connection: bytes both ways, unparsed and unchanged, until both sides have closed.
//!
//! An idle tunnel holds no buffer: bytes are read into the worker's scratch buffer inside the poll and written on at once. Only
//! what the other side does not take yet is buffered, at most one read's worth a direction, and nothing more is read until it
//! is gone (backpressure).

use futures_util::FutureExt as _;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch;

use super::frames::{Frames, GOING_AWAY};
use super::tunnel_liveness;
use super::tunnel_liveness::{Gone, Sides, Waiting};
use crate::access::AddressSlot;
use crate::api::Intent;
use crate::balancer;
use crate::balancer::{Active, Backend, OpenId, Ticket, Tunnelling};
use crate::proxy::io::{ClientStream, ROUNDS, Scratch, WriteBuffer, poll_read, with_scratch};
use crate::state::{Connected, Phase};
use crate::upstream::Stream;

/// How long a client that is cut has to take what was said to it last.
const GOODBYE: Duration = Duration::from_millis(250);

/// A backend's half of a tunnel, waiting for the client's.
pub(crate) struct Tunnel {
    stream: Stream,
    early: Vec<u8>,
    backend: Arc<Backend>,
    /// Its counts, which end with the tunnel; a raw connection is counted by its session.
    counted: Option<(Active, Tunnelling)>,
    /// Its place at a backend that has so many and no more, and the learned id that it belongs to.
    places: Places,
    /// What the backend sends, where it is a WebSocket.
    frames: Option<Frames>,
    /// Called once, at the backend's first byte.
    on_first_byte: Option<OnFirstByte>,
}

/// What a tunnel holds of its backend and of its client's session.
type Places = (Option<balancer::Slot>, Option<OpenId>);

type OnFirstByte = Box<dyn FnOnce() + Send>;

impl Tunnel {
    /// To this backend; the ticket is the record of the choice that led there.
    pub(crate) fn new(
        stream: Stream,
        early: Vec<u8>,
        (backend, ticket): (&Arc<Backend>, Option<Ticket>),
        places: Places,
        websocket: bool,
    ) -> Self {
        let active = Active::in_place(Arc::clone(backend), Instant::now(), ticket);
        let counted = (active, Tunnelling::new(Arc::clone(backend)));
        let mut frames = websocket.then(Frames::default);
        if let Some(frames) = &mut frames {
            frames.follow(&early);
        }
        Tunnel {
            stream,
            early,
            backend: Arc::clone(backend),
            counted: Some(counted),
            places,
            frames,
            on_first_byte: None,
        }
    }

    /// A tunnel for a raw connection. `on_first_byte` is called at the backend's first byte.
    pub(crate) fn raw(stream: Stream, backend: Arc<Backend>, on_first_byte: impl FnOnce() + Send + 'static) -> Self {
        let on_first_byte: Option<OnFirstByte> = Some(Box::new(on_first_byte));
        Tunnel { stream, early: Vec::new(), backend, counted: None, places: (None, None), frames: None, on_first_byte }
    }
}

/// A client's places, which end with its connection.
pub(crate) type Counted = (Connected, Option<AddressSlot>);

/// The client's half of a tunnel.
pub(crate) struct ClientHalf {
    pub(crate) stream: ClientStream,
    /// What the client sent right behind its request.
    pub(crate) early: Vec<u8>,
    pub(crate) counted: Counted,
    pub(crate) engine: watch::Receiver<Phase>,
    /// `timeouts.tunnelIdle`; zero is no limit.
    pub(crate) idle: Duration,
}

/// How a tunnel ended.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Finish {
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
pub(crate) struct Carried {
    /// From the client.
    pub(crate) up: u64,
    /// To the client.
    pub(crate) down: u64,
    pub(crate) finish: Finish,
}

/// Carries bytes until both sides have ended, one has failed, or the tunnel is cut.
pub(crate) async fn carry(tunnel: Tunnel, client: ClientHalf) -> Carried {
    let Tunnel { mut stream, early, backend, counted, places, frames, mut on_first_byte } = tunnel;
    let ClientHalf { stream: mut client, early: client_early, counted: slots, mut engine, idle } = client;
    let mut up = Direction::new(client_early, None);
    let mut down = Direction::new(early, frames);
    let finish = {
        let mut cut = pin!(backend.signals.close_tunnels.notified());
        // From here on no cut is missed; one that came while the backend was still switching protocols is seen below.
        cut.as_mut().enable();
        let taken_out = backend.status.intent() == Intent::Maint;
        let mut leaving = pin!(engine.wait_for(|phase| *phase >= Phase::Leaving));
        // Boxed, because most tunnels have no limit and should not pay its memory.
        let mut timer = (!idle.is_zero()).then(|| Box::pin(tokio::time::sleep(idle)));
        let mut moved = Instant::now();
        let mut liveness = None;
        let still = if counted.is_some() { tunnel_liveness::STILL } else { tunnel_liveness::STILL_RAW };
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
            if down.carried > 0
                && let Some(on_first_byte) = on_first_byte.take()
            {
                on_first_byte();
            }
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
                _ => {
                    // After an orderly close nothing is waited for but the delivery of what is buffered.
                    let down = down.waiting().is_some() && down.closed == Closed::No;
                    let Ok(client) = client.watch() else { return Poll::Ready(Finish::ClientFailed) };
                    let sides = Sides { client, up: up.waiting(), backend: &stream, down, still };
                    tunnel_liveness::poll_gone(&mut liveness, &sides, cx).map(|gone| match gone {
                        Gone::Client => Finish::ClientFailed,
                        Gone::Backend => Finish::BackendFailed,
                    })
                }
            }
        })
        .await
    };
    match finish {
        Finish::Clean => {}
        // A failed side is passed on as a reset, not as an orderly close.
        Finish::ClientFailed | Finish::BackendFailed => {
            stream.reset_on_close();
            client.reset_on_close();
        }
        Finish::Idle | Finish::TakenOut | Finish::Stopping => {
            stream.reset_on_close();
            if down.may_say_goodbye() {
                // Best effort: a client that does not read now is cut all the same.
                let _ = client.write(&GOING_AWAY).now_or_never();
            }
            // Over TLS this waits for room, which one that reads nothing does not have.
            let _ = tokio::time::timeout(GOODBYE, client.shutdown()).await;
        }
    }
    drop((counted, places, slots));
    Carried { up: up.carried, down: down.carried, finish }
}

/// Which side of a direction failed.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    From,
    To,
}

/// One way of a tunnel.
struct Direction {
    /// What came with the handshake.
    early: Vec<u8>,
    out: WriteBuffer,
    carried: u64,
    frames: Option<Frames>,
    closed: Closed,
    /// The reading side closed over TLS without saying that this was all.
    is_cut: bool,
}

/// A side that can be written to, and closed in order or not.
trait Receiver: AsyncWrite + Unpin {
    fn poll_cut(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

impl Receiver for ClientStream {
    fn poll_cut(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ClientStream::poll_cut(self, cx)
    }
}

impl Receiver for Stream {
    fn poll_cut(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Stream::poll_cut(self, cx)
    }
}

#[derive(PartialEq)]
enum Closed {
    No,
    /// The reading side has closed; the writing side is still to be shut down.
    Read,
    Both,
}

impl Direction {
    fn new(early: Vec<u8>, frames: Option<Frames>) -> Self {
        Direction { early, out: WriteBuffer::default(), carried: 0, frames, closed: Closed::No, is_cut: false }
    }

    /// Whether a close frame would stand between two frames.
    fn may_say_goodbye(&self) -> bool {
        self.out.is_empty() && self.closed == Closed::No && self.frames.as_ref().is_some_and(Frames::is_between)
    }

    /// What is buffered for the writing side, if anything.
    fn waiting(&self) -> Option<Waiting> {
        (!self.out.is_empty()).then(|| (self.carried, self.out.left()))
    }

    fn poll<R, W>(&mut self, from: &mut R, to: &mut W, cx: &mut Context<'_>) -> Poll<Result<(), Side>>
    where
        R: AsyncRead + Unpin,
        W: Receiver,
    {
        if !self.early.is_empty() {
            self.out.send(to, &std::mem::take(&mut self.early), cx).map_err(|_| Side::To)?;
        }
        for _ in 0..ROUNDS {
            ready!(self.out.poll_flush(to, cx)).map_err(|_| Side::To)?;
            match self.closed {
                Closed::Both => return Poll::Ready(Ok(())),
                Closed::Read => {
                    // A half-close: the other direction goes on. If the shutdown fails the side has disconnected, which
                    // the other direction finds out; in this one, everything has been delivered.
                    let _ = ready!(if self.is_cut { to.poll_cut(cx) } else { Pin::new(&mut *to).poll_shutdown(cx) });
                    self.closed = Closed::Both;
                }
                Closed::No => ready!(self.pass_on(from, to, cx))?,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reads once and writes what it can of it.
    fn pass_on<R, W>(&mut self, from: &mut R, to: &mut W, cx: &mut Context<'_>) -> Poll<Result<(), Side>>
    where
        R: AsyncRead + Unpin,
        W: Receiver,
    {
        with_scratch(|Scratch { read, .. }| {
            let read = self.out.share(read);
            let read = match ready!(poll_read(from, read, cx)) {
                // Over TLS, a close without close_notify (RFC 8446 6.1), which many servers leave out. Whether the bytes are
                // complete is for their receiver to tell from what they say; over TLS it learns that nobody has said so.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    self.is_cut = true;
                    &[]
                }
                read => read.map_err(|_| Side::From)?,
            };
            if read.is_empty() {
                self.closed = Closed::Read;
            }
            self.carried += read.len() as u64;
            if let Some(frames) = &mut self.frames {
                frames.follow(read);
            }
            Poll::Ready(self.out.send(to, read, cx).map_err(|_| Side::To))
        })
    }
}
