//! The sockets that clients connect to, and the rights that are given up when they are open.

#[cfg(unix)]
mod downgrade;
mod owner;

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

#[cfg(unix)]
pub(crate) use downgrade::Downgrade;

/// Clients the system may keep waiting while accepting is paused.
const BACKLOG: i32 = 4096;

/// Why the address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another program has the port.
    #[error("port {port} is in use{}: stop that program, or choose another port with --port", owned(owner.as_deref()))]
    InUse {
        /// The port.
        port: u16,
        /// The program that has it, where the system tells.
        owner: Option<String>,
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

fn owned(owner: Option<&str>) -> String {
    owner.map(|who| format!(" by {who}")).unwrap_or_default()
}

/// Binds and listens; gives the address it has then. Port 0 lets the system choose.
pub(crate) fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ListenError> {
    let port = address.port();
    let bound = listen(address).and_then(|listener| listener.local_addr().map(|address| (listener, address)));
    bound.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => ListenError::InUse { port, owner: owner::of_port(port) },
        io::ErrorKind::PermissionDenied => ListenError::Denied { port },
        _ => ListenError::Other { address, error },
    })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restart must not wait for the last run's closed connections. (On Windows it would mean sharing the port.)
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}
