//! TLS to backends.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, OnceLock};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::tcp::Tcp;
use crate::config::BackendTls;

/// Shakes hands over a connection to `host`.
pub(crate) async fn handshake(stream: Tcp, host: &str, tls: &BackendTls) -> io::Result<TlsStream<Tcp>> {
    let name = tls.server_name.as_deref().unwrap_or(host);
    let name = ServerName::try_from(name.to_owned())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, format!("'{name}' is no name for a certificate")))?;
    connector(tls.verify)?.connect(name, stream).await.map_err(explained)
}

/// Shakes hands as a client of one of this program's own listeners, which is asked for by no name. Whatever certificate it has is
/// accepted: the connection does not leave this machine, and the listener may show the user's, which is for other names.
pub(crate) async fn to_own_listener(stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST).into());
    connector(false)?.connect(name, stream).await
}

/// Built on first use and cached, because loading the system's certificates is slow.
fn connector(verify: bool) -> io::Result<TlsConnector> {
    static VERIFYING: OnceLock<TlsConnector> = OnceLock::new();
    static TRUSTING: OnceLock<TlsConnector> = OnceLock::new();
    let made = if verify { &VERIFYING } else { &TRUSTING };
    if let Some(connector) = made.get() {
        return Ok(connector.clone());
    }
    let connector = make(verify).map_err(io::Error::other)?;
    Ok(made.get_or_init(|| connector).clone())
}

fn make(verify: bool) -> Result<TlsConnector, Error> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let mut config = if verify {
        let mut roots = RootCertStore::empty();
        // If no system certificates load, every handshake fails with an error about trust.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        builder.with_root_certificates(roots).with_no_client_auth()
    } else {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider))).with_no_client_auth()
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Adds a hint about `verify` to the error for an untrusted certificate.
fn explained(error: io::Error) -> io::Error {
    let untrusted = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match untrusted {
        Some(Error::InvalidCertificate(why)) => io::Error::new(
            io::ErrorKind::InvalidData,
            format!("its certificate is not trusted ({why}): for a self-signed one set \"tls\": {{\"verify\": false}}"),
        ),
        _ => error,
    }
}

/// Accepts any certificate, for `tls: {verify: false}`; handshake signatures are still verified.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
