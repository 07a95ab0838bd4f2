//! Certificates made as they are asked for, by the name that a client wants (SNI, RFC 6066 3).

use lru::LruCache;
use rcgen::KeyPair;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use time::{Duration, OffsetDateTime};
use tokio_rustls::rustls::crypto::ring::sign::any_supported_type;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::sign::{CertifiedKey, SigningKey};

use super::authority::Authority;
use super::tls_error::TlsError;

/// Certificates that are kept; the one used longest ago goes first.
const KEPT: NonZeroUsize = NonZeroUsize::new(256).expect("256 is not zero");

/// One is made anew when it lasts no longer than this.
const RENEWED: Duration = Duration::days(10);

/// The certificates of one authority.
pub(super) struct Leaves {
    pub(super) authority: Authority,
    /// One key for all of them.
    key: KeyPair,
    signing: Arc<dyn SigningKey>,
    made: Mutex<LruCache<Box<str>, Leaf>>,
}

/// One certificate.
#[derive(Clone)]
struct Leaf {
    key: Arc<CertifiedKey>,
    ends: OffsetDateTime,
}

impl Leaves {
    pub(super) fn new(authority: Authority) -> Result<Self, TlsError> {
        let key = KeyPair::generate().map_err(|error| TlsError::NotMade(error.to_string()))?;
        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let signing = any_supported_type(&der).map_err(|error| TlsError::NotMade(error.to_string()))?;
        Ok(Leaves { authority, key, signing, made: Mutex::new(LruCache::new(KEPT)) })
    }

    /// The certificate for these names, which is kept under `label`.
    pub(super) fn of(&self, label: &str, names: &[String]) -> Result<Arc<CertifiedKey>, TlsError> {
        self.at(OffsetDateTime::now_utc(), label, names)
    }

    fn at(&self, now: OffsetDateTime, label: &str, names: &[String]) -> Result<Arc<CertifiedKey>, TlsError> {
        let there = self.made().get(label).cloned();
        if let Some(there) = there.filter(|there| there.ends - now > RENEWED) {
            return Ok(there.key);
        }
        // Without the lock, so that a flood of names holds up nobody who asks for one that is there.
        let (certificate, ends) = self.authority.sign(names, &self.key, now)?;
        let key = Arc::new(CertifiedKey::new(vec![certificate], Arc::clone(&self.signing)));
        self.made().put(label.into(), Leaf { key: Arc::clone(&key), ends });
        Ok(key)
    }

    fn made(&self) -> std::sync::MutexGuard<'_, LruCache<Box<str>, Leaf>> {
        // After a panic it holds what was made before.
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
