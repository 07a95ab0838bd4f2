//! What all TLS listeners share, over reloads too: the authority, the certificates that it signed, the ticket keys.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio_rustls::rustls::server::{ProducesTickets, ServerSessionMemoryCache, StoresServerSessions};

use super::authority::Authority;
use super::data_folder::data_folder;
use super::leaves::Leaves;
use super::tickets::Tickets;
use super::tls_error::TlsError;
use crate::config;

/// Sessions of TLS 1.2 clients that take no tickets.
const SESSIONS: usize = 256;

/// What all TLS listeners share.
#[derive(Default)]
pub(crate) struct TlsStore {
    own: Mutex<Option<Arc<Leaves>>>,
    mkcert: Mutex<Option<Arc<Leaves>>>,
    tickets: OnceLock<Arc<Tickets>>,
    sessions: OnceLock<Arc<dyn StoresServerSessions>>,
}

impl TlsStore {
    /// The certificates of an authority, which is read or made on first use, and read again where another took its place.
    pub(super) fn leaves(&self, whose: config::Authority) -> Result<Arc<Leaves>, TlsError> {
        let kept = match whose {
            config::Authority::Own => &self.own,
            config::Authority::Mkcert => &self.mkcert,
        };
        // After a panic it holds what was there before.
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = kept.as_ref().filter(|there| !there.authority.is_replaced()) {
            return Ok(Arc::clone(there));
        }
        let made = Arc::new(Leaves::new(Authority::of(whose)?)?);
        Ok(Arc::clone(kept.insert(made)))
    }

    /// What makes and reads the tickets of all listeners.
    pub(super) fn tickets(&self) -> Arc<dyn ProducesTickets> {
        let made = || Arc::new(Tickets::open(data_folder().ok().map(|folder| folder.join("tickets"))));
        Arc::<Tickets>::clone(self.tickets.get_or_init(made))
    }

    pub(super) fn sessions(&self) -> Arc<dyn StoresServerSessions> {
        Arc::clone(self.sessions.get_or_init(|| ServerSessionMemoryCache::new(SESSIONS)))
    }

    /// Makes a new ticket key where one is due. To be called once a minute, where waiting for a disk harms nobody; tells why
    /// the keys cannot be kept over a restart, once.
    pub(crate) fn tend_tickets(&self) -> Option<String> {
        let tickets = self.tickets.get()?;
        tickets.rotate();
        tickets.take_trouble()
    }
}

impl fmt::Debug for TlsStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsStore").finish_non_exhaustive()
    }
}
