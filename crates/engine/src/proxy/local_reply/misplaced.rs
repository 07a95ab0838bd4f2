//! Plain HTTP on a port for TLS: it is sent to the same URL with https, and a WebSocket is told which URL is right.

use http::StatusCode;
use std::fmt::Write as _;
use std::net::SocketAddr;
use stickylb_http1::{FieldKind, tokens};

use super::pages::is_own_host;
use super::reply::{LocalReply, Reply};
use crate::proxy::connection::Client;
use crate::proxy::exchange::Request;
use crate::proxy::host::without_port;

/// The port that a URL with https need not name.
const HTTPS: u16 = 443;

/// Why the request goes no further, and its answer.
pub(crate) fn answer(client: &Client<'_>, request: &Request) -> (String, Reply) {
    let authority = authority(client, request);
    let [first, rest] = request.path();
    // The asterisk of OPTIONS is no path.
    let target = if first == b"*" { "/".to_owned() } else { format!("{}{}", printable(first), printable(rest)) };
    let upgrade = request.head.values(FieldKind::Upgrade).flat_map(tokens);
    if upgrade.into_iter().any(|protocol| protocol.eq_ignore_ascii_case(b"websocket")) {
        // No WebSocket client follows a redirect.
        let why = format!("a plain WebSocket, and this is a port for TLS: use wss://{authority}");
        let said = format!("This is a port for TLS: use wss://{authority}{target}");
        return (why, LocalReply::refused(StatusCode::BAD_REQUEST, &said).reply(request.wants_page()));
    }
    let url = format!("https://{authority}{target}");
    // 307 keeps the method and, unlike 301, is not remembered by browsers.
    let text = "text/plain; charset=utf-8";
    let mut reply = Reply::new(StatusCode::TEMPORARY_REDIRECT, text, format!("This is a port for TLS: see {url}\n"));
    reply.close = true;
    (format!("plain HTTP, and this is a port for TLS: sent to https://{authority}"), reply.with("location", url))
}

/// The host and port that the client is sent to: those it asked for where they are this machine's, with the port it came to
/// where it named none; else those of the listener.
fn authority(client: &Client<'_>, request: &Request) -> String {
    let local = client.local();
    let host = request.host().and_then(|host| std::str::from_utf8(host).ok());
    let Some(host) = host.filter(|host| is_ours(client, host)) else { return own(local) };
    let bare = without_port(host);
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    match host[bare.len()..].strip_prefix(':').filter(|port| is_port(port)) {
        Some(_) => host.to_owned(),
        None => with_port(bare, local.port()),
    }
}

/// Whether a client may be sent to this host, with its port or without: a name of this machine, one that the certificates are
/// for, or any where the user has certificates of their own, whose names are theirs to choose.
fn is_ours(client: &Client<'_>, host: &str) -> bool {
    let name = without_port(host);
    let listeners = client.config.listeners.iter().filter_map(|listener| listener.tls.as_ref());
    is_own_host(&client.proxy.shared, host.as_bytes())
        || listeners
            .into_iter()
            .any(|tls| !tls.certificates.is_empty() || tls.names.iter().any(|other| other.eq_ignore_ascii_case(name)))
}

/// Where the client came in.
fn own(local: SocketAddr) -> String {
    let ip = local.ip().to_canonical();
    let host = if ip.is_loopback() || ip.is_unspecified() {
        "localhost".to_owned()
    } else if ip.is_ipv6() {
        format!("[{ip}]")
    } else {
        ip.to_string()
    };
    with_port(&host, local.port())
}

fn with_port(host: &str, port: u16) -> String {
    if port == HTTPS { host.to_owned() } else { format!("{host}:{port}") }
}

/// A part of a target with what is no printable ASCII percent-encoded (RFC 3986 2.1).
fn printable(target: &[u8]) -> String {
    let mut out = String::with_capacity(target.len());
    for byte in target {
        match byte {
            b'!'..=b'~' => out.push(char::from(*byte)),
            byte => {
                // Writing to a string cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_printable_ascii_is_encoded() {
        assert_eq!(printable(b"/a%2F?b=c&d"), "/a%2F?b=c&d");
        assert_eq!(printable(b"/\xc3\xa4\r\nX: \0\x7f"), "/%C3%A4%0D%0AX:%20%00%7F");
    }

    #[test]
    fn a_client_without_a_host_is_sent_to_where_it_came_in() {
        for (local, wanted) in [
            ("127.0.0.1:3001", "localhost:3001"),
            ("[::1]:3001", "localhost:3001"),
            ("[::ffff:192.0.2.1]:3001", "192.0.2.1:3001"),
            ("[2001:db8::1]:3001", "[2001:db8::1]:3001"),
            ("192.0.2.1:443", "192.0.2.1"),
        ] {
            assert_eq!(own(local.parse().expect("an address")), wanted);
        }
    }
}
