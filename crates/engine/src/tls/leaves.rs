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

#[cfg(test)]
mod tests {
    use super::super::facts::Facts;
    use super::*;

    fn leaves() -> (tempfile::TempDir, Leaves) {
        let dir = tempfile::tempdir().expect("a folder");
        let leaves =
            Leaves::new(Authority::own(&dir.path().join("a/ca")).expect("an authority")).expect("an authority");
        (dir, leaves)
    }

    #[test]
    fn a_certificate_is_kept_and_made_anew_before_it_ends() {
        let (_dir, leaves) = leaves();
        let now = OffsetDateTime::now_utc();
        let at = |days| leaves.at(now + Duration::days(days), "a.test", &["a.test".to_owned()]).expect("a certificate");
        let first = at(0);
        assert!(Arc::ptr_eq(&first, &at(19)));
        let second = at(21);
        assert!(!Arc::ptr_eq(&first, &second));
        assert!(Arc::ptr_eq(&second, &at(22)));
        let facts = Facts::of(&second.cert[0]).expect("a certificate");
        assert_eq!(facts.names, ["a.test"]);
        assert!(facts.not_after - now > Duration::days(50));
    }

    #[test]
    fn no_more_are_kept_than_256_and_none_has_the_number_of_another() {
        let (_dir, leaves) = leaves();
        let mut numbers = std::collections::HashSet::new();
        for n in 0..400 {
            let name = format!("n{n}.test");
            let leaf = leaves.of(&name, std::slice::from_ref(&name)).expect("a certificate");
            let (_, parsed) = x509_parser::parse_x509_certificate(&leaf.cert[0]).expect("a certificate");
            assert!(numbers.insert(parsed.raw_serial().to_vec()));
        }
        assert_eq!(leaves.made().len(), KEPT.get());
    }
}
