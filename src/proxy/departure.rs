//! Whether the client of a raw connection has left, though none of its bytes may be read: they are for whichever backend
//! takes them.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::Interest;
use tokio::net::TcpStream;

/// How often a client is looked after that has sent something.
pub(super) const LOOK: Duration = Duration::from_millis(250);

/// Whether the other end is known to have closed its side, or the whole connection, though bytes that it sent before are
/// not read yet.
pub(super) fn has_closed(stream: &TcpStream) -> bool {
    let ready = pin!(stream.ready(Interest::READABLE | Interest::ERROR));
    match ready.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(ready)) => ready.is_read_closed() || ready.is_error(),
        Poll::Ready(Err(_)) => true,
        Poll::Pending => false,
    }
}

/// Waits for `work`, but no longer than the client does; `None` where it has left.
pub(super) async fn while_there<T>(client: &TcpStream, work: impl Future<Output = T>) -> Option<T> {
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
        if ready.is_error() || (ready.is_read_closed() && is_abandoned(client).await) {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Whether no process holds the client's end of the connection any more.
async fn is_abandoned(client: &TcpStream) -> bool {
    let (Ok(theirs), Ok(ours)) = (client.peer_addr(), client.local_addr()) else { return true };
    let ip = theirs.ip().to_canonical();
    let is_here = ip.is_loopback() || ip == ours.ip().to_canonical();
    // Reading the system's tables takes longer than a worker's other clients should wait.
    is_here && tokio::task::spawn_blocking(move || !is_held(theirs, ours)).await.unwrap_or(false)
}

/// Whether a process of this machine has a socket at `theirs`, connected to `ours`.
#[cfg(target_os = "linux")]
fn is_held(theirs: SocketAddr, ours: SocketAddr) -> bool {
    let port = |address: &str| u16::from_str_radix(address.rsplit_once(':')?.1, 16).ok();
    let holds = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        // One without an inode was closed, and only the system still knows it.
        let [_, from, to, _, _, _, _, _, _, inode, ..] = fields.as_slice() else { return false };
        (port(from), port(to)) == (Some(theirs.port()), Some(ours.port())) && *inode != "0"
    };
    // By ports alone: an address may be written in either family. A table that cannot be read tells of nobody's end.
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .any(|table| std::fs::read_to_string(table).map_or(true, |table| table.lines().any(holds)))
}

/// Other systems tell only through programs of their own.
#[cfg(not(target_os = "linux"))]
fn is_held(_: SocketAddr, _: SocketAddr) -> bool {
    true
}
