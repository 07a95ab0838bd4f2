//! Certificates made as they are asked for, by the name that a client wants (SNI, RFC 6066 3).

use lru::LruCache;
use rcgen::KeyPair;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_rustls::rustls::crypto::ring::sign::any_supported_type;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::sign::{CertifiedKey, SigningKey};

use super::authority::Authority;
use super::tls_error::TlsError;

/// Certificates that are kept; the one used longest ago goes first.
const KEPT: NonZeroUsize = NonZeroUsize::new(256).expect("256 is not zero");

/// The certificates of one authority.
pub(super) struct Leaves {
    authority: Authority,
    /// One key for all of them.
    key: KeyPair,
    signing: Arc<dyn SigningKey>,
    made: Mutex<LruCache<Vec<String>, Arc<CertifiedKey>>>,
}

impl Leaves {
    pub(super) fn new(authority: Authority) -> Result<Self, TlsError> {
        let not_made = |why: String| TlsError::NotMade(why);
        let key = KeyPair::generate().map_err(|error| not_made(error.to_string()))?;
        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let signing = any_supported_type(&der).map_err(|error| not_made(error.to_string()))?;
        Ok(Leaves { authority, key, signing, made: Mutex::new(LruCache::new(KEPT)) })
    }

    /// The certificate for these names.
    pub(super) fn of(&self, names: &[String]) -> Result<Arc<CertifiedKey>, TlsError> {
        // After a panic it holds what was made before.
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = made.get(names) {
            return Ok(Arc::clone(there));
        }
        let (cert, _) = self.authority.sign(names, &self.key, time::OffsetDateTime::now_utc())?;
        let leaf = Arc::new(CertifiedKey::new(vec![cert], Arc::clone(&self.signing)));
        made.put(names.to_vec(), Arc::clone(&leaf));
        Ok(leaf)
    }
}
