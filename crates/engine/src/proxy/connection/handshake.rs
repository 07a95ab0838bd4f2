//! The first bytes on a port for TLS, and the handshake where they are one's beginning; what went wrong, in plain words.

use std::io;
use std::io::ErrorKind;
use tokio_rustls::rustls::{AlertDescription, Error, PeerIncompatible};

use super::accepted::Accepted;
use crate::proxy::io::{ClientStream, TlsStream};
use crate::tls::{RefusedName, Termination};

/// The first byte of a TLS record that holds a handshake (RFC 8446 5.1).
const HANDSHAKE: u8 = 0x16;

/// Where the version of a ClientHello stands: behind the record's header, its type and its length (RFC 8446 4.1.2).
const VERSION_AT: usize = 9;

/// What a client says first on a port for TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FirstBytes {
    /// It begins a handshake, with this version where that has come.
    Handshake(Option<[u8; 2]>),
    /// Something else than TLS.
    Plain,
    /// Nothing: it has closed.
    Nothing,
}

/// Waits for a client's first bytes, which stay unread.
pub(crate) async fn first_bytes(stream: &mut ClientStream) -> FirstBytes {
    let mut bytes = [0; VERSION_AT + 2];
    match stream.socket_mut().peek(&mut bytes).await {
        Ok(0) | Err(_) => FirstBytes::Nothing,
        Ok(there) if bytes[0] == HANDSHAKE => {
            let version = [bytes[VERSION_AT], bytes[VERSION_AT + 1]];
            FirstBytes::Handshake((there == bytes.len()).then_some(version))
        }
        Ok(_) => FirstBytes::Plain,
    }
}

/// The client once hands are shaken; why they were not.
pub(crate) async fn handshake(
    accepted: Accepted,
    tls: &Termination,
    version: Option<[u8; 2]>,
) -> Result<Accepted, String> {
    let ClientStream::Plain(socket) = accepted.stream else { return Ok(accepted) };
    let local = socket.local_addr().unwrap_or(accepted.listener.address).ip();
    match TlsStream::accept(socket, tls.settings(local)).await {
        Ok(shaken) => Ok(Accepted { stream: ClientStream::Tls(Box::new(shaken)), ..accepted }),
        Err(error) => Err(why(&error, version)),
    }
}

/// Why hands were not shaken.
fn why(error: &io::Error, version: Option<[u8; 2]>) -> String {
    if let Some(error) = error.get_ref().and_then(|error| error.downcast_ref::<Error>()) {
        return why_not(error, version);
    }
    if let Some(refused) = error.get_ref().and_then(|error| error.downcast_ref::<RefusedName>()) {
        return refused.to_string();
    }
    match error.kind() {
        ErrorKind::UnexpectedEof => "the client closed the connection in the middle of the TLS handshake".to_owned(),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
            "the client reset the connection in the middle of the TLS handshake".to_owned()
        }
        _ => format!("the TLS handshake failed: {error}"),
    }
}

fn why_not(error: &Error, version: Option<[u8; 2]>) -> String {
    match error {
        Error::AlertReceived(alert) => why_alerted(*alert),
        // Whatever it lacks first.
        Error::PeerIncompatible(_) if matches!(version, Some([3, 0..=2])) => why_too_old(version),
        Error::PeerIncompatible(
            PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled
            | PeerIncompatible::SupportedVersionsExtensionRequired,
        ) => why_too_old(version),
        Error::PeerIncompatible(
            PeerIncompatible::NoCipherSuitesInCommon
            | PeerIncompatible::NoKxGroupsInCommon
            | PeerIncompatible::NoSignatureSchemesInCommon,
        ) => "the client offers no encryption that is still thought safe".to_owned(),
        Error::DecryptError => "what the client sent in the TLS handshake cannot be decrypted".to_owned(),
        Error::PeerMisbehaved(how) => format!("the client does not keep to the rules of TLS: {how:?}"),
        Error::NoApplicationProtocol => {
            "the client wants a protocol that is not spoken here, such as HTTP/2 alone (ALPN): let it offer http/1.1"
                .to_owned()
        }
        Error::InvalidMessage(_) | Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            "what the client sent is no TLS handshake, though it began like one".to_owned()
        }
        error => format!("the TLS handshake failed: {error}"),
    }
}

/// What a client means that ends a handshake with this alert (RFC 8446 6.2).
fn why_alerted(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::UnknownCA
        | AlertDescription::BadCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnsupportedCertificate => {
            "the client does not trust this certificate: run stickylb-tui trust".to_owned()
        }
        AlertDescription::CertificateExpired => {
            "the client finds this certificate expired: is its clock right?".to_owned()
        }
        AlertDescription::UserCanceled | AlertDescription::CloseNotify => {
            "the client gave up in the middle of the TLS handshake".to_owned()
        }
        AlertDescription::ProtocolVersion => "the client speaks no version of TLS that is spoken here".to_owned(),
        alert => format!("the client ended the TLS handshake with the alert {alert:?}"),
    }
}

fn why_too_old(version: Option<[u8; 2]>) -> String {
    match version {
        Some([3, 0]) => "SSL 3.0: too old, TLS 1.2 is the oldest".to_owned(),
        Some([3, minor @ 1..=2]) => format!("TLS 1.{}: too old, 1.2 is the oldest", minor - 1),
        Some([3, 3]) => "TLS 1.2: too old, 1.3 is the oldest (tls.minVersion)".to_owned(),
        _ => "an old version of TLS: 1.2 is the oldest".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_version_is_named() {
        assert_eq!(why_too_old(Some([3, 1])), "TLS 1.0: too old, 1.2 is the oldest");
        assert_eq!(why_too_old(Some([3, 2])), "TLS 1.1: too old, 1.2 is the oldest");
        assert_eq!(why_too_old(Some([3, 0])), "SSL 3.0: too old, TLS 1.2 is the oldest");
        assert!(why_too_old(Some([3, 3])).contains("tls.minVersion"));
        assert!(why_too_old(None).contains("1.2 is the oldest"));
    }
}
