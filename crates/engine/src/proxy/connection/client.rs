//! One client's connection, from accept to close.

use std::future::{Future, poll_fn};
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use stickylb_http1::{BadHead, HeadLimits, RequestHead};
use tokio::sync::watch;

use super::clock::Clock;
use super::connection_login::ConnectionLogin;
use super::forwarded::Peer;
use super::front::Front;
use super::replay::Replay;
use crate::access::{AddressSlot, Refused};
use crate::config::Config;
use crate::proxy::io::Broken;
use crate::proxy::worker::Proxy;
use crate::state::{Listener, Phase};

/// What the requests of one connection share. What outlives them is borrowed, so that a request counts no references.
pub(crate) struct Client<'c> {
    pub(crate) proxy: &'c Arc<Proxy>,
    /// Its connection.
    pub(crate) front: Front,
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
        self.front.stream.local_addr().ok().filter(|_| !self.is_inside).unwrap_or(self.listener.address)
    }

    /// Waits for the next request.
    pub(crate) async fn next(
        &mut self,
        mut finishing: Pin<&mut impl Future<Output = ()>>,
        waits: &mut bool,
    ) -> NextRequest {
        self.front.look = None;
        let limits = &self.config.limits;
        let limits = HeadLimits { bytes: limits.header_bytes, fields: limits.headers };
        poll_fn(|cx| {
            let mut came = !self.front.read_buffer.is_empty();
            loop {
                if !self.front.read_buffer.is_empty() {
                    match self.front.read_buffer.head(&limits) {
                        Ok(Some(head)) => return Poll::Ready(NextRequest::Head(head)),
                        Ok(None) => {}
                        Err(bad) => return Poll::Ready(NextRequest::Bad(bad)),
                    }
                }
                if came {
                    // Also by empty lines before a head, or they could come for ever.
                    self.clock.received();
                }
                match self.front.poll_fill(cx) {
                    Poll::Ready(Ok(1..)) => came = true,
                    Poll::Ready(Ok(0) | Err(_)) => {
                        let begun = !self.front.read_buffer.is_empty();
                        return Poll::Ready(if begun { NextRequest::Left } else { NextRequest::Over });
                    }
                    Poll::Pending => break,
                }
            }
            if self.clock.poll_expired(&self.config.timeouts, cx).is_ready() {
                let begun = !self.front.read_buffer.is_empty();
                return Poll::Ready(if begun { NextRequest::Unfinished } else { NextRequest::Over });
            }
            // Polled once to register the waker, then only after a change.
            if !*waits || self.engine.has_changed().unwrap_or(true) {
                *waits = true;
                if finishing.as_mut().poll(cx).is_ready() && self.front.read_buffer.is_empty() {
                    return Poll::Ready(NextRequest::Over);
                }
            }
            Poll::Pending
        })
        .await
    }

    /// What has come of a head, if no line of it is whole.
    pub(crate) fn unfinished_line(&self) -> Option<&[u8]> {
        self.front.read_buffer.unfinished_line()
    }

    /// Whether the engine is finishing, so that no further request is taken.
    pub(crate) fn is_finishing(&self) -> bool {
        self.engine.has_changed().unwrap_or(true) && *self.engine.borrow() >= Phase::Finishing
    }

    /// Whether a disconnect need not be watched for yet: it has sent just its request, and has waited only a moment.
    pub(crate) fn is_left_alone(&self) -> bool {
        !self.front.stream.socket().is_watched() && !self.clock.has_ticked() && self.front.is_flushed()
    }

    /// Waits for `work` unless the client disconnects first.
    pub(crate) async fn unless_disconnected<F: Future>(&mut self, work: F) -> Result<F::Output, Broken> {
        let mut work = pin!(work);
        poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(value) => Poll::Ready(Ok(value)),
            Poll::Pending => self.front.poll_gone(cx).map(Err),
        })
        .await
    }
}
