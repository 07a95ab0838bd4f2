//! One client's connection, from accept to close.

use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use arc_swap::Cache;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::watch;

use super::arrival::Arrival;
use super::clock::Clock;
use super::departure::Look;
use super::flight::poll_read;
use super::forwarded::Peer;
use super::handle::{handle, refuse_unreadable};
use super::outbox::Outbox;
use super::replay::Replay;
use super::scratch::with_scratch;
use super::socket::Socket;
use super::tunnel::{self, ClientHalf, Tunnel};
use super::upload::Broken;
use super::{Proxy, pages};
use crate::access::{Place, Refused};
use crate::config::Config;
use crate::engine::{self, Listener};
use crate::http1::{BadHead, HeadLimits, RequestHead, Unread};

/// What is read, and for how long, of a body that nobody wants.
const DRAINED: usize = 256 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// Bytes of further requests that are read while one is served.
const AHEAD: usize = 64 * 1024;

/// What the requests of one connection share. What outlives them is borrowed: a request counts no references.
pub(super) struct Client<'c> {
    pub(super) proxy: &'c Arc<Proxy>,
    pub(super) stream: Socket,
    /// Where it came in.
    pub(super) listener: &'c Listener,
    /// The configuration of the moment it came in; a changed one counts from the next connection on.
    pub(super) config: &'c Config,
    /// The connection's peer.
    pub(super) ip: IpAddr,
    /// The port it came from.
    pub(super) port: u16,
    pub(super) peer: Peer,
    pub(super) clock: Clock,
    /// It is a request that a person sends again.
    pub(super) replay: Option<Box<Replay>>,
    /// Its place among the connections of its address, or why it has none.
    pub(super) admitted: Result<Option<Place>, Refused>,
    /// What was read and belongs to no request yet.
    pub(super) unread: Unread,
    /// What it is still to take.
    pub(super) down: Outbox,
    /// Set while nothing is read from it, so that it is looked after all the same.
    look: Option<Box<Look>>,
    /// How far the engine is.
    pub(super) engine: watch::Receiver<engine::Phase>,
}

/// What becomes of a connection after a request.
pub(super) enum After {
    /// The next request may follow.
    Keep,
    /// It ends.
    Close,
    /// It ends, and the client may still be sending what nobody wants.
    Drain,
    /// It ends so that the client sees that its response was cut short.
    Reset,
    /// It carries another protocol from here on.
    Tunnel(Box<Tunnel>),
    /// It is a WebSocket that reads the balancer's own events.
    Events(Box<pages::Feed>),
}

/// What comes of waiting for a request.
enum Next {
    Head(RequestHead),
    Bad(BadHead),
    /// None comes any more.
    Over,
}

/// Serves a client until it leaves, idles too long, or the engine finishes.
pub(super) async fn serve(proxy: Arc<Proxy>, arrival: Arrival, engine: watch::Receiver<engine::Phase>) {
    let Arrival { stream, peer: address, listener, connected, replay } = arrival;
    let config = Arc::clone(&proxy.shared.setup().config);
    let peer = Peer::new(address.ip(), &config.trusted_proxies);
    let mut routing = Cache::new(&listener.routing);
    let mut client = Client {
        port: address.port(),
        stream,
        listener: &listener,
        ip: address.ip().to_canonical(),
        admitted: proxy.shared.access.connection(address, peer.is_trusted()),
        peer,
        clock: Clock::new(&config.timeouts, Instant::now()),
        replay,
        unread: Unread::default(),
        down: Outbox::default(),
        look: None,
        engine: engine.clone(),
        config: &config,
        proxy: &proxy,
    };
    // What is already so is no news; what follows is looked at when it comes.
    client.engine.mark_unchanged();
    let mut finishing = engine.clone();
    let mut finishing = pin!(async move {
        // An engine that is gone has finished.
        let _ = finishing.wait_for(|phase| *phase >= engine::Phase::Finishing).await;
    });
    let mut waits = false;
    let after = loop {
        let after = match client.next(finishing.as_mut(), &mut waits).await {
            Next::Head(head) => handle(&mut client, routing.load(), head).await,
            Next::Bad(bad) => refuse_unreadable(&mut client, bad).await,
            Next::Over => return,
        };
        if !matches!(after, After::Keep) {
            break after;
        }
    };
    match after {
        After::Keep | After::Close => client.close().await,
        After::Drain => client.drain().await,
        After::Reset => client.stream.reset_on_close(),
        After::Tunnel(tunnel) => {
            let idle = config.timeouts.tunnel_idle;
            let counted = (connected, client.admitted.ok().flatten());
            // One that cannot be watched is of no use.
            let Ok(stream) = client.stream.into_watched() else { return };
            let half = ClientHalf { early: client.unread.take(), stream, counted, engine, idle };
            // A task of its own, so that an idle tunnel does not hold the memory of an HTTP connection.
            tokio::spawn(tunnel::run(*tunnel, half));
        }
        After::Events(feed) => {
            let counted = (connected, client.admitted.ok().flatten());
            let Ok(stream) = client.stream.into_watched() else { return };
            tokio::spawn(pages::websocket(*feed, stream, client.unread.take(), counted));
        }
    }
}

impl Client<'_> {
    /// The address of a request's client: this connection's, or the one its proxy tells, whose port nobody knows.
    pub(super) fn address(&self, ip: IpAddr) -> SocketAddr {
        SocketAddr::new(ip, if ip == self.ip { self.port } else { 0 })
    }

    /// Where it came to.
    pub(super) fn local(&self) -> SocketAddr {
        // Where the socket is dead already, the next use finds out.
        // That of a replay leads to this program.
        self.stream.local_addr().ok().filter(|_| self.replay.is_none()).unwrap_or(self.listener.address)
    }

    /// Waits for the next request.
    async fn next(&mut self, mut finishing: Pin<&mut impl Future<Output = ()>>, waits: &mut bool) -> Next {
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
    pub(super) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        with_scratch(|scratch| {
            let read = ready!(poll_read(&mut self.stream, &mut scratch.read, cx))?;
            self.unread.add(read);
            Poll::Ready(Ok(read.len()))
        })
    }

    /// Whether no further request is taken, because the program stops.
    pub(super) fn is_finishing(&self) -> bool {
        self.engine.has_changed().unwrap_or(true) && *self.engine.borrow() >= engine::Phase::Finishing
    }

    /// Sends it these bytes behind those it is still to take.
    pub(super) fn send(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> io::Result<()> {
        self.down.send(&mut self.stream, bytes, cx)
    }

    /// Ready when it has taken everything.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.down.is_empty() { Poll::Ready(Ok(())) } else { self.down.poll_flush(&mut self.stream, cx) }
    }

    /// Whether it need not be looked after yet: it has sent its request and nothing else, and has waited for no more than a
    /// moment.
    pub(super) fn is_left_alone(&self) -> bool {
        !self.stream.is_watched() && !self.clock.has_ticked() && self.down.is_empty()
    }

    /// Ready when the client has left. What it sends meanwhile is kept for the next request.
    pub(super) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<Broken> {
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
    pub(super) fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<Broken> {
        let Ok(stream) = self.stream.watch() else { return Poll::Ready(Broken::Gone) };
        let look = self.look.get_or_insert_with(|| Box::new(Look::new()));
        look.poll_gone(stream, cx).map(|()| Broken::Gone)
    }

    /// Waits for `work`, but no longer than the client does.
    pub(super) async fn while_there<F: Future>(&mut self, work: F) -> Result<F::Output, Broken> {
        let mut work = pin!(work);
        poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(value) => Poll::Ready(Ok(value)),
            Poll::Pending => self.poll_gone(cx).map(Err),
        })
        .await
    }

    /// Ends the connection. With bytes unread that would be a reset, which could overtake the last response.
    async fn close(mut self) {
        if !self.unread.is_empty() || self.stream.has_more() {
            self.drain().await;
        }
    }

    /// Reads on for a while after the last response, for a client that is still sending what nobody wants: closing
    /// at once would reset the connection, and the client would never see its answer.
    async fn drain(mut self) {
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
