//! Whether one side of a connection has left, though its bytes may not be read now: because they are for whichever backend
//! takes them, or because the other side does not take those before them.

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

/// How often a side is looked after that has sent something which is not read.
pub(crate) const LOOK: Duration = Duration::from_millis(250);

/// Whether the other end is known to have closed its side, or the whole connection, though bytes that it sent before are
/// not read yet.
pub(crate) fn has_closed(stream: &TcpStream) -> bool {
    let known = known(stream.ready(CLOSING));
    known.is_read_closed() || known.is_error()
}

/// The same, where it is no orderly end but a reset.
pub(crate) fn has_reset(stream: &TcpStream) -> bool {
    known(stream.ready(CLOSING)).is_error()
}

/// Whether a backend is known to have ended its connection by a reset.
pub(crate) fn backend_has_reset(stream: &Stream) -> bool {
    match stream {
        Stream::Tcp(tcp) => has_reset(tcp),
        Stream::Tls(tls) => has_reset(tls.get_ref().0),
        #[cfg(unix)]
        Stream::Unix(unix) => known(unix.ready(CLOSING)).is_error(),
    }
}

/// What the system tells of the other end's closing.
const CLOSING: Interest = Interest::READABLE.add(Interest::ERROR);

/// What the system has told so far of a socket, without asking it.
fn known(ready: impl Future<Output = io::Result<Ready>>) -> Ready {
    match pin!(ready).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(ready) => ready.unwrap_or(Ready::ERROR),
        Poll::Pending => Ready::EMPTY,
    }
}

/// Looks after a client from which nothing is read for now, so that its end is not read either.
pub(crate) struct Look {
    every: Interval,
    looks: u32,
    /// Whether nobody holds its end any more, which takes a while to find out.
    asked: Option<BoxFuture<'static, bool>>,
}

impl Look {
    /// Looks until somebody is asked whether it is still there. Its end comes behind all that there is no room for, so that
    /// it may never come.
    const ASKED_AFTER: u32 = 3;

    pub(crate) fn new() -> Self {
        let mut every = interval_at(tokio::time::Instant::now() + LOOK, LOOK);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Look { every, looks: 0, asked: None }
    }

    /// Ready when it has left.
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
            if self.looks.is_multiple_of(Look::ASKED_AFTER) && self.asked.is_none() {
                self.asked = Some(is_abandoned(client, LOOK).boxed());
            }
        }
    }
}

/// Waits for `work`, but no longer than the client does; `None` where it has left.
pub(crate) async fn while_there<T>(client: &TcpStream, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        () = left(client) => None,
    }
}

/// Resolves when the client has left: by a reset, or by an end before it has said anything.
///
/// One that has sent something and closed its side may still wait for the answer. Whether it does is known where it is
/// on this machine; of any other it is assumed.
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

/// Whether no process holds the client's end of the connection any more. `age` is how old the answer may be: less than the
/// connection is.
pub(crate) fn is_abandoned(client: &TcpStream, age: Duration) -> impl Future<Output = bool> + Send + use<> {
    let ends = (client.peer_addr(), client.local_addr());
    let since = Instant::now().checked_sub(age);
    async move {
        let (Ok(theirs), Ok(ours)) = ends else { return true };
        let ip = theirs.ip().to_canonical();
        let is_here = ip.is_loopback() || ip == ours.ip().to_canonical();
        // Reading the system's tables takes longer than a worker's other clients should wait.
        is_here && tokio::task::spawn_blocking(move || is_left(theirs, ours, since)).await.unwrap_or(false)
    }
}

/// Ends of connections that only the system still knows, by the ports of both ends alone: an address may be written in
/// either family.
#[cfg(target_os = "linux")]
type Left = HashSet<(u16, u16)>;

/// Whether the socket at `theirs`, connected to `ours`, is left by its process, as the system's tables were at some time
/// since then. They are read once for all who ask at one time, for they are long where there are many connections.
///
/// One that is not there says nothing: where a packet filter changes ports, the other end knows this one by another.
#[cfg(target_os = "linux")]
fn is_left(theirs: SocketAddr, ours: SocketAddr, since: Option<Instant>) -> bool {
    static LAST: Mutex<Option<(Instant, Left)>> = Mutex::new(None);
    // What a panic leaves is what was read before, or nothing.
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let (_, left) = match last.take() {
        Some((read, left)) if since.is_some_and(|since| since <= read) => last.insert((read, left)),
        // Where the tables cannot be read, nobody has left.
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
                // One without an inode was closed.
                let ports = if *inode == "0" { &mut left } else { &mut held };
                ports.insert((from, to));
            }
        }
    }
    left.retain(|ports| !held.contains(ports));
    Some(left)
}

/// Other systems tell only through programs of their own.
#[cfg(not(target_os = "linux"))]
fn is_left(_: SocketAddr, _: SocketAddr, _: Option<Instant>) -> bool {
    false
}
