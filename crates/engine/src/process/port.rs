//! Finds free ports for processes.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, TcpStream};

/// Below the ephemeral ports: an outgoing connection could otherwise occupy a process's port while it restarts, and a
/// check of a port without a listener could even connect to itself.
const PORTS: std::ops::Range<u16> = 20_000..30_000;

/// Ports between the first candidates of two programs with consecutive process ids. Random candidates would now and
/// then collide when two programs start at the same moment.
const APART: u32 = 16;

/// A port that is unused and not in `taken`. Does not reserve it: another program may take it first.
///
/// # Errors
/// All ports are in use.
pub(crate) fn free_port(taken: &[u16]) -> io::Result<u16> {
    let span = PORTS.end - PORTS.start;
    let first = std::process::id().wrapping_mul(APART) % u32::from(span);
    (0..span)
        .map(|step| PORTS.start + (u16::try_from(first).unwrap_or_default() + step) % span)
        .find(|port| !taken.contains(port) && is_free(*port))
        .ok_or_else(|| io::Error::new(io::ErrorKind::AddrInUse, "every port from 20000 to 29999 is in use"))
}

/// Whether nobody listens on this port of this machine.
pub(crate) fn is_free(port: u16) -> bool {
    let free = |bound: io::Result<TcpListener>| !bound.is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse);
    // Some systems allow a loopback listener besides one on all addresses; only connecting finds the latter.
    free(TcpListener::bind((Ipv4Addr::LOCALHOST, port)))
        && free(TcpListener::bind((Ipv6Addr::LOCALHOST, port)))
        && TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_not_taken() {
        let port = free_port(&[]).expect("a free port");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("it is free");
        assert!(!is_free(port));
        drop(listener);
        assert_ne!(free_port(&[port]).expect("another"), port);
    }
}
