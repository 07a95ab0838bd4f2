//! One client's connection, from accept to close.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::arrival::Arrival;
use super::clock::{Clock, Phase};
use super::forwarded::Peer;
use super::handle::handle;
use super::refuse::Refusal;
use super::tunnel::{self, ClientHalf, Tunnel};
use super::wire::{TARGET_LIMIT, Wire};
use super::{Proxy, account, pages};
use crate::access::{Place, Refused};
use crate::balancer::Decision;
use crate::config::Config;
use crate::engine::{self, Listener};
use crate::upstream::Progress;

/// What is read, and for how long, of a body that nobody wants.
const DRAINED: usize = 256 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// Room for a request line beside the header fields, with some to spare for telling a target that is too long.
const REQUEST_LINE: usize = 2 * TARGET_LIMIT;

/// What the requests of one connection share.
pub(super) struct Client {
    pub(super) proxy: Arc<Proxy>,
    /// Where it came in.
    pub(super) listener: Arc<Listener>,
    /// The configuration of the moment it came in; a changed one counts from the next connection on.
    pub(super) config: Arc<Config>,
    /// The connection's peer.
    pub(super) ip: IpAddr,
    /// The port it came from.
    pub(super) port: u16,
    /// Where it came to.
    pub(super) local: SocketAddr,
    pub(super) peer: Peer,
    pub(super) clock: Clock,
    /// Its place among the connections of its address, or why it has none.
    pub(super) admitted: Result<Option<Place>, Refused>,
    /// The raw heads, as they came.
    wire: Mutex<Wire>,
    /// Requests so far.
    requests: AtomicU64,
    /// Whether the present request is HTTP/1.0, which may not see from its framing that a response was cut short.
    pub(super) http_1_0: AtomicBool,
    /// The last response was cut short.
    pub(super) broken_off: AtomicBool,
    /// A request's body has not been read to its end.
    pub(super) uploading: AtomicBool,
    /// How far the engine is.
    pub(super) engine: watch::Receiver<engine::Phase>,
    /// Left here by the request that was answered 101, for when the connection has sent that answer.
    upgraded: Mutex<Option<Upgraded>>,
}

/// What a connection becomes after a 101.
pub(super) enum Upgraded {
    /// A tunnel to a backend.
    Tunnel(Tunnel),
    /// A reader of the balancer's own events.
    Events(pages::Feed),
}

impl Client {
    fn new(
        proxy: Arc<Proxy>,
        listener: Arc<Listener>,
        address: SocketAddr,
        local: SocketAddr,
        engine: watch::Receiver<engine::Phase>,
    ) -> Self {
        let ip = address.ip();
        let config = Arc::clone(&proxy.shared.setup().config);
        let peer = Peer::new(ip, &config.trusted_proxies);
        Client {
            admitted: proxy.shared.access.connection(address, peer.is_trusted()),
            proxy,
            listener,
            peer,
            ip: ip.to_canonical(),
            port: address.port(),
            local,
            clock: Clock::new(),
            wire: Mutex::new(Wire::new(config.limits.header_bytes)),
            requests: AtomicU64::new(0),
            http_1_0: AtomicBool::new(false),
            broken_off: AtomicBool::new(false),
            uploading: AtomicBool::new(false),
            engine,
            upgraded: Mutex::new(None),
            config,
        }
    }

    /// The address of a request's client: this connection's, or the one its proxy tells, whose port nobody knows.
    pub(super) fn address(&self, ip: IpAddr) -> SocketAddr {
        SocketAddr::new(ip, if ip == self.ip { self.port } else { 0 })
    }

    /// The decision for a request that has none yet.
    pub(super) fn undecided(&self) -> Decision {
        Decision::new(self.listener.routing.load().pool.in_force.load().strategy)
    }

    /// Counts a request; says why its head, as it came, is no good.
    pub(super) fn next_refusal(&self) -> Option<Refusal> {
        let number = self.requests.fetch_add(1, Relaxed) + 1;
        self.wire().refusal(number)
    }

    fn wire(&self) -> MutexGuard<'_, Wire> {
        // This connection's task alone comes here.
        self.wire.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn leave(&self, upgraded: Upgraded) {
        *self.upgraded.lock().unwrap_or_else(PoisonError::into_inner) = Some(upgraded);
    }

    fn take_upgraded(&self) -> Option<Upgraded> {
        self.upgraded.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Waits for `work`, but not beyond the time of the clock's phase.
    pub(super) async fn in_time<F: Future>(&self, work: F) -> Option<F::Output> {
        let mut work = pin!(work);
        poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending if self.clock.expired() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }
}

/// Serves a client until it leaves, idles too long, or the engine finishes.
pub(super) async fn serve(proxy: Arc<Proxy>, arrival: Arrival, engine: watch::Receiver<engine::Phase>) {
    let Arrival { stream, peer, listener, connected } = arrival;
    // Where the socket is dead already, the first read finds out.
    let local = stream.local_addr().unwrap_or(listener.address);
    let client = Arc::new(Client::new(Arc::clone(&proxy), listener, peer, local, engine));
    let config = Arc::clone(&client.config);
    let io = TokioIo::new(Timed { stream, client: Arc::clone(&client) });
    let mut connection = {
        let client = Arc::clone(&client);
        http1::Builder::new()
            .header_read_timeout(None) // the clock does it, and tells an idle connection from a slow head
            .writev(false)
            .max_headers(config.limits.headers)
            // The header limit is kept by the wire, which knows the target from the fields; this is the bound behind it.
            .max_header_size(config.limits.header_bytes + REQUEST_LINE)
            .max_buf_size(config.limits.header_bytes + REQUEST_LINE)
            .serve_connection(
                io,
                service_fn(move |request| {
                    let client = Arc::clone(&client);
                    async move { Ok::<_, Infallible>(handle(client, request).await) }
                }),
            )
    };

    let timeouts = &config.timeouts;
    // Never later than any phase that begins after now could end.
    let rest = timeouts.idle.min(timeouts.request_headers).min(timeouts.response);
    let mut timer = pin!(tokio::time::sleep(rest));
    let mut finishing = client.engine.clone();
    let mut stopped = pin!(finishing.wait_for(|phase| *phase >= engine::Phase::Finishing));
    let mut stopping = false;
    let ended = poll_fn(|cx| {
        if !stopping && stopped.as_mut().poll(cx).is_ready() {
            stopping = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        while timer.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            let deadline = client.clock.deadline(timeouts);
            if deadline.is_some_and(|at| at <= now) {
                match client.clock.phase() {
                    Phase::Idle | Phase::Head => return Poll::Ready(false),
                    Phase::Waiting | Phase::Streaming => client.clock.expire(),
                }
            }
            let deadline = deadline.filter(|at| *at > now);
            let next = deadline.map_or(now + rest, |at| at.min(now + rest));
            timer.as_mut().reset(next.into());
        }
        Pin::new(&mut connection).poll(cx).map(|result| {
            // An error here is the client's. Where it sent what is no HTTP, hyper has answered it.
            if let Err(error) = &result
                && error.is_parse()
            {
                account::book_unreadable(&client, error);
            }
            result.is_ok()
        })
    })
    .await;

    if ended && let Some(upgraded) = client.take_upgraded() {
        let parts = connection.into_parts();
        let stream = parts.io.into_inner().stream;
        // A task of its own, so that an idle tunnel does not hold the memory of an HTTP connection.
        match upgraded {
            Upgraded::Tunnel(tunnel) => {
                let (engine, idle) = (client.engine.clone(), config.timeouts.tunnel_idle);
                let half = ClientHalf { stream, early: parts.read_buf, connected, engine, idle };
                tokio::spawn(tunnel::run(tunnel, half));
            }
            Upgraded::Events(feed) => {
                tokio::spawn(pages::websocket(feed, stream, parts.read_buf, connected));
            }
        }
    } else if client.broken_off.load(Relaxed) && client.http_1_0.load(Relaxed) {
        // A response that ends with its connection is whole to this client unless the connection is reset.
        let stream = connection.into_parts().io.into_inner().stream;
        // Where the socket is dead already there is nothing to reset.
        let _ = socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO));
    } else if ended && client.uploading.load(Relaxed) {
        drain(connection.into_parts().io.into_inner().stream).await;
    }
}

/// Reads on for a while after the last response, for a client that is still sending a body nobody wants: closing
/// at once would reset the connection, and the client would never see its answer.
async fn drain(mut stream: TcpStream) {
    let rest = async {
        let mut buffer = vec![0; 16 * 1024];
        let mut left = DRAINED;
        while left > 0 {
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(n) => left = left.saturating_sub(n),
            }
        }
    };
    // However much there still is, it has been polite enough.
    let _ = tokio::time::timeout(DRAIN_TIME, rest).await;
}

/// The client's socket, telling the clock when bytes arrive.
struct Timed {
    stream: TcpStream,
    client: Arc<Client>,
}

impl Timed {
    /// Notes whether the client takes what it is sent. While it does not, its connection is not idle, however long
    /// ago the last byte came from the backend.
    fn wrote(&self, result: &Poll<io::Result<usize>>) {
        match result {
            Poll::Pending => self.client.clock.blocked(true),
            Poll::Ready(_) => self.client.clock.blocked(false),
        }
    }
}

impl AsyncRead for Timed {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.client.clock.received();
            self.client.wire().follow(&buf.filled()[before..]);
        }
        result
    }
}

impl AsyncWrite for Timed {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.wrote(&result);
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Progress for Client {
    fn progressed(&self) {
        self.clock.progressed();
    }

    fn ended(&self) {
        self.clock.progressed();
        self.uploading.store(false, Relaxed);
    }
}
