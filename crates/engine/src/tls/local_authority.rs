//! This program's own authority, as its user sees it.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;

use super::authority::{Authority, own_certificate};
use super::facts::Facts;
use super::read_pem::read_pem;
use super::tls_error::TlsError;
use crate::config;

/// The certificate of the authority that signs the certificates made here, for programs that are to trust it. It is in the
/// user's data folder (`$XDG_DATA_HOME`, else `~/.local/share`); its key stays there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LocalAuthority {
    path: PathBuf,
    certificate: CertificateDer<'static>,
    facts: Facts,
}

impl LocalAuthority {
    /// Where its certificate is, or would be if it were made.
    ///
    /// # Errors
    /// There is no folder for it: neither `HOME` nor `XDG_DATA_HOME` is set.
    pub fn place() -> Result<PathBuf, TlsError> {
        own_certificate()
    }

    /// This program's own, which is made where there is none.
    ///
    /// # Errors
    /// It can be neither read nor made, has ended, or its key is not its own or can be read by others.
    pub fn open() -> Result<Self, TlsError> {
        Authority::of(config::Authority::Own).map(|authority| Self::of(&authority))
    }

    /// That of mkcert.
    ///
    /// # Errors
    /// There is none, or it cannot be used.
    pub fn mkcert() -> Result<Self, TlsError> {
        Authority::of(config::Authority::Mkcert).map(|authority| Self::of(&authority))
    }

    /// The certificate of this program's own where there is one. Makes nothing, and reads no key.
    ///
    /// # Errors
    /// There is one that cannot be read.
    pub fn find() -> Result<Option<Self>, TlsError> {
        let path = own_certificate()?;
        let pem = match read_pem(&path) {
            Ok(pem) => pem,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(TlsError::unreadable(&path, error)),
        };
        let malformed = || TlsError::malformed(&path, "is no certificate in PEM");
        let certificate = CertificateDer::from_pem_slice(&pem).map_err(|_| malformed())?;
        let facts = Facts::of(&certificate).ok_or_else(malformed)?;
        Ok(Some(LocalAuthority { path, certificate, facts }))
    }

    pub(super) fn of(authority: &Authority) -> Self {
        let (path, certificate) = (authority.path.clone(), authority.certificate.clone());
        LocalAuthority { path, certificate, facts: authority.facts.clone() }
    }

    /// Where its certificate is, a PEM file.
    pub fn certificate_path(&self) -> &Path {
        &self.path
    }

    /// Its certificate in PEM (RFC 7468).
    pub fn certificate_pem(&self) -> String {
        const LINE: usize = 64;
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(&self.certificate);
        let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (line, more) = rest.split_at(rest.len().min(LINE));
            pem.push_str(line);
            pem.push('\n');
            rest = more;
        }
        pem + "-----END CERTIFICATE-----\n"
    }

    /// Its certificate in DER.
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate
    }

    /// The SHA-256 digest of its certificate, as browsers show it: `5F:0C:…`.
    pub fn fingerprint(&self) -> String {
        let digest = ring::digest::digest(&ring::digest::SHA256, &self.certificate);
        let mut text = String::new();
        for byte in digest.as_ref() {
            let colon = if text.is_empty() { "" } else { ":" };
            // Writing to a string cannot fail.
            let _ = write!(text, "{colon}{byte:02X}");
        }
        text
    }

    /// What it is called in lists of authorities; names its user and machine.
    pub fn name(&self) -> &str {
        &self.facts.subject
    }

    /// When it ends.
    pub fn ends(&self) -> SystemTime {
        self.facts.not_after.into()
    }
}
