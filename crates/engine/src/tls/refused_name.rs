//! A name that no certificate here can be shown for.

use crate::untrusted::Untrusted;

/// A name that the authority must not vouch for, so that every client would refuse the certificate.
#[derive(Debug, thiserror::Error)]
#[error(
    "a client asked for {name}, and the authority made here vouches for local names only: give a certificate of your own with \
     --tls-cert and --tls-key"
)]
pub(crate) struct RefusedName {
    pub(crate) name: Untrusted<String>,
}

impl RefusedName {
    /// What the client is sent: the record of a fatal alert, unrecognized_name (RFC 8446 6, RFC 6066 3).
    pub(crate) const ALERT: [u8; 7] = [21, 3, 3, 0, 2, 2, 112];
}
