//! The authority that signs the certificates made here: a key and a certificate in the user's data folder.
//!
//! Its name constraints (RFC 5280 4.2.1.10) are critical, so that a stolen key can vouch for names of this machine and its
//! private networks only.

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints,
};
use std::fs;
use std::path::{Path, PathBuf};
use time::{Duration, OffsetDateTime};
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::tls_error::TlsError;

/// Names that it may vouch for, with all below them.
const NAMES: [&str; 4] = ["localhost", "test", "local", "internal"];

/// How long it lasts.
const LIFE: Duration = Duration::days(3650);

/// How long a certificate that it signs lasts.
pub(super) const LEAF_LIFE: Duration = Duration::days(30);

/// Networks that it may vouch for: this machine's own addresses and the private ones.
const NETWORKS: [(&str, u8); 6] =
    [("127.0.0.0", 8), ("10.0.0.0", 8), ("172.16.0.0", 12), ("192.168.0.0", 16), ("::1", 128), ("fc00::", 7)];

/// An authority that can sign.
pub(crate) struct Authority {
    pub(super) issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// The one in this folder, which is made where there is none.
    pub(crate) fn open(folder: &Path) -> Result<Self, TlsError> {
        let (cert, key) = (folder.join("ca.pem"), folder.join("ca-key.pem"));
        if !cert.exists() {
            make(folder, &cert, &key)?;
        }
        let (cert_pem, key_pem) = (read(&cert)?, read(&key)?);
        let key_pair = KeyPair::from_pem(&key_pem)
            .map_err(|_| TlsError::Malformed { path: key, why: "is no private key in PEM".to_owned() })?;
        let issuer = Issuer::from_ca_cert_pem(&cert_pem, key_pair)
            .map_err(|_| TlsError::Malformed { path: cert, why: "is no certificate in PEM".to_owned() })?;
        Ok(Authority { issuer })
    }

    /// Signs a certificate for these names with this key.
    pub(super) fn sign(&self, names: Vec<String>, key: &KeyPair) -> Result<CertificateDer<'static>, TlsError> {
        let not_made = |error: rcgen::Error| TlsError::NotMade(error.to_string());
        let mut params = CertificateParams::new(names).map_err(not_made)?;
        params.use_authority_key_identifier_extension = true;
        let now = OffsetDateTime::now_utc();
        (params.not_before, params.not_after) = (now - Duration::days(1), now + LEAF_LIFE);
        params.distinguished_name.push(DnType::CommonName, "stickylb-tui");
        params.extended_key_usages.push(rcgen::ExtendedKeyUsagePurpose::ServerAuth);
        params.key_usages.push(KeyUsagePurpose::DigitalSignature);
        Ok(params.signed_by(key, &self.issuer).map_err(not_made)?.der().clone())
    }
}

/// Where it is kept: `$XDG_DATA_HOME/stickylb-tui/ca`, or below `~/.local/share`.
pub(crate) fn folder() -> Result<PathBuf, TlsError> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = set("XDG_DATA_HOME").filter(|path| path.is_absolute());
    let data = data.or_else(|| Some(set("HOME")?.join(".local/share"))).ok_or(TlsError::NoHome)?;
    Ok(data.join("stickylb-tui").join("ca"))
}

fn make(folder: &Path, cert: &Path, key: &Path) -> Result<(), TlsError> {
    let not_made = |error: rcgen::Error| TlsError::NotMade(error.to_string());
    let key_pair = KeyPair::generate().map_err(not_made)?;
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "stickylb-tui local authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let now = OffsetDateTime::now_utc();
    (params.not_before, params.not_after) = (now - Duration::days(1), now + LIFE);
    let names = NAMES.iter().map(|name| GeneralSubtree::DnsName((*name).to_owned()));
    let networks = NETWORKS.iter().filter_map(|(ip, prefix)| {
        Some(GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(ip.parse().ok()?, *prefix)))
    });
    params.name_constraints =
        Some(NameConstraints { permitted_subtrees: names.chain(networks).collect(), excluded_subtrees: Vec::new() });
    let made = params.self_signed(&key_pair).map_err(not_made)?;
    let wrong = |what, path: &Path| {
        let path = path.to_owned();
        move |error| TlsError::File { what, path, error }
    };
    fs::create_dir_all(folder).map_err(wrong("make the folder", folder))?;
    fs::write(key, key_pair.serialize_pem()).map_err(wrong("write", key))?;
    fs::write(cert, made.pem()).map_err(wrong("write", cert))
}

fn read(path: &Path) -> Result<String, TlsError> {
    fs::read_to_string(path).map_err(|error| TlsError::File { what: "read", path: path.to_owned(), error })
}
