//! A client over TLS, which trusts the authority that a balancer made in its own data folder and nothing else.

use std::io;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};

use super::Client;
use super::patience::{PATIENCE, until_some};

/// A connection over TLS. Its end without a `close_notify` is an error (`UnexpectedEof`).
pub(crate) type TlsStream = StreamOwned<ClientConnection, TcpStream>;

/// A client of HTTP over TLS.
pub(crate) type TlsClient = Client<TlsStream>;

const VERSIONS: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

const OLDER: &[&SupportedProtocolVersion] = &[&TLS12];

/// How a client speaks TLS, and whom it trusts.
#[derive(Clone)]
pub(crate) struct Trust {
    roots: Arc<RootCertStore>,
    versions: &'static [&'static SupportedProtocolVersion],
    alpn: Vec<Vec<u8>>,
}

impl Trust {
    /// Trusts the authority in this data folder (`XDG_DATA_HOME`), once it is there.
    pub(crate) fn of(data_home: &Path) -> Self {
        let file = data_home.join("stickylb-tui/ca/ca.pem");
        let cert = until_some("an authority", || CertificateDer::from_pem_file(&file).ok());
        let mut roots = RootCertStore::empty();
        roots.add(cert).unwrap();
        Trust { roots: Arc::new(roots), ..Trust::none() }
    }

    /// Trusts nobody.
    pub(crate) fn none() -> Self {
        Trust { roots: Arc::new(RootCertStore::empty()), versions: VERSIONS, alpn: vec![b"http/1.1".to_vec()] }
    }

    /// Speaks TLS 1.2 alone.
    pub(crate) fn tls12(self) -> Self {
        Trust { versions: OLDER, ..self }
    }

    /// Offers these protocols (ALPN, RFC 7301).
    pub(crate) fn alpn(self, protocols: &[&str]) -> Self {
        Trust { alpn: protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect(), ..self }
    }

    /// The library's configuration; connections of one resume each other's sessions.
    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(self.versions)
            .unwrap()
            .with_root_certificates(Arc::clone(&self.roots))
            .with_no_client_auth();
        config.alpn_protocols.clone_from(&self.alpn);
        Arc::new(config)
    }

    /// A client of this port that asks for this name.
    pub(crate) fn connect(&self, port: u16, name: &str) -> TlsClient {
        TlsClient::over(self.handshake(TcpStream::connect(("127.0.0.1", port)).unwrap(), name).unwrap())
    }

    /// Shakes hands on a connection that is there.
    pub(crate) fn handshake(&self, stream: TcpStream, name: &str) -> io::Result<TlsStream> {
        handshake(&self.config(), stream, name)
    }
}

/// Shakes hands on a connection that is there.
pub(crate) fn handshake(config: &Arc<ClientConfig>, mut stream: TcpStream, name: &str) -> io::Result<TlsStream> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut tls = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
    while tls.is_handshaking() || tls.wants_write() {
        tls.complete_io(&mut stream)?;
    }
    Ok(StreamOwned::new(tls, stream))
}

/// Reads to the end, which must be told (`close_notify`).
pub(crate) fn rest(client: &mut TlsClient) -> Vec<u8> {
    let mut rest = Vec::new();
    client.wire.read_rest(&mut rest).expect("an end that is told");
    rest
}

impl TlsClient {
    /// Says that nothing more comes (`close_notify`), and leaves the connection open.
    pub(crate) fn close_notify(&mut self) {
        let stream = &mut self.wire.stream;
        stream.conn.send_close_notify();
        while stream.conn.wants_write() {
            stream.conn.write_tls(&mut stream.sock).unwrap();
        }
    }
}
