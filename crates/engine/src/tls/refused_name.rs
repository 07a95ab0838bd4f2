//! A name that no certificate here can be shown for.

use std::cell::RefCell;

use crate::untrusted::Untrusted;

thread_local! {
    /// The name that was refused last on this thread, until it is taken.
    static LAST: RefCell<Option<RefusedName>> = const { RefCell::new(None) };
}

/// A name that the authority must not vouch for, so that every client would refuse the certificate.
#[derive(Debug, thiserror::Error)]
#[error(
    "a client asked for {name}, and the authority made here vouches for local names only: give a certificate of your own with \
     --tls-cert and --tls-key"
)]
pub(crate) struct RefusedName {
    name: Untrusted<String>,
}

impl RefusedName {
    /// What the client is sent: the record of a fatal alert, unrecognized_name (RFC 8446 6, RFC 6066 3).
    pub(crate) const ALERT: [u8; 7] = [21, 3, 3, 0, 2, 2, 112];

    /// Notes it where the library can be given no reason.
    pub(super) fn note(name: &str) {
        LAST.set(Some(RefusedName { name: name.into() }));
    }

    /// Why the handshake that has just failed on this thread did so, where it was for this.
    pub(crate) fn take() -> Option<Self> {
        LAST.take()
    }
}
