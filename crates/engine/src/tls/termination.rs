//! How one listener speaks TLS with its clients.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ServerConfig, SupportedProtocolVersion};

use super::leaves::Leaves;
use super::store::TlsStore;
use super::tls_error::TlsError;
use crate::config::{Config, ListenerConfig, PlainHttp, TlsConfig, TlsVersion};

/// How one listener speaks TLS with its clients.
pub(crate) struct Termination {
    /// Shakes hands.
    pub(crate) acceptor: TlsAcceptor,
    /// What becomes of plain HTTP.
    pub(crate) plain: PlainHttp,
}

impl Termination {
    /// For a listener at this address.
    ///
    /// # Errors
    /// A certificate, a key or the authority cannot be read or made.
    pub(crate) fn new(config: &TlsConfig, host: IpAddr, store: &TlsStore) -> Result<Self, TlsError> {
        let versions: &[&SupportedProtocolVersion] = match config.min_version {
            TlsVersion::V1_2 => &[&TLS13, &TLS12],
            TlsVersion::V1_3 => &[&TLS13],
        };
        let names = config.names.iter().cloned().chain([host.to_string(), "localhost".to_owned()]).collect();
        let resolver = Resolver { leaves: store.own()?, unnamed: names };
        let mut server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .map_err(|error| TlsError::NotMade(error.to_string()))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(resolver));
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Termination { acceptor: Arc::new(server).into(), plain: config.plain })
    }
}

/// That of each listener of a configuration, in its order; `None` where one speaks plainly.
///
/// # Errors
/// See [`Termination::new`].
pub(crate) fn terminations(config: &Config, store: &TlsStore) -> Result<Vec<Option<Arc<Termination>>>, TlsError> {
    let of = |listener: &ListenerConfig| {
        let made = listener.tls.as_ref().map(|tls| Termination::new(tls, listener.host, store));
        made.transpose().map(|made| made.map(Arc::new))
    };
    config.listeners.iter().map(of).collect()
}

/// Chooses the certificate for a client by the name that it asks for.
struct Resolver {
    leaves: Arc<Leaves>,
    /// What the certificate is for where a client names nothing.
    unnamed: Vec<String>,
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let named = hello.server_name().map(|name| vec![name.to_ascii_lowercase()]);
        self.leaves.of(&named.unwrap_or_else(|| self.unnamed.clone())).ok()
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").finish_non_exhaustive()
    }
}
