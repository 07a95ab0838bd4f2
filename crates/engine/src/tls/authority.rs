//! An authority that signs the certificates made here: a key and a certificate, this program's own or mkcert's.

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, Issuer, KeyPair, KeyUsagePurpose, SerialNumber};
use std::path::{Path, PathBuf};
use time::{Duration, OffsetDateTime};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;

use super::authority_files;
use super::authority_files::{Pair, both};
use super::data_folder::{data_folder, mkcert_folder};
use super::facts::Facts;
use super::new_authority::BEFORE;
use super::read_pem::read_pem;
use super::tls_error::{TlsError, shown};
use crate::config;

/// How long a certificate that it signs lasts.
pub(super) const LEAF_LIFE: Duration = Duration::days(30);

/// What this program's own is called in its folder.
const OWN: [&str; 2] = ["ca.pem", "ca-key.pem"];

/// What mkcert calls its own.
const MKCERT: [&str; 2] = ["rootCA.pem", "rootCA-key.pem"];

/// An authority that can sign.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(super) certificate: CertificateDer<'static>,
    pub(super) path: PathBuf,
    pub(super) facts: Facts,
    /// Whether it vouches for names of this machine and its networks only.
    pub(super) is_constrained: bool,
}

impl Authority {
    /// The one in the user's data folder, where this program's own is made if there is none.
    pub(super) fn of(whose: config::Authority) -> Result<Self, TlsError> {
        match whose {
            config::Authority::Own => Self::own(&own_folder()?),
            config::Authority::Mkcert => Self::mkcert(&mkcert_folder()?),
        }
    }

    /// This program's own in this folder, which is made where there is none.
    pub(super) fn own(folder: &Path) -> Result<Self, TlsError> {
        let pair = match both(folder, OWN)? {
            Some(pair) => pair,
            None => authority_files::make(folder, OWN)?,
        };
        authority_files::is_private(folder, &pair.key_path)?;
        let again = format!("move the folder {} away to have a new authority made", shown(folder));
        Self::from(&pair, true, &again)
    }

    /// That of mkcert in this folder.
    pub(super) fn mkcert(folder: &Path) -> Result<Self, TlsError> {
        let absent = "there is no authority of mkcert's here: run mkcert -install, or name its folder in CAROOT";
        let pair = both(folder, MKCERT)?.ok_or_else(|| TlsError::malformed(folder, absent))?;
        Self::from(&pair, false, "run mkcert -install again")
    }

    /// Checks that both belong together and can sign; `again` is how to have another made.
    fn from(pair: &Pair, is_constrained: bool, again: &str) -> Result<Self, TlsError> {
        let no_certificate =
            || TlsError::malformed(&pair.certificate_path, format!("is no certificate in PEM: {again}"));
        let certificate = CertificateDer::from_pem_slice(&pair.certificate).map_err(|_| no_certificate())?;
        let facts = Facts::of(&certificate).ok_or_else(no_certificate)?;
        let no_key = || TlsError::malformed(&pair.key_path, format!("is no private key in PEM that can sign: {again}"));
        let key = std::str::from_utf8(&pair.key).ok().and_then(|pem| KeyPair::from_pem(pem).ok()).ok_or_else(no_key)?;
        if key.public_key_raw() != facts.public_key {
            let of = shown(&pair.certificate_path);
            return Err(TlsError::malformed(
                &pair.key_path,
                format!("is not the key of the certificate {of}: {again}"),
            ));
        }
        let why =
            if facts.is_authority { facts.untimely(OffsetDateTime::now_utc()) } else { Some("cannot sign".to_owned()) };
        if let Some(why) = why {
            return Err(TlsError::malformed(&pair.certificate_path, format!("the authority {why}: {again}")));
        }
        let issuer = Issuer::from_ca_cert_der(&certificate, key).map_err(|_| no_certificate())?;
        Ok(Authority { issuer, certificate, path: pair.certificate_path.clone(), facts, is_constrained })
    }

    /// Whether another is in its place now. One that is gone, or that this user must not read, is not replaced.
    pub(super) fn is_replaced(&self) -> bool {
        let now = read_pem(&self.path).ok().and_then(|pem| CertificateDer::from_pem_slice(&pem).ok());
        now.is_some_and(|now| now != self.certificate)
    }

    /// Signs a certificate for these names and addresses with this key; tells when it ends.
    pub(super) fn sign(
        &self,
        names: &[String],
        key: &KeyPair,
        now: OffsetDateTime,
    ) -> Result<(CertificateDer<'static>, OffsetDateTime), TlsError> {
        let not_made = |error: rcgen::Error| TlsError::NotMade(error.to_string());
        let mut params = CertificateParams::new(names).map_err(not_made)?;
        params.use_authority_key_identifier_extension = true;
        // The library would derive it from the key, which all of them share, and browsers refuse two of one number.
        let number: u128 = fastrand::u128(..) >> 1;
        params.serial_number = Some(SerialNumber::from_slice(&number.to_be_bytes()));
        params.not_before = (now - BEFORE).max(self.facts.not_before);
        params.not_after = (now + LEAF_LIFE).min(self.facts.not_after);
        // With spaces, so that nobody takes it for a name of a host.
        params.distinguished_name.push(DnType::CommonName, "stickylb-tui local certificate");
        params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        params.key_usages.push(KeyUsagePurpose::DigitalSignature);
        let ends = params.not_after;
        Ok((params.signed_by(key, &self.issuer).map_err(not_made)?.der().clone(), ends))
    }
}

/// Where this program's own is kept.
pub(super) fn own_folder() -> Result<PathBuf, TlsError> {
    Ok(data_folder()?.join("ca"))
}

/// Where its certificate is, or is to be.
pub(super) fn own_certificate() -> Result<PathBuf, TlsError> {
    Ok(own_folder()?.join(OWN[0]))
}
