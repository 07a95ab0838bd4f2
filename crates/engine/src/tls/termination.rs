//! How one listener speaks TLS with its clients.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ServerConfig, SupportedProtocolVersion};

use super::resolver::{Resolver, unnamed};
use super::store::TlsStore;
use super::tls_error::TlsError;
use super::user_certificate::UserCertificate;
use crate::api::Mode;
use crate::config::{CertificateFiles, Config, ListenerConfig, PlainHttp, TlsConfig, TlsVersion};

/// Addresses of this machine that clients connected to, of a listener on all of them.
const ADDRESSES: usize = 64;

/// How one listener speaks TLS with its clients.
pub(crate) struct Termination {
    /// Where the address that the client connected to does not matter.
    server: Arc<ServerConfig>,
    /// What becomes of plain HTTP.
    pub(crate) plain: PlainHttp,
    resolver: Resolver,
    /// Further names for clients that name nothing.
    names: Vec<String>,
    /// The address that it listens on.
    host: IpAddr,
    /// For a listener on all addresses: the settings for each that a client connected to.
    by_address: Mutex<HashMap<IpAddr, Arc<ServerConfig>>>,
}

impl Termination {
    /// For a listener.
    ///
    /// # Errors
    /// The authority cannot be read or made.
    fn new(
        tls: &TlsConfig,
        listener: &ListenerConfig,
        own: Vec<Arc<UserCertificate>>,
        store: &TlsStore,
    ) -> Result<Self, TlsError> {
        let host = listener.host;
        let resolver = if own.is_empty() {
            let leaves = store.leaves(tls.ca)?;
            let names = unnamed(host, &tls.names, leaves.authority.is_constrained);
            Resolver::made(leaves, names)
        } else {
            Resolver::Own(own.into())
        };
        let server = server(tls.min_version, listener.mode, resolver.clone(), store)?;
        let (plain, names) = (tls.plain, tls.names.clone());
        Ok(Termination { server: Arc::new(server), plain, resolver, names, host, by_address: Mutex::default() })
    }

    /// The settings for a handshake with a client that connected to this address. Where it fails,
    /// [`RefusedName`](super::RefusedName) may know why.
    pub(crate) fn settings(&self, local: IpAddr) -> Arc<ServerConfig> {
        let local = local.to_canonical();
        let Resolver::Made { leaves, .. } = &self.resolver else { return Arc::clone(&self.server) };
        if local == self.host {
            return Arc::clone(&self.server);
        }
        // After a panic it holds what was there before.
        let mut by_address = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = by_address.get(&local) {
            return Arc::clone(there);
        }
        if by_address.len() >= ADDRESSES {
            by_address.clear();
        }
        let names = unnamed(local, &self.names, leaves.authority.is_constrained);
        let mut server = ServerConfig::clone(&self.server);
        server.cert_resolver = Arc::new(Resolver::made(Arc::clone(leaves), names));
        Arc::clone(by_address.entry(local).or_insert(Arc::new(server)))
    }

    /// The file of the authority that signs what is shown, where that is made here.
    pub(crate) fn authority(&self) -> Option<&Path> {
        let Resolver::Made { leaves, .. } = &self.resolver else { return None };
        Some(&leaves.authority.path)
    }

    /// The certificates of the user's own.
    pub(crate) fn own(&self) -> &[Arc<UserCertificate>] {
        if let Resolver::Own(all) = &self.resolver { all } else { &[] }
    }

    /// Whether its certificates of the user's own are not those of another.
    pub(crate) fn shows_others_than(&self, other: &Termination) -> bool {
        let shown =
            |tls: &Termination| -> Vec<_> { tls.own().iter().map(|one| one.current().key.cert.clone()).collect() };
        shown(self) != shown(other)
    }
}

/// Neither renegotiation nor early data: rustls has none of the first, and is not asked for the second.
fn server(oldest: TlsVersion, mode: Mode, resolver: Resolver, store: &TlsStore) -> Result<ServerConfig, TlsError> {
    let versions: &[&SupportedProtocolVersion] = match oldest {
        TlsVersion::V1_2 => &[&TLS13, &TLS12],
        TlsVersion::V1_3 => &[&TLS13],
    };
    let mut server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .map_err(|error| TlsError::NotMade(error.to_string()))?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver));
    server.ignore_client_order = true;
    server.ticketer = store.tickets();
    server.session_storage = store.sessions();
    if mode == Mode::Http {
        // The second for clients that offer it alone: without a protocol in common rustls refuses (RFC 7301 3.2).
        server.alpn_protocols = vec![b"http/1.1".to_vec(), b"http/1.0".to_vec()];
    }
    Ok(server)
}

/// That of each listener of a configuration, in its order; `None` where one speaks plainly. The user's files are read anew;
/// of those that this user must not read any more, what is `before` stays.
///
/// # Errors
/// A certificate, a key or the authority cannot be read or made.
pub(crate) fn terminations(
    config: &Config,
    store: &TlsStore,
    before: &[Arc<UserCertificate>],
) -> Result<Vec<Option<Arc<Termination>>>, TlsError> {
    let mut read: HashMap<&CertificateFiles, Arc<UserCertificate>> = HashMap::new();
    let mut all = Vec::with_capacity(config.listeners.len());
    for listener in &config.listeners {
        let Some(tls) = &listener.tls else {
            all.push(None);
            continue;
        };
        let mut own = Vec::with_capacity(tls.certificates.len());
        for files in &tls.certificates {
            let there = match read.get(files) {
                Some(there) => Arc::clone(there),
                None => read_or_keep(files, before)?,
            };
            own.push(Arc::clone(read.entry(files).or_insert(there)));
        }
        all.push(Some(Arc::new(Termination::new(tls, listener, own, store)?)));
    }
    Ok(all)
}

fn read_or_keep(files: &CertificateFiles, before: &[Arc<UserCertificate>]) -> Result<Arc<UserCertificate>, TlsError> {
    UserCertificate::read(files).map(Arc::new).or_else(|error| {
        let kept = before.iter().find(|before| before.stays_for(files, &error));
        kept.cloned().ok_or(error)
    })
}
