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
use super::connection_login::ConnectionLogin;
use super::forwarded::Peer;
use super::replay::Replay;
use crate::access::{AddressSlot, Refused};
use crate::config::Config;
use crate::proxy::io::{Broken, ClientStream, DisconnectProbe, WriteBuffer, poll_read, with_scratch};
use crate::proxy::worker::Proxy;
use crate::state::{Listener, Phase};
use crate::upstream::response::HEAD_READ;

/// How much, and for how long, is read of a body that is discarded.
const DRAINED: usize = 256 << 20;

const DRAIN_TIME: Duration = Duration::from_secs(5);

/// Most bytes of pipelined requests that are read while one is served.
const AHEAD: usize = 64 * 1024;

/// What the requests of one connection share. What outlives them is borrowed, so that a request counts no references.
pub(crate) struct Client<'c> {
    pub(crate) proxy: &'c Arc<Proxy>,
    pub(crate) stream: ClientStream,
    /// The listener that accepted it.
    pub(crate) listener: &'c Listener,
    /// The configuration when it was accepted; a changed one applies from the next connection on.
    pub(crate) config: &'c Config,
    /// The connection's peer.
    pub(crate) ip: IpAddr,
    /// The port it came from.
    pub(crate) port: u16,
    pub(crate) peer: Peer,
    pub(crate) clock: Clock,
    /// Set where it is a replay of a request.
    pub(crate) replay: Option<Box<Replay>>,
    /// The client of the balancer's own traffic that it is.
    pub(crate) traffic: Option<u32>,
    /// Whether its other end is in this process.
    pub(crate) is_inside: bool,
    /// Whether it speaks plain HTTP on a port for TLS.
    pub(crate) is_misplaced: bool,
    /// Its slot among the connections of its address, or why it was not admitted.
    pub(crate) admitted: Result<Option<AddressSlot>, Refused>,
    /// Bytes read that belong to no request yet.
    pub(crate) read_buffer: ReadBuffer,
    /// Bytes that it has not taken yet.
    pub(crate) down: WriteBuffer,
    /// Set while nothing is read from it, so that a disconnect is noticed all the same.
    pub(crate) look: Option<Box<DisconnectProbe>>,
    /// Set where it has logged in on a connection to a backend.
    pub(crate) login: Option<Box<ConnectionLogin<'c>>>,
    /// How far the engine is.
    pub(crate) engine: watch::Receiver<Phase>,
}

/// What came instead of, or as, the next request.
pub(crate) enum NextRequest {
    Head(RequestHead),
    Bad(BadHead),
    /// A head began to come, and did not end in time.
    Unfinished,
    /// A head began to come, and the client left.
    Left,
    /// No further request comes.
    Over,
}

impl Client<'_> {
    /// The address of a request's client: this connection's, or the one its proxy tells, whose port nobody knows.
    pub(crate) fn address(&self, ip: IpAddr) -> SocketAddr {
        SocketAddr::new(ip, if ip == self.ip { self.port } else { 0 })
    }

    /// The local address it connected to.
    pub(crate) fn local(&self) -> SocketAddr {
        // A dead socket is found out by the next use. A socket inside this process leads to no listener.
        self.stream.local_addr().ok().filter(|_| !self.is_inside).unwrap_or(self.listener.address)
    }

    /// Waits for the next request.
    pub(crate) async fn next(
        &mut self,
        mut finishing: Pin<&mut impl Future<Output = ()>>,
        waits: &mut bool,
    ) -> NextRequest {
        self.look = None;
        let limits = &self.config.limits;
        let limits = HeadLimits { bytes: limits.header_bytes, fields: limits.headers };
        poll_fn(|cx| {
            let mut came = !self.read_buffer.is_empty();
            loop {
                if !self.read_buffer.is_empty() {
                    match self.read_buffer.head(&limits) {
                        Ok(Some(head)) => return Poll::Ready(NextRequest::Head(head)),
                        Ok(None) => {}
                        Err(bad) => return Poll::Ready(NextRequest::Bad(bad)),
                    }
                }
                if came {
                    // Also by empty lines before a head, or they could come for ever.
                    self.clock.received();
                }
                match self.poll_fill(cx) {
                    Poll::Ready(Ok(1..)) => came = true,
                    Poll::Ready(Ok(0) | Err(_)) => {
                        let begun = !self.read_buffer.is_empty();
                        return Poll::Ready(if begun { NextRequest::Left } else { NextRequest::Over });
                    }
                    Poll::Pending => break,
                }
            }
            if self.clock.poll_expired(&self.config.timeouts, cx).is_ready() {
                let begun = !self.read_buffer.is_empty();
                return Poll::Ready(if begun { NextRequest::Unfinished } else { NextRequest::Over });
            }
            // Polled once to register the waker, then only after a change.
            if !*waits || self.engine.has_changed().unwrap_or(true) {
                *waits = true;
                if finishing.as_mut().poll(cx).is_ready() && self.read_buffer.is_empty() {
                    return Poll::Ready(NextRequest::Over);
                }
            }
            Poll::Pending
        })
        .await
    }

    /// Reads once into the read buffer.
    pub(crate) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        with_scratch(|scratch| {
            let read = ready!(poll_read(&mut self.stream, &mut scratch.read[..HEAD_READ], cx))?;
            self.read_buffer.add(read);
            Poll::Ready(Ok(read.len()))
        })
    }

    /// Whether the engine is finishing, so that no further request is taken.
    pub(crate) fn is_finishing(&self) -> bool {
        self.engine.has_changed().unwrap_or(true) && *self.engine.borrow() >= Phase::Finishing
    }

    /// Sends bytes, behind those that are still buffered.
    pub(crate) fn send(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> io::Result<()> {
        self.down.send(&mut self.stream, bytes, cx)
    }

    /// Ready when everything has been sent.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.down.is_empty() { Poll::Ready(Ok(())) } else { self.down.poll_flush(&mut self.stream, cx) }
    }

    /// Whether a disconnect need not be watched for yet: it has sent just its request, and has waited only a moment.
    pub(crate) fn is_left_alone(&self) -> bool {
        !self.stream.socket().is_watched() && !self.clock.has_ticked() && self.down.is_empty()
    }

    /// Ready when the client has disconnected. What it sends meanwhile is kept for the next request (pipelining).
    pub(crate) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<Broken> {
        while self.read_buffer.len() < AHEAD {
            match ready!(self.poll_fill(cx)) {
                Ok(1..) => {}
                Ok(0) | Err(_) => return Poll::Ready(Broken::Gone),
            }
        }
        self.poll_closed(cx)
    }

    /// Ready when the client has disconnected, though nothing is read from it for now: what it sent stays in the kernel's
    /// buffer, and its FIN behind that.
    pub(crate) fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<Broken> {
        let Ok(stream) = self.stream.watch() else { return Poll::Ready(Broken::Gone) };
        let look = self.look.get_or_insert_with(|| Box::new(DisconnectProbe::new()));
        look.poll_gone(stream, cx).map(|()| Broken::Gone)
    }

    /// Waits for `work` unless the client disconnects first.
    pub(crate) async fn unless_disconnected<F: Future>(&mut self, work: F) -> Result<F::Output, Broken> {
        let mut work = pin!(work);
        poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(value) => Poll::Ready(Ok(value)),
            Poll::Pending => self.poll_gone(cx).map(Err),
        })
        .await
    }

    /// Closes the connection. With unread bytes a close is a reset, which could overtake the last response.
    pub(crate) async fn close(mut self) {
        if !self.read_buffer.is_empty() || self.stream.socket_mut().has_more() {
            self.drain().await;
        } else {
            self.leave().await;
        }
    }

    /// Ends a connection on which nothing is unread. Over TLS the client must see that nothing was cut off (close_notify,
    /// RFC 8446 6.1).
    pub(crate) async fn leave(mut self) {
        if self.stream.is_tls() {
            // One that reads nothing has no room for it, either. What fails here is closed already.
            let _ = tokio::time::timeout(DRAIN_TIME, self.stream.shutdown()).await;
        }
    }

    /// Lingering close: reads and discards for a while after the last response. Closing at once while the client is still
    /// sending would reset the connection, and the client might never see its answer.
    pub(crate) async fn drain(mut self) {
        let rest = async {
            // An error: the client has disconnected already.
            if self.stream.shutdown().await.is_err() {
                return;
            }
            let mut buffer = vec![0; 16 * 1024];
            let mut left = DRAINED;
            while left > 0 {
                match self.stream.socket_mut().read(&mut buffer).await {
                    Ok(0) | Err(_) => return,
                    Ok(n) => left = left.saturating_sub(n),
                }
            }
        };
        // Whatever is still to come, the wait ends here.
        let _ = tokio::time::timeout(DRAIN_TIME, rest).await;
    }
}
