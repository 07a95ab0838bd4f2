//! A certificate of the user's own with its key, read from their files, and again when these change.

use arc_swap::ArcSwap;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;
use time::{Duration, OffsetDateTime};
use tokio_rustls::rustls::crypto::ring::sign::any_supported_type;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::{CertifiedKey, SigningKey};
use x509_parser::prelude::{FromDer as _, SubjectPublicKeyInfo};

use super::facts::Facts;
use super::read_pem::read_pem;
use super::tls_error::{TlsError, shown};
use crate::config::{CertificateFiles, Config};

/// An end that is nearer than this is warned of.
const SOON: Duration = Duration::days(7);

/// Reads all of these again; tells of each that has changed what it is for now, and why others could not be used.
pub(crate) fn refresh(certificates: &[Arc<UserCertificate>]) -> (Vec<String>, Vec<String>) {
    let told = certificates.iter().filter_map(|certificate| certificate.refresh()).collect();
    (told, certificates.iter().filter_map(|certificate| certificate.trouble().clone()).collect())
}

/// Reads the certificates of a configuration as its start would; tells what clients will find wrong with them.
///
/// # Errors
/// Why each that cannot be used would keep it from starting.
pub fn check_certificates(config: &Config) -> Result<Vec<String>, Vec<String>> {
    let listeners = config.listeners.iter().filter_map(|listener| listener.tls.as_ref());
    let files: BTreeSet<_> = listeners.flat_map(|tls| &tls.certificates).collect();
    let (mut good, mut problems) = (Vec::new(), Vec::new());
    for files in files {
        match UserCertificate::read(files) {
            Ok(read) => good.push(Arc::new(read)),
            Err(error) => problems.push(error.to_string()),
        }
    }
    if problems.is_empty() { Ok(certificate_warnings(&good, SystemTime::now())) } else { Err(problems) }
}

/// What is wrong with each of these at this time, one sentence each.
pub(crate) fn certificate_warnings(certificates: &[Arc<UserCertificate>], now: SystemTime) -> Vec<String> {
    let now = OffsetDateTime::from(now);
    certificates.iter().filter_map(|certificate| certificate.warning(now)).collect()
}

/// A certificate of the user's own.
pub(crate) struct UserCertificate {
    pub(super) files: CertificateFiles,
    current: ArcSwap<Loaded>,
    /// Why what the files hold now is not used.
    trouble: Mutex<Option<String>>,
}

/// What both files held when they last fitted together.
pub(super) struct Loaded {
    pub(super) key: Arc<CertifiedKey>,
    pub(super) facts: Facts,
}

impl UserCertificate {
    /// # Errors
    /// A file cannot be read, or they hold no certificate with its key.
    pub(super) fn read(files: &CertificateFiles) -> Result<Self, TlsError> {
        let current = ArcSwap::from_pointee(Loaded::read(files)?);
        Ok(UserCertificate { files: files.clone(), current, trouble: Mutex::default() })
    }

    pub(crate) fn files(&self) -> [&PathBuf; 2] {
        [&self.files.cert, &self.files.key]
    }

    pub(super) fn current(&self) -> Arc<Loaded> {
        self.current.load_full()
    }

    /// Reads the files again; tells what it is for now where it has changed. What cannot be used changes nothing, and is
    /// noted.
    fn refresh(&self) -> Option<String> {
        let read = Loaded::read(&self.files);
        let is_new = read.as_ref().is_ok_and(|read| read.key.cert != self.current.load().key.cert);
        // A key may have been readable for root alone.
        let is_same = || is_denied(&read) && self.has_same_certificate();
        let trouble = read.as_ref().err().filter(|_| !is_same()).map(ToString::to_string);
        *self.trouble() = trouble;
        let read = read.ok().filter(|_| is_new)?;
        let told = format!("certificate {} reloaded: {}", shown(&self.files.cert), read.facts.in_words());
        self.current.store(Arc::new(read));
        Some(told)
    }

    /// Whether it is that of these files, and they cannot be read any more by this user.
    pub(super) fn stays_for(&self, files: &CertificateFiles, error: &TlsError) -> bool {
        self.files == *files && is_unreadable(error) && self.has_same_certificate()
    }

    fn has_same_certificate(&self) -> bool {
        let read = chain(&self.files.cert);
        let same = read.as_ref().is_ok_and(|chain| *chain == self.current.load().key.cert);
        same || read.is_err_and(|error| is_unreadable(&error))
    }

    /// What is wrong with it now, as one sentence.
    fn warning(&self, now: OffsetDateTime) -> Option<String> {
        if let Some(trouble) = &*self.trouble() {
            return Some(format!("the certificate that was read before is used: {trouble}"));
        }
        let current = self.current.load();
        let path = shown(&self.files.cert);
        if let Some(why) = current.facts.untimely(now) {
            return Some(format!("{path}: the certificate {why}, so that clients refuse it: have it renewed"));
        }
        let ends = current.facts.not_after;
        (ends - now < SOON).then(|| format!("{path}: the certificate ends on {}: have it renewed", ends.date()))
    }

    fn trouble(&self) -> MutexGuard<'_, Option<String>> {
        // After a panic it holds what was noted before.
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Loaded {
    fn read(files: &CertificateFiles) -> Result<Self, TlsError> {
        let chain = chain(&files.cert)?;
        let malformed = || TlsError::malformed(&files.cert, "its first certificate is malformed");
        let facts = chain.first().and_then(|first| Facts::of(first)).ok_or_else(malformed)?;
        let signing = key(&files.key)?;
        if public_key(&*signing).as_ref() != Some(&facts.public_key) {
            let of = shown(&files.cert);
            return Err(TlsError::malformed(&files.key, format!("is not the key of the certificate in {of}")));
        }
        Ok(Loaded { key: Arc::new(CertifiedKey::new(chain, signing)), facts })
    }
}

/// The certificates of a file, that of the server first.
fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read_pem(path).map_err(|error| TlsError::unreadable(path, error))?;
    let chain = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    // The parser's own message would repeat a line of the file.
    let chain = chain.map_err(|_| TlsError::malformed(path, "is malformed PEM"))?;
    if !chain.is_empty() {
        return Ok(chain);
    }
    Err(TlsError::malformed(
        path,
        if holds(&pem, "PRIVATE KEY-----") {
            "holds a private key and no certificate: give the certificate first, then its key"
        } else {
            "holds no certificate in PEM: write one in DER anew with openssl x509 -inform der"
        },
    ))
}

fn key(path: &Path) -> Result<Arc<dyn SigningKey>, TlsError> {
    let pem = read_pem(path).map_err(|error| TlsError::unreadable(path, error))?;
    if holds(&pem, "ENCRYPTED") {
        let plain = "holds an encrypted key, and nobody is asked for its password: write it anew without one, openssl pkey -in \
                     FILE -out PLAIN";
        return Err(TlsError::malformed(path, plain));
    }
    let der = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| {
        TlsError::malformed(
            path,
            if holds(&pem, "PRIVATE KEY-----") {
                "holds a malformed private key"
            } else {
                "holds no private key in PEM: write one in DER anew with openssl pkey -inform der"
            },
        )
    })?;
    let kinds = "holds a key that cannot be used: RSA of 2,048 to 8,192 bits, P-256, P-384 and Ed25519 can";
    any_supported_type(&der).map_err(|_| TlsError::malformed(path, kinds))
}

fn holds(pem: &[u8], word: &str) -> bool {
    memchr::memmem::find(pem, word.as_bytes()).is_some()
}

fn public_key(signing: &dyn SigningKey) -> Option<Vec<u8>> {
    let info = signing.public_key()?;
    let (_, info) = SubjectPublicKeyInfo::from_der(&info).ok()?;
    Some(info.subject_public_key.data.to_vec())
}

fn is_denied<T>(read: &Result<T, TlsError>) -> bool {
    read.as_ref().is_err_and(is_unreadable)
}

fn is_unreadable(error: &TlsError) -> bool {
    matches!(error, TlsError::Unreadable { error, .. } if error.kind() == std::io::ErrorKind::PermissionDenied)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(vec!["a.test".to_owned()]).expect("a certificate");
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    #[test]
    fn no_message_repeats_what_a_key_file_holds() {
        let dir = tempfile::tempdir().expect("a folder");
        let files = CertificateFiles::new(dir.path().join("cert.pem"), dir.path().join("key.pem"));
        let ((cert, key), (_, other)) = (made(), made());
        let flat = key.replace('\n', "");
        let body: String = key.lines().filter(|line| !line.starts_with('-')).collect();
        let keys = [
            other.clone(),
            flat,
            body.clone(),
            key.replace("-----END", "----END"),
            key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
            key.replace("PRIVATE KEY", "RSA PRIVATE KEY"),
            key.replace("PRIVATE KEY-----\n", "PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n"),
            key.replace("BEGIN", &body),
            key.replace('A', "?"),
            key[..key.len() / 2].to_owned(),
        ];
        for held in keys {
            std::fs::write(&files.cert, &cert).expect("a file that can be written");
            std::fs::write(&files.key, &held).expect("a file that can be written");
            let swapped = CertificateFiles::new(&files.key, &files.cert);
            for files in [&files, &swapped] {
                let Err(error) = UserCertificate::read(files) else { panic!("good: {held}") };
                for said in [error.to_string(), format!("{error:?}")] {
                    let repeats = |piece: &[u8]| said.contains(&String::from_utf8_lossy(piece).into_owned());
                    assert!(
                        !held
                            .lines()
                            .filter(|line| !line.contains("KEY"))
                            .any(|line| line.len() >= 8 && repeats(&line.as_bytes()[..8])),
                        "{said}"
                    );
                    assert!(!repeats(&body.as_bytes()[20..28]), "{said}");
                }
            }
        }
    }
}
