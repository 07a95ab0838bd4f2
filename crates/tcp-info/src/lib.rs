//! What Linux knows of a TCP connection (`TCP_INFO`, tcp(7)), also after its end.
//!
//! Nothing here exists on other systems.

#![cfg(target_os = "linux")]

use std::io;
use std::os::fd::{AsFd, AsRawFd as _};

/// The part of the kernel's `struct tcp_info` that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpInfo {
    /// The connection's state, numbered as in the kernel's `net/tcp_states.h`.
    state: u8,
    /// Bytes that the peer's TCP acknowledged since the connection began, the SYN counted as one.
    pub bytes_acked: u64,
}

/// `TCP_CLOSE`: the connection is over, by a reset or because both sides closed it.
const CLOSED: u8 = 7;

/// Where `tcpi_bytes_acked` is in `struct tcp_info`, which only ever grows at its end (`linux/tcp.h`).
const BYTES_ACKED: usize = 120;

/// As much of `struct tcp_info` as ends with `tcpi_bytes_acked`, in words that have its alignment.
type Words = [u64; BYTES_ACKED / 8 + 1];

impl TcpInfo {
    /// Asks about a connection. An error if it is no TCP socket, or the kernel is older than 4.1.
    pub fn of(socket: &impl AsFd) -> io::Result<TcpInfo> {
        let mut words: Words = [0; BYTES_ACKED / 8 + 1];
        if read(socket, &mut words)? < size_of::<Words>() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        // `tcpi_state` is the first byte.
        Ok(TcpInfo { state: words[0].to_ne_bytes()[0], bytes_acked: words[BYTES_ACKED / 8] })
    }

    /// Whether the connection is over, so that its figures do not change any more.
    pub fn is_closed(&self) -> bool {
        self.state == CLOSED
    }
}

/// Fills `words`; returns how many bytes the kernel wrote.
#[expect(unsafe_code, reason = "a system call that takes a pointer")]
fn read(socket: &impl AsFd, words: &mut Words) -> io::Result<usize> {
    let mut length = libc::socklen_t::try_from(size_of::<Words>()).map_err(io::Error::other)?;
    // SAFETY: the descriptor is open as long as it is borrowed; `words` and `length` are ours for the call, and the kernel
    // writes at most `length` bytes, which is the size of `words`. Any bytes are valid integers.
    let result = unsafe {
        libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            words.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    if result == 0 { Ok(length as usize) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

    use super::*;
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::UnixStream;

    /// A connection, our end first.
    fn connected() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (ours, listener.accept().unwrap().0)
    }

    #[test]
    fn acknowledged_bytes_are_counted_beside_the_syn() {
        let (mut ours, mut theirs) = connected();
        assert_eq!(TcpInfo::of(&ours).unwrap().bytes_acked, 1);
        ours.write_all(&[0; 100]).unwrap();
        theirs.read_exact(&mut [0; 100]).unwrap();
        // The answer's segment carries the acknowledgement.
        theirs.write_all(b"x").unwrap();
        ours.read_exact(&mut [0]).unwrap();
        let info = TcpInfo::of(&ours).unwrap();
        assert_eq!((info.bytes_acked, info.is_closed()), (101, false));
    }

    #[test]
    fn what_comes_after_the_peer_has_closed_is_not_acknowledged() {
        let (mut ours, theirs) = connected();
        drop(theirs);
        assert_eq!(ours.read(&mut [0]).unwrap(), 0);
        ours.write_all(&[0; 100]).unwrap();
        // The reset comes on its own time.
        while !TcpInfo::of(&ours).unwrap().is_closed() {
            std::thread::yield_now();
        }
        assert_eq!(TcpInfo::of(&ours).unwrap().bytes_acked, 1);
    }

    #[test]
    fn another_kind_of_socket_is_an_error() {
        assert!(TcpInfo::of(&UnixStream::pair().unwrap().0).is_err());
    }
}
