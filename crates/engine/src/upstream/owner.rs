//! Whose a connection to a backend is, where it may not be used for everybody.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The only client that a connection may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The backend was told by the PROXY protocol that the connection is for the client at this address.
    Announced(SocketAddr),
    /// The client has logged in on it.
    LoggedIn(Login),
}

/// A login that holds for a connection instead of for a request, as NTLM and Negotiate do (RFC 4559 6): whose requests go over
/// that connection are this user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Login {
    /// No other login of this process has or had it.
    number: u64,
    /// Whose requests it is for, of those that a trusted proxy sends over the same client connection.
    pub(crate) ip: IpAddr,
}

impl Login {
    pub(crate) fn new(ip: IpAddr) -> Self {
        static LOGINS: AtomicU64 = AtomicU64::new(0);
        Login { number: LOGINS.fetch_add(1, Relaxed), ip }
    }
}

/// Whether credentials, or one of the challenges in a list, are of a scheme that logs a connection in, not a request.
pub(crate) fn binds_connection(value: &[u8]) -> bool {
    value.split(|byte| *byte == b',').any(|one| {
        let scheme = one.trim_ascii().split(|byte| *byte == b' ').next().unwrap_or_default();
        [b"ntlm".as_slice(), b"negotiate", b"nego2"].iter().any(|binding| binding.eq_ignore_ascii_case(scheme))
    })
}
