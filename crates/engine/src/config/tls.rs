//! TLS with clients: `tls`, at the top for every listener, or in one of `listeners`.

use std::path::PathBuf;

use super::keys::Keys;
use super::node::Node;
use super::written::Named;

/// A certificate and its private key, each a PEM file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateFiles {
    /// The certificate, and behind it those that lead to a root.
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
        let names = "Further names for the certificate of clients that name no host";
        if let Some(names) = keys.get("names", names, |n| n.list(|n| n.string())) {
            self.names = names;
        }
        let oldest = "The oldest version of TLS that is spoken";
        keys.set("minVersion", oldest, &mut self.min_version, |n| n.one_of(TlsVersion::NAMES));
        let plain = "What becomes of plain HTTP on this port: sent to https, or closed";
        keys.set("plain", plain, &mut self.plain, |n| n.one_of(PlainHttp::NAMES));
        keys.set("ca", "Whose authority signs what is made here", &mut self.ca, |n| n.one_of(Authority::NAMES));
    }
}

fn file(n: Node<'_, '_>) -> Option<PathBuf> {
    n.hint("minLength", 1).parsed(|path| if path.is_empty() { Err("names no file") } else { Ok(PathBuf::from(path)) })
}
