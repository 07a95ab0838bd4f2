//! The sockets that clients connect to, and the rights that are given up when they are open.

#[cfg(unix)]
mod downgrade;
mod owner;

use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use crate::untrusted::Untrusted;
pub use downgrade::Downgrade;

/// Clients the system may keep waiting while accepting is paused.
const BACKLOG: i32 = 4096;

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// Another program has the port.
    #[error("port {port} is in use{}: stop that program, or choose another port with --port", owned(owner.as_ref()))]
    InUse {
        /// The port.
        port: u16,
        /// The program that has it, with its process id, where the system tells: `node (pid 4711)`.
        owner: Option<Untrusted<String>>,
    },
    /// The port is one that only the administrator may use.
    #[error("port {port} needs administrator rights: choose one above 1023 with --port")]
    Denied {
        /// The port.
        port: u16,
    },
    /// Anything else.
    #[error("cannot listen on {address}: {error}")]
    Other {
        /// What was asked for.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
}

fn owned(owner: Option<&Untrusted<String>>) -> String {
    owner.map(|who| format!(" by {who}")).unwrap_or_default()
}

/// Binds and listens; gives the address it has then. Port 0 lets the system choose.
///
/// `old` are sockets of this program that have the same port and are about to close: they are not in the way.
pub(crate) fn bind(address: SocketAddr, old: &[Arc<TcpListener>]) -> Result<(TcpListener, SocketAddr), ListenError> {
    let port = address.port();
    share(old, true);
    let listening = listen(address, !old.is_empty());
    // Nobody else is to join them.
    share(old, false);
    let bound = listening.and_then(|listener| listener.local_addr().map(|address| (listener, address)));
    bound.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => ListenError::InUse { port, owner: owner::of_port(port) },
        io::ErrorKind::PermissionDenied => ListenError::Denied { port },
        _ => ListenError::Other { address, error },
    })
}

/// Leaves new clients to the socket that has come in the place of this one, which is about to close: where they knocked
/// here they knock again, and who is half in comes in. Without it those who come in the very last moment are turned away.
pub(crate) fn leave_new_clients(socket: &TcpListener) {
    #[cfg(target_os = "linux")]
    {
        use socket2::SockFilter;
        const LOAD_BYTE: u16 = 0x30;
        const JUMP_IF_SET: u16 = 0x45;
        const RETURN: u16 = 0x06;
        // Of the TCP header: the byte of flags, and SYN in it.
        let (flags, syn) = (13, 0x02);
        let _ = socket2::SockRef::from(socket).attach_filter(&[
            SockFilter::new(LOAD_BYTE, 0, 0, flags),
            SockFilter::new(JUMP_IF_SET, 0, 1, syn),
            SockFilter::new(RETURN, 0, 0, 0),
            SockFilter::new(RETURN, 0, 0, u32::MAX),
        ]);
    }
    // Other systems have nothing like it.
    #[cfg(not(target_os = "linux"))]
    let _ = socket;
}

/// Lets other sockets of this user have the port as well, or not.
#[cfg_attr(not(unix), expect(unused_variables, reason = "ports cannot be shared there"))]
fn share(sockets: &[Arc<TcpListener>], shared: bool) {
    #[cfg(unix)]
    for socket in sockets {
        // Where it is refused, the port is said to be in use.
        let _ = socket2::SockRef::from(socket.as_ref()).set_reuse_port(shared);
    }
}

#[cfg_attr(not(unix), expect(unused_variables, reason = "ports cannot be shared there"))]
fn listen(address: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restart must not wait for the last run's closed connections. (On Windows it would mean sharing the port.)
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(shared)?;
    // Every socket accepted from it inherits this.
    socket.set_tcp_nodelay(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    #[cfg(unix)]
    socket.set_reuse_port(false)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}
