//! One client's connection, from accept to close.

use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use stickylb_http1::{BadHead, HeadLimits, ReadBuffer, RequestHead};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::watch;

use super::clock::Clock;
use super::forwarded::Peer;
use super::replay::Replay;
use crate::access::{Place, Refused};
use crate::config::Config;
use crate::proxy::io::{Broken, Look, Outbox, Socket, poll_read, with_scratch};
use crate::proxy::worker::Proxy;
use crate::state::{Listener, Phase};

/// What is read, and for how long, of a body that nobody wants.
const DRAINED: usize = 256 << 20;

const DRAIN_TIME: Duration = Duration::from_secs(5);

/// Bytes of further requests that are read while one is served.
const AHEAD: usize = 64 * 1024;

/// What the requests of one connection share. What outlives them is borrowed: a request counts no references.
pub(crate) struct Client<'c> {
    pub(crate) proxy: &'c Arc<Proxy>,
    pub(crate) stream: Socket,
    /// Where it came in.
    pub(crate) listener: &'c Listener,
    /// The configuration of the moment it came in; a changed one counts from the next connection on.
    pub(crate) config: &'c Config,
    /// The connection's peer.
    pub(crate) ip: IpAddr,
    /// The port it came from.
    pub(crate) port: u16,
    pub(crate) peer: Peer,
    pub(crate) clock: Clock,
    /// It is a request that a person sends again.
    pub(crate) replay: Option<Box<Replay>>,
    /// Its place among the connections of its address, or why it has none.
    pub(crate) admitted: Result<Option<Place>, Refused>,
    /// What was read and belongs to no request yet.
    pub(crate) unread: ReadBuffer,
    /// What it is still to take.
    pub(crate) down: Outbox,
    /// Set while nothing is read from it, so that it is looked after all the same.
    pub(crate) look: Option<Box<Look>>,
    /// How far the engine is.
    pub(crate) engine: watch::Receiver<Phase>,
}

/// What comes of waiting for a request.
pub(crate) enum Next {
    Head(RequestHead),
    Bad(BadHead),
    /// None comes any more.
    Over,
}

impl Client<'_> {
    /// The address of a request's client: this connection's, or the one its proxy tells, whose port nobody knows.
    pub(crate) fn address(&self, ip: IpAddr) -> SocketAddr {
        SocketAddr::new(ip, if ip == self.ip { self.port } else { 0 })
    }

    /// Where it came to.
    pub(crate) fn local(&self) -> SocketAddr {
        // Where the socket is dead already, the next use finds out.
        // That of a replay leads to this program.
        self.stream.local_addr().ok().filter(|_| self.replay.is_none()).unwrap_or(self.listener.address)
    }

    /// Waits for the next request.
    pub(crate) async fn next(&mut self, mut finishing: Pin<&mut impl Future<Output = ()>>, waits: &mut bool) -> Next {
        self.look = None;
        let limits = &self.config.limits;
        let limits = HeadLimits { bytes: limits.header_bytes, fields: limits.headers };
        poll_fn(|cx| {
            loop {
                if !self.unread.is_empty() {
                    match self.unread.head(&limits) {
                        Ok(Some(head)) => return Poll::Ready(Next::Head(head)),
                        Ok(None) => self.clock.received(),
                        Err(bad) => return Poll::Ready(Next::Bad(bad)),
                    }
                }
                match self.poll_fill(cx) {
                    Poll::Ready(Ok(1..)) => {}
                    Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(Next::Over),
                    Poll::Pending => break,
                }
            }
            if self.clock.poll_expired(&self.config.timeouts, cx).is_ready() {
                return Poll::Ready(Next::Over);
            }
            // Asked once to be woken, then only where there is news.
            if !*waits || self.engine.has_changed().unwrap_or(true) {
                *waits = true;
                if finishing.as_mut().poll(cx).is_ready() && self.unread.is_empty() {
                    return Poll::Ready(Next::Over);
                }
            }
            Poll::Pending
        })
        .await
    }

    /// Reads what there is.
    pub(crate) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        with_scratch(|scratch| {
            let read = ready!(poll_read(&mut self.stream, &mut scratch.read, cx))?;
            self.unread.add(read);
            Poll::Ready(Ok(read.len()))
        })
    }

    /// Whether no further request is taken, because the program stops.
    pub(crate) fn is_finishing(&self) -> bool {
        self.engine.has_changed().unwrap_or(true) && *self.engine.borrow() >= Phase::Finishing
    }

    /// Sends it these bytes behind those it is still to take.
    pub(crate) fn send(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> io::Result<()> {
        self.down.send(&mut self.stream, bytes, cx)
    }

    /// Ready when it has taken everything.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.down.is_empty() { Poll::Ready(Ok(())) } else { self.down.poll_flush(&mut self.stream, cx) }
    }

    /// Whether it need not be looked after yet: it has sent its request and nothing else, and has waited for no more than a
    /// moment.
    pub(crate) fn is_left_alone(&self) -> bool {
        !self.stream.is_watched() && !self.clock.has_ticked() && self.down.is_empty()
    }

    /// Ready when the client has left. What it sends meanwhile is kept for the next request.
    pub(crate) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<Broken> {
        while self.unread.len() < AHEAD {
            match ready!(self.poll_fill(cx)) {
                Ok(1..) => {}
                Ok(0) | Err(_) => return Poll::Ready(Broken::Gone),
            }
        }
        self.poll_closed(cx)
    }

    /// Ready when the client has left, though nothing is read from it for now: what it sent waits in the system's buffer,
    /// and its end behind that.
    pub(crate) fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<Broken> {
        let Ok(stream) = self.stream.watch() else { return Poll::Ready(Broken::Gone) };
        let look = self.look.get_or_insert_with(|| Box::new(Look::new()));
        look.poll_gone(stream, cx).map(|()| Broken::Gone)
    }

    /// Waits for `work`, but no longer than the client does.
    pub(crate) async fn while_there<F: Future>(&mut self, work: F) -> Result<F::Output, Broken> {
        let mut work = pin!(work);
        poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(value) => Poll::Ready(Ok(value)),
            Poll::Pending => self.poll_gone(cx).map(Err),
        })
        .await
    }

    /// Ends the connection. With bytes unread that would be a reset, which could overtake the last response.
    pub(crate) async fn close(mut self) {
        if !self.unread.is_empty() || self.stream.has_more() {
            self.drain().await;
        }
    }

    /// Reads on for a while after the last response, for a client that is still sending what nobody wants: closing
    /// at once would reset the connection, and the client would never see its answer.
    pub(crate) async fn drain(mut self) {
        // Where the client has left already nothing is left to do.
        if self.stream.shutdown().await.is_err() {
            return;
        }
        let rest = async {
            let mut buffer = vec![0; 16 * 1024];
            let mut left = DRAINED;
            while left > 0 {
                match self.stream.read(&mut buffer).await {
                    Ok(0) | Err(_) => return,
                    Ok(n) => left = left.saturating_sub(n),
                }
            }
        };
        // However much there still is, it has been polite enough.
        let _ = tokio::time::timeout(DRAIN_TIME, rest).await;
    }
}
