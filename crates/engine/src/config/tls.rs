//! TLS with clients: `tls`, at the top for every listener, or in one of `listeners`.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::keys::Keys;
use super::node::Node;
use super::vouched::{VOUCHED_NAMES, is_vouched};
use super::written::Named;

/// A certificate and its private key, each a PEM file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct CertificateFiles {
    /// The certificate of the server, and behind it those that lead to a root.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl CertificateFiles {
    /// A pair of these two files.
    pub fn new(cert: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        CertificateFiles { cert: cert.into(), key: key.into() }
    }
}

/// The oldest version of TLS that is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    #[default]
    V1_2,
    /// TLS 1.3 (RFC 8446).
    V1_3,
}

impl Named for TlsVersion {
    const NAMES: &'static [(&'static str, Self)] = &[("1.2", TlsVersion::V1_2), ("1.3", TlsVersion::V1_3)];
}

/// What becomes of plain HTTP on a port for TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlainHttp {
    /// It is sent to the same URL with https.
    #[default]
    Redirect,
    /// It is closed without an answer.
    Refuse,
}

impl Named for PlainHttp {
    const NAMES: &'static [(&'static str, Self)] = &[("redirect", PlainHttp::Redirect), ("refuse", PlainHttp::Refuse)];
}

/// Whose authority signs the certificates that are made here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Authority {
    /// This program's, made on first use.
    #[default]
    Own,
    /// That of mkcert, which must be there.
    Mkcert,
}

impl Named for Authority {
    const NAMES: &'static [(&'static str, Self)] = &[("own", Authority::Own), ("mkcert", Authority::Mkcert)];
}

/// How a listener speaks TLS with its clients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsConfig {
    /// The user's own certificates; where there is none, certificates are made as they are asked for.
    pub certificates: Vec<CertificateFiles>,
    /// Further names of the certificate for a client that names no host.
    pub names: Vec<String>,
    /// The oldest version that is spoken.
    pub min_version: TlsVersion,
    /// What becomes of plain HTTP on this port.
    pub plain: PlainHttp,
    /// Whose authority signs the certificates that are made.
    pub ca: Authority,
}

impl TlsConfig {
    /// Whether its certificates are signed by this program's own authority, which vouches for local names alone.
    pub fn uses_own_authority(&self) -> bool {
        self.certificates.is_empty() && self.ca == Authority::Own
    }

    /// Reads `true`, `false` or an object into what holds before.
    pub(crate) fn read(n: Node<'_, '_>, into: &mut Option<TlsConfig>) -> Option<()> {
        let whole = |n: Node<'_, '_>| {
            let mut tls = TlsConfig::default();
            n.object(|keys| tls.read_keys(keys)).map(|()| Some(tls))
        };
        let read = n.either(n.is_object(), whole, |n| n.boolean().map(|on| on.then(TlsConfig::default)));
        read.map(|read| *into = read)
    }

    fn read_keys(&mut self, keys: &mut Keys<'_, '_>) {
        let certificates =
            "Your own certificates with their keys, PEM files; none makes certificates as they are asked for";
        keys.get("certificates", certificates, |n| {
            n.each(|n| {
                let pair = n.hint("description", "A certificate and its key").object(|keys| {
                    keys.require("cert", "a certificate needs a 'cert', the PEM file that it is in");
                    keys.require("key", "a certificate needs a 'key', the PEM file of its private key");
                    let cert = keys.get("cert", "The certificate, then those that signed it, in PEM", file);
                    let key = keys.get("key", "Its private key, in PEM", file);
                    Some(CertificateFiles { cert: cert?, key: key? })
                });
                self.certificates.extend(pair.flatten());
            })
        });
        keys.set("ca", "Whose authority signs what is made here", &mut self.ca, |n| n.one_of(Authority::NAMES));
        let is_constrained = self.uses_own_authority();
        let names = "Further names for the certificate of clients that name no host";
        if let Some(names) = keys.get("names", names, |n| n.list(|n| n.parsed(|name| tls_name(name, is_constrained)))) {
            self.names = names;
        }
        let oldest = "The oldest version of TLS that is spoken";
        keys.set("minVersion", oldest, &mut self.min_version, |n| n.one_of(TlsVersion::NAMES));
        let plain = "What becomes of plain HTTP on this port: sent to https, or closed";
        keys.set("plain", plain, &mut self.plain, |n| n.one_of(PlainHttp::NAMES));
    }

    /// What is wrong with its names.
    pub(crate) fn problems(&self) -> impl Iterator<Item = String> {
        self.names.iter().filter_map(|name| tls_name(name, self.uses_own_authority()).err())
    }

    /// Relative paths are those beside the file.
    pub(crate) fn beside(&mut self, folder: &Path) {
        for CertificateFiles { cert, key } in &mut self.certificates {
            (*cert, *key) = (folder.join(&*cert), folder.join(&*key));
        }
    }
}

/// A name or an address that a certificate can be for, in lower case and without a dot at its end.
fn tls_name(name: &str, is_constrained: bool) -> Result<String, String> {
    let plain = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let is_label = |label: &str| {
        let inside = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        (1..=63).contains(&label.len()) && label.bytes().all(inside)
    };
    if let Ok(address) = name.parse::<IpAddr>() {
        return vouched(address.to_string(), is_constrained);
    }
    if plain.starts_with("*.") {
        return Err(format!(
            "'{name}' is a wildcard: a name gets its certificate when a client asks for it, leave this out"
        ));
    }
    if plain.len() > 253 || !plain.split('.').all(is_label) {
        return Err(format!("'{name}' is no name or address: write one such as app.localhost or 192.168.1.7"));
    }
    vouched(plain, is_constrained)
}

fn vouched(name: String, is_constrained: bool) -> Result<String, String> {
    if !is_constrained || is_vouched(&name) {
        return Ok(name);
    }
    let names = VOUCHED_NAMES.join(", ");
    Err(format!(
        "'{name}' is none of {names} or a name below, nor an address of a private network: the authority made here vouches for \
         those alone, give a certificate of your own in 'certificates'"
    ))
}

fn file(n: Node<'_, '_>) -> Option<PathBuf> {
    n.hint("minLength", 1).parsed(|path| if path.is_empty() { Err("names no file") } else { Ok(PathBuf::from(path)) })
}
