//! Which certificate a client over TLS is shown, and how the user's own are read again.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{
    AlertDescription, ClientConfig, ClientConnection, DigitallySignedStruct, Error, HandshakeKind, RootCertStore,
    SignatureScheme, SupportedProtocolVersion,
};

use crate::support::https::{TlsClient, handshake};
use crate::support::{Backend, Balancer, Config, request, until_some};

/// Takes every certificate.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
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
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

fn anybody() -> Arc<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().dangerous();
    Arc::new(builder.with_custom_certificate_verifier(Arc::new(Anybody)).with_no_client_auth())
}

/// Trusts the authority in this file alone.
fn trusting(file: &Path, versions: &[&'static SupportedProtocolVersion]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_protocol_versions(versions).unwrap();
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}

/// A connection on which a request was answered, over TLS.
fn asked(config: &Arc<ClientConfig>, at: (&str, u16), name: &str) -> Result<ClientConnection, Error> {
    let mut stream = TcpStream::connect(at).unwrap();
    let mut tls = ClientConnection::new(Arc::clone(config), ServerName::try_from(name.to_owned()).unwrap())?;
    while tls.is_handshaking() || tls.wants_write() {
        if let Err(error) = tls.complete_io(&mut stream) {
            let inner = error.into_inner().expect("a TLS error, not one of the connection");
            return Err(*inner.downcast::<Error>().expect("a TLS error"));
        }
    }
    let mut both = tokio_rustls::rustls::Stream::new(&mut tls, &mut stream);
    both.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    both.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    Ok(tls)
}

/// The certificate that is shown to a client that asks for this name.
fn shown(port: u16, name: &str) -> CertificateDer<'static> {
    let tls = asked(&anybody(), ("127.0.0.1", port), name).unwrap();
    tls.peer_certificates().unwrap()[0].clone().into_owned()
}

/// A certificate for these names with its key, in files.
struct Files {
    cert: PathBuf,
    key: PathBuf,
    der: CertificateDer<'static>,
}

impl Files {
    fn new(folder: &Path, label: &str, names: &[&str]) -> Self {
        Self::with(folder, label, names, |_| {})
    }

    fn with(folder: &Path, label: &str, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Self {
        let (pem, key_pem, der) = made(names, change);
        let (cert, key) = (folder.join(format!("{label}.pem")), folder.join(format!("{label}-key.pem")));
        std::fs::write(&cert, pem).unwrap();
        std::fs::write(&key, key_pem).unwrap();
        Files { cert, key, der }
    }

    fn json(&self) -> Value {
        json!({"cert": self.cert, "key": self.key})
    }
}

fn made(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> (String, String, CertificateDer<'static>) {
    let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    let made = params.self_signed(&key).unwrap();
    (made.pem(), key.serialize_pem(), made.der().clone())
}

fn config(tls: &Value) -> (Backend, Config) {
    let backend = Backend::echoing();
    let config = Config::new(&[&backend]).set("/tls", tls.clone());
    (backend, config)
}

fn count(balancer: &Balancer, part: &str) -> usize {
    balancer.lines().iter().filter(|line| line.contains(part)).count()
}

#[test]
fn the_exact_name_wins_over_a_wildcard_of_one_label_and_else_the_first_is_shown() {
    let dir = TempDir::new().unwrap();
    let first = Files::new(dir.path(), "first", &["first.test"]);
    let wild = Files::new(dir.path(), "wild", &["*.b.test"]);
    let exact = Files::new(dir.path(), "exact", &["x.b.test"]);
    let (_backend, config) = config(&json!({"certificates": [first.json(), wild.json(), exact.json()]}));
    let balancer = config.start_without_health();
    for (name, expected) in [
        ("first.test", &first),
        ("y.b.test", &wild),
        ("X.B.Test", &exact),
        ("z.y.b.test", &first),
        ("b.test", &first),
        ("other.example", &first),
        ("127.0.0.1", &first),
    ] {
        assert!(shown(balancer.port, name) == expected.der, "{name}");
    }
}

#[test]
fn a_changed_pair_is_shown_to_new_clients_and_connections_stay() {
    let dir = TempDir::new().unwrap();
    let old = Files::new(dir.path(), "own", &["a.test"]);
    let (_backend, config) = config(&json!({"certificates": [old.json()]}));
    let balancer = config.start_without_health();
    let stream = TcpStream::connect(("127.0.0.1", balancer.port)).unwrap();
    let mut kept = TlsClient::over(handshake(&anybody(), stream, "a.test").unwrap());
    assert_eq!(kept.exchange(&request("GET", "/", &[])).status, 200);

    // First the certificate alone: it has another key than the old one.
    let (cert, key, der) = made(&["a.test", "b.test"], |_| {});
    std::fs::write(&old.cert, cert).unwrap();
    balancer.line("is not the key of the certificate");
    assert!(shown(balancer.port, "a.test") == old.der);
    assert!(balancer.said(&["ctl", "status"]).contains("warning: the certificate that was read before is used"));
    std::fs::write(&old.key, key).unwrap();
    balancer.line("reloaded: it is for a.test, b.test");
    balancer.line("the certificates are as they should be again");
    assert!(shown(balancer.port, "a.test") == der);
    assert!(!balancer.said(&["ctl", "status"]).contains("warning: "));
    assert_eq!(count(&balancer, "is not the key of the certificate"), 1);
    assert_eq!(kept.exchange(&request("GET", "/", &[])).status, 200, "the connection from before goes on");
}

#[test]
fn a_certificate_that_ends_soon_or_has_ended_is_shown_with_a_warning() {
    let dir = TempDir::new().unwrap();
    let (now, day) = (SystemTime::now(), Duration::from_hours(24));
    let soon = Files::with(dir.path(), "soon", &["soon.test"], |params| params.not_after = (now + 3 * day).into());
    let ended = Files::with(dir.path(), "ended", &["ended.test"], |params| params.not_after = (now - 2 * day).into());
    let early = Files::with(dir.path(), "early", &["early.test"], |params| params.not_before = (now + 2 * day).into());
    let (_backend, config) = config(&json!({"certificates": [soon.json(), ended.json(), early.json()]}));
    let balancer = config.start_without_health();
    let said = balancer.line("have it renewed");
    for part in [
        "soon.pem: the certificate ends on ",
        "ended.pem: the certificate expired on ",
        "early.pem: the certificate is not valid before ",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert!(shown(balancer.port, "ended.test") == ended.der);
}

#[test]
fn a_reload_with_a_bad_certificate_changes_nothing_and_says_why() {
    let dir = TempDir::new().unwrap();
    let good = Files::new(dir.path(), "good", &["a.test"]);
    let other = Files::new(dir.path(), "other", &["b.test"]);
    let (_backend, config) = config(&json!({"certificates": [good.json()]}));
    let balancer = config.start_without_health();
    let mixed = json!({"cert": other.cert, "key": good.key});
    balancer.rewrite(&config.clone().set("/tls", json!({"certificates": [mixed]})).set("/sticky", json!({"by": "ip"})));
    balancer.line("is not the key of the certificate");
    assert!(shown(balancer.port, "a.test") == good.der);
    assert_eq!(count(&balancer, "configuration reloaded"), 0);
    balancer.rewrite(&config.clone().set("/tls", json!({"certificates": [other.json()]})));
    let said = balancer.line("configuration reloaded");
    assert!(said.contains("speaks TLS as it says now"), "{said}");
    assert!(shown(balancer.port, "b.test") == other.der);
}

#[test]
fn tls_goes_on_and_off_with_the_file_on_the_same_port() {
    let backend = Backend::echoing();
    let config = Config::new(&[&backend]);
    let balancer = config.start();
    balancer.rewrite(&config.clone().tls());
    balancer.line(&format!("https://localhost:{0} in place of http://localhost:{0}", balancer.port));
    let mut client = balancer.tls_client();
    assert_eq!(client.exchange(&request("GET", "/", &[])).status, 200);
    balancer.rewrite(&config);
    balancer.line(&format!("http://localhost:{0} in place of https://localhost:{0}", balancer.port));
    assert_eq!(balancer.client().exchange(&request("GET", "/", &[])).status, 200);
    assert_eq!(client.exchange(&request("GET", "/", &[])).status, 200, "the connection from before goes on");
}

#[test]
fn a_name_that_the_authority_must_not_vouch_for_is_unrecognized() {
    let home = TempDir::new().unwrap();
    let (_backend, config) = config(&json!(true));
    let balancer = config.env("XDG_DATA_HOME", home.path().to_str().unwrap()).start_without_health();
    let trust = trusting(&home.path().join("stickylb-tui/ca/ca.pem"), &[&TLS13, &TLS12]);
    for name in
        ["localhost", "App.Localhost", "a.b.c.test", "my_app.internal", &format!("{0}.{0}.{0}.test", "a".repeat(60))]
    {
        asked(&trust, ("127.0.0.1", balancer.port), name).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    for name in ["example.com", "localhost.example.com", "notlocalhost"] {
        let error = asked(&trust, ("127.0.0.1", balancer.port), name).err().unwrap();
        assert_eq!(error, Error::AlertReceived(AlertDescription::UnrecognisedName), "{name}");
    }
}

#[test]
fn a_client_that_names_nothing_gets_the_address_that_it_connected_to() {
    let home = TempDir::new().unwrap();
    let (_backend, config) = config(&json!({"names": ["Further.Test."]}));
    let config = config.set("/host", json!("0.0.0.0")).env("XDG_DATA_HOME", home.path().to_str().unwrap());
    let balancer = config.start_without_health();
    let trust = trusting(&home.path().join("stickylb-tui/ca/ca.pem"), &[&TLS13]);
    // All of 127.0.0.0/8 is this machine's own on Linux; elsewhere it has the first alone.
    let addresses: &[&str] = if cfg!(target_os = "linux") { &["127.0.0.1", "127.9.8.7"] } else { &["127.0.0.1"] };
    for address in addresses {
        let tls = asked(&trust, (address, balancer.port), address).unwrap();
        let der = &tls.peer_certificates().unwrap()[0];
        assert!(memchr::memmem::find(der, b"further.test").is_some(), "{address}");
    }
}

#[test]
fn sessions_go_on_after_a_reload_and_a_restart_and_at_any_listener() {
    let home = TempDir::new().unwrap();
    let (_backend, config) = config(&json!(true));
    let config = config.env("XDG_DATA_HOME", home.path().to_str().unwrap());
    let balancer = config.start_without_health();
    for version in [&TLS13, &TLS12] {
        let trust = trusting(&home.path().join("stickylb-tui/ca/ca.pem"), &[version]);
        let kind = |port| asked(&trust, ("127.0.0.1", port), "app.localhost").unwrap().handshake_kind().unwrap();
        assert_eq!(kind(balancer.port), HandshakeKind::Full);
        assert_eq!(kind(balancer.port), HandshakeKind::Resumed);
        let before = count(&balancer, "configuration reloaded");
        balancer.ctl(&["reload"]);
        until_some("a reload", || (count(&balancer, "configuration reloaded") > before).then_some(()));
        assert_eq!(kind(balancer.port), HandshakeKind::Resumed, "after a reload");
        let another = config.start_without_health();
        assert_eq!(kind(another.port), HandshakeKind::Resumed, "after a start");
    }
}

#[test]
fn ticket_keys_that_cannot_be_kept_are_told_of_once_and_sessions_go_on() {
    let dir = TempDir::new().unwrap();
    let own = Files::new(dir.path(), "own", &["a.test"]);
    // A file in the place of the folder stops root too.
    std::fs::write(dir.path().join("taken"), "").unwrap();
    let (_backend, config) = config(&json!({"certificates": [own.json()]}));
    let config = config.env("XDG_DATA_HOME", dir.path().join("taken").to_str().unwrap());
    let balancer = config.start_without_health();
    balancer.line("TLS sessions do not outlive a restart");
    let client = anybody();
    let kind = || asked(&client, ("127.0.0.1", balancer.port), "a.test").unwrap().handshake_kind().unwrap();
    assert_eq!(kind(), HandshakeKind::Full);
    assert_eq!(kind(), HandshakeKind::Resumed);
    balancer.ctl(&["reload"]);
    assert_eq!(kind(), HandshakeKind::Resumed);
    assert_eq!(count(&balancer, "TLS sessions do not outlive a restart"), 1);
}

#[test]
fn an_authority_of_mkcert_with_an_rsa_key_signs_too() {
    let home = TempDir::new().unwrap();
    let (cert, key) = (home.path().join("rootCA.pem"), home.path().join("rootCA-key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:3072", "-nodes", "-days", "30", "-subj", "/O=mkcert development CA"])
        .args(["-addext", "basicConstraints=critical,CA:TRUE,pathlen:0", "-addext", "keyUsage=critical,keyCertSign"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&cert)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let (_backend, config) = config(&json!({"ca": "mkcert"}));
    let config = config.env("CAROOT", home.path().to_str().unwrap());
    let balancer = config.start_without_health();
    let trust = trusting(&cert, &[&TLS13, &TLS12]);
    for name in ["app.localhost", "example.com", "127.0.0.1"] {
        asked(&trust, ("127.0.0.1", balancer.port), name).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
