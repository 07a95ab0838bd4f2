//! Listening sockets, and dropping root's privileges once they are open.

#[cfg(unix)]
mod downgrade;

use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use crate::process;
use crate::untrusted::Untrusted;
pub use downgrade::Downgrade;

/// Length of the accept queue: clients that may wait while accepting is paused. The system may limit it further.
const BACKLOG: i32 = 4096;

/// How many free ports of 127.0.0.1 are tried for one that is free at `::1` as well.
const FREE_ON_BOTH: u32 = 32;

/// Why a listener's address cannot be bound.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// Another program uses the port.
    #[error("port {port} is in use{}: stop that program, or choose another port with --port", owned(owner.as_ref()))]
    InUse {
        /// The port.
        port: u16,
        /// The program that uses it, if known, for example `node (pid 4711)`.
        owner: Option<Untrusted<String>>,
    },
    /// Another program uses the port at `::1`, where browsers look for `localhost` before 127.0.0.1: they would reach it.
    #[error(
        "port {port} is in use on [::1]{}, where browsers look for localhost first: stop that program, or choose another port \
         with --port",
        owned(owner.as_ref())
    )]
    OnOtherLoopback {
        /// The port.
        port: u16,
        /// The program that uses it, if known, for example `node (pid 4711)`.
        owner: Option<Untrusted<String>>,
    },
    /// Only the administrator may use the port.
    #[error("port {port} needs administrator rights: choose one above 1023 with --port")]
    Denied {
        /// The port.
        port: u16,
    },
    /// Any other error.
    #[error("cannot listen on {address}: {error}")]
    Other {
        /// The address to bind.
        address: SocketAddr,
        /// The system's error.
        error: io::Error,
    },
}

fn owned(owner: Option<&Untrusted<String>>) -> String {
    owner.map(|who| format!(" by {who}")).unwrap_or_default()
}

/// Binds a listening socket, and returns its address. Port 0 lets the system choose a port.
///
/// `old` are sockets of this program on the same port that are about to close: the port is shared with them meanwhile.
pub(crate) fn bind(address: SocketAddr, old: &[Arc<TcpListener>]) -> Result<(TcpListener, SocketAddr), ListenError> {
    let port = address.port();
    share(old, true);
    let listening = listen(address, !old.is_empty());
    // No other program may share the port.
    share(old, false);
    let bound = listening.and_then(|listener| listener.local_addr().map(|address| (listener, address)));
    bound.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => ListenError::InUse { port, owner: process::of_port(port) },
        io::ErrorKind::PermissionDenied => ListenError::Denied { port },
        _ => ListenError::Other { address, error },
    })
}

/// Binds the same port at 127.0.0.1 and, where this machine has IPv6, at `::1`; returns the address of the first. See [`bind`].
pub(crate) fn bind_both_loopbacks(
    port: u16,
    old: &[Arc<TcpListener>],
) -> Result<(Vec<TcpListener>, SocketAddr), ListenError> {
    let mut tried = 0;
    loop {
        tried += 1;
        let (four, address) = bind((Ipv4Addr::LOCALHOST, port).into(), old)?;
        let taken = address.port();
        share(old, true);
        let six = listen((Ipv6Addr::LOCALHOST, taken).into(), !old.is_empty());
        share(old, false);
        match six {
            Ok(six) => return Ok((vec![four, six], address)),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                // Else this process would be found as the one that has the port.
                drop(four);
                if port != 0 || tried == FREE_ON_BOTH {
                    return Err(ListenError::OnOtherLoopback { port: taken, owner: process::of_port(taken) });
                }
            }
            // There is no such address: IPv6 is off, or this machine has none.
            Err(_) => return Ok((vec![four], address)),
        }
    }
}

/// Makes a socket that is about to close ignore new connections, so that clients retry and reach its replacement, while
/// handshakes that have begun still complete. Otherwise, clients that connect at the last moment would be reset. Linux
/// only.
pub(crate) fn leave_new_clients(socket: &TcpListener) {
    #[cfg(target_os = "linux")]
    {
        use socket2::SockFilter;
        const LOAD_BYTE: u16 = 0x30;
        const JUMP_IF_SET: u16 = 0x45;
        const RETURN: u16 = 0x06;
        // A BPF filter that drops packets with SYN set. In the TCP header: the offset of the flags, and the SYN bit.
        let (flags, syn) = (13, 0x02);
        let _ = socket2::SockRef::from(socket).attach_filter(&[
            SockFilter::new(LOAD_BYTE, 0, 0, flags),
            SockFilter::new(JUMP_IF_SET, 0, 1, syn),
            SockFilter::new(RETURN, 0, 0, 0),
            SockFilter::new(RETURN, 0, 0, u32::MAX),
        ]);
    }
    // Other systems have no equivalent.
    #[cfg(not(target_os = "linux"))]
    let _ = socket;
}

/// Allows or forbids other sockets of this user to bind the same port.
#[cfg_attr(not(unix), expect(unused_variables, reason = "ports cannot be shared there"))]
fn share(sockets: &[Arc<TcpListener>], shared: bool) {
    #[cfg(unix)]
    for socket in sockets {
        // If this fails, binding reports that the port is in use.
        let _ = socket2::SockRef::from(socket.as_ref()).set_reuse_port(shared);
    }
}

#[cfg_attr(not(unix), expect(unused_variables, reason = "ports cannot be shared there"))]
fn listen(address: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Allows binding at once after a restart, despite connections in TIME_WAIT. On Windows, it would share the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(shared)?;
    // Accepted sockets inherit this.
    socket.set_tcp_nodelay(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    #[cfg(unix)]
    socket.set_reuse_port(false)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}
