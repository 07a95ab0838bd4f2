//! What all TLS listeners share, over reloads too: the authority, the certificates that it signed, the ticket keys.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::authority::Authority;
use super::leaves::Leaves;
use super::tls_error::TlsError;

/// What all TLS listeners share.
#[derive(Default)]
pub(crate) struct TlsStore {
    own: Mutex<Option<Arc<Leaves>>>,
}

impl TlsStore {
    /// The certificates of this program's authority, which is made on first use.
    pub(super) fn own(&self) -> Result<Arc<Leaves>, TlsError> {
        // After a panic it holds what was there before.
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = &*own {
            return Ok(Arc::clone(there));
        }
        let made = Arc::new(Leaves::new(Authority::of(crate::config::Authority::Own)?)?);
        Ok(Arc::clone(own.insert(made)))
    }
}

impl fmt::Debug for TlsStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsStore").finish_non_exhaustive()
    }
}
