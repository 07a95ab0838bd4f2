//! Whether one side of a connection has disconnected, though nothing may be read from it now: its bytes are for the next
//! backend that is tried, or the other side has not taken those before them (backpressure).

use futures_util::future::{BoxFuture, FutureExt as _};
#[cfg(target_os = "linux")]
use std::collections::HashSet;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
#[cfg(target_os = "linux")]
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};
use tokio::io::{Interest, Ready};
use tokio::net::TcpStream;
use tokio::time::{Interval, MissedTickBehavior, interval_at};

use crate::upstream::Stream;

/// How often a side is probed for a disconnect while nothing is read from it.
pub(crate) const LOOK: Duration = Duration::from_millis(250);

/// Whether the other end has closed its side (half-close) or the whole connection, though bytes it sent before are still
/// unread.
pub(crate) fn has_closed(stream: &TcpStream) -> bool {
    let known = known(stream.ready(CLOSING));
    known.is_read_closed() || known.is_error()
}

/// Whether the other end has reset the connection (RST).
pub(crate) fn has_reset(stream: &TcpStream) -> bool {
    known(stream.ready(CLOSING)).is_error()
}

/// Whether a backend has reset its connection.
pub(crate) fn backend_has_reset(stream: &Stream) -> bool {
    match stream {
        #[cfg(unix)]
        Stream::Unix(unix) => known(unix.ready(CLOSING)).is_error(),
        Stream::Faulty(faulty) => faulty.inner().is_some_and(backend_has_reset),
        Stream::Tcp(_) | Stream::Tls(_) => stream.tcp().is_some_and(|tcp| has_reset(tcp.socket())),
    }
}

/// The readiness events that tell of a close.
const CLOSING: Interest = Interest::READABLE.add(Interest::ERROR);

/// The readiness known so far, without a system call.
fn known(ready: impl Future<Output = io::Result<Ready>>) -> Ready {
    match pin!(ready).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(ready) => ready.unwrap_or(Ready::ERROR),
        Poll::Pending => Ready::EMPTY,
    }
}

/// Probes a client from which nothing is read for now, so that its end of file would not be seen either.
pub(crate) struct DisconnectProbe {
    every: Interval,
    looks: u32,
    /// Whether the client's end is orphaned, which takes a while to find out.
    asked: Option<BoxFuture<'static, bool>>,
}

impl DisconnectProbe {
    /// Probes before the system's socket table is read. The client's FIN may be queued behind bytes for which there is no room,
    /// and then never arrives.
    const ASKED_AFTER: u32 = 3;

    pub(crate) fn new() -> Self {
        let mut every = interval_at(tokio::time::Instant::now() + LOOK, LOOK);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        DisconnectProbe { every, looks: 0, asked: None }
    }

    /// Ready when it has disconnected.
    pub(crate) fn poll_gone(&mut self, client: &TcpStream, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Some(asked) = &mut self.asked
                && let Poll::Ready(abandoned) = asked.poll_unpin(cx)
            {
                self.asked = None;
                if abandoned {
                    return Poll::Ready(());
                }
            }
            ready!(self.every.poll_tick(cx));
            if has_closed(client) {
                return Poll::Ready(());
            }
            self.looks += 1;
            if self.looks.is_multiple_of(DisconnectProbe::ASKED_AFTER) && self.asked.is_none() {
                self.asked = Some(is_abandoned(client, LOOK).boxed());
            }
        }
    }
}

/// Waits for `work` unless the client disconnects first; `None` where it did.
pub(crate) async fn unless_disconnected<T>(client: &TcpStream, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        () = left(client) => None,
    }
}

/// Resolves when the client has disconnected: by a reset, or by a close before it has sent anything.
///
/// A client that has sent something and half-closed may still wait for the answer. Whether it does is known where it runs on
/// this machine; of any other it is assumed.
async fn left(client: &TcpStream) {
    if !matches!(client.peek(&mut [0; 1]).await, Ok(1..)) {
        return;
    }
    while let Ok(ready) = client.ready(Interest::READABLE | Interest::ERROR).await {
        if ready.is_error() || (ready.is_read_closed() && is_abandoned(client, Duration::ZERO).await) {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Whether no process holds the client's end of the connection any more (an orphaned socket). `age` is how old the answer may
/// be: less than the connection is.
pub(crate) fn is_abandoned(client: &TcpStream, age: Duration) -> impl Future<Output = bool> + Send + use<> {
    let ends = (client.peer_addr(), client.local_addr());
    let since = Instant::now().checked_sub(age);
    async move {
        let (Ok(theirs), Ok(ours)) = ends else { return true };
        let ip = theirs.ip().to_canonical();
        let is_here = ip.is_loopback() || ip == ours.ip().to_canonical();
        // Reading the socket tables takes longer than a worker's other clients should wait.
        is_here && tokio::task::spawn_blocking(move || is_left(theirs, ours, since)).await.unwrap_or(false)
    }
}

/// Orphaned ends of connections, by the ports of both ends: an address may be written in either family.
#[cfg(target_os = "linux")]
type Left = HashSet<(u16, u16)>;

/// Whether the socket at `theirs`, connected to `ours`, is orphaned, by a reading of the socket tables not older than `since`.
/// One reading serves all who ask at one time, for the tables are long where there are many connections.
///
/// A socket that is not in them says nothing: behind a packet filter that rewrites ports it has another name.
#[cfg(target_os = "linux")]
fn is_left(theirs: SocketAddr, ours: SocketAddr, since: Option<Instant>) -> bool {
    static LAST: Mutex<Option<(Instant, Left)>> = Mutex::new(None);
    // After a panic it holds the reading before, or none.
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let (_, left) = match last.take() {
        Some((read, left)) if since.is_some_and(|since| since <= read) => last.insert((read, left)),
        // Where the tables cannot be read, nothing counts as orphaned.
        _ => last.insert((Instant::now(), read_left().unwrap_or_default())),
    };
    left.contains(&(theirs.port(), ours.port()))
}

#[cfg(target_os = "linux")]
fn read_left() -> Option<Left> {
    let port = |address: &str| u16::from_str_radix(address.rsplit_once(':')?.1, 16).ok();
    let (mut held, mut left) = (Left::new(), Left::new());
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let text = match std::fs::read_to_string(table) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            text => text.ok()?,
        };
        for line in text.lines() {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [_, from, to, _, _, _, _, _, _, inode, ..] = fields.as_slice() else { continue };
            if let (Some(from), Some(to)) = (port(from), port(to)) {
                // A socket without an inode was closed by its process.
                let ports = if *inode == "0" { &mut left } else { &mut held };
                ports.insert((from, to));
            }
        }
    }
    left.retain(|ports| !held.contains(ports));
    Some(left)
}

/// Other systems have no such table in the file system.
#[cfg(not(target_os = "linux"))]
fn is_left(_: SocketAddr, _: SocketAddr, _: Option<Instant>) -> bool {
    false
}
