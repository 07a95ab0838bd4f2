//! `Strict-Transport-Security` (RFC 6797) of a backend, which is not for names that many servers share.
//!
//! A browser that is told so under `localhost` asks every server of this machine by https from then on, whatever its port. A
//! backend in production mode tells it as soon as it hears that its client came by https.

use std::net::IpAddr;
use std::sync::atomic::Ordering::Relaxed;

use super::request::Request;
use crate::api::Level;
use crate::balancer::Backend;
use crate::config::{bare_host, is_vouched, is_vouched_address, without_brackets};
use crate::proxy::connection::Client;
use crate::proxy::host::{is_local_host, without_port};

/// Whether the field is kept from this request's client; the log says so once for each backend. Without https browsers ignore it.
pub(super) fn is_dropped(request: &Request, client: &Client<'_>, backend: &Backend) -> bool {
    let Some(host) = request.host() else { return false };
    let (scheme, authority) = client.peer.origin(&request.head, host);
    let is_dropped = scheme == "https" && is_shared(&authority);
    if is_dropped && !backend.says_hsts.swap(true, Relaxed) {
        let text = format!(
            "{} sends Strict-Transport-Security, which is not passed on for local names: browsers would ask every port of the \
             name by https",
            backend.name()
        );
        client.proxy.shared.telemetry.notice(Level::Info, text);
    }
    is_dropped
}

/// Whether a `Host` names a machine in a way that others use for other servers: of this machine, or of a private network.
fn is_shared(host: &[u8]) -> bool {
    if is_local_host(host) {
        return true;
    }
    let Ok(host) = std::str::from_utf8(host) else { return false };
    let host = without_brackets(without_port(host));
    if let Ok(ip) = host.parse::<IpAddr>() {
        let ip = ip.to_canonical();
        return ip.is_unspecified() || is_vouched_address(ip);
    }
    let name = bare_host(host).to_ascii_lowercase();
    // A name without a dot is one of the local network.
    !name.contains('.') || is_vouched(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_belong_to_one_owner_are_left_to_their_backends() {
        for shared in [
            "localhost:3001",
            "app.localhost",
            "LOCALHOST.",
            "shop.test:1",
            "printer.local",
            "a.b.internal.",
            "Shop.TEST",
            "127.0.0.1:3001",
            "10.1.2.3",
            "192.168.1.5:443",
            "172.16.0.1",
            "[::1]:3001",
            "[fd00::1]",
            "0.0.0.0:1",
            "intranet",
        ] {
            assert!(is_shared(shared.as_bytes()), "{shared}");
        }
        for own in
            ["example.com", "localhost.example.com", "test.example", "8.8.8.8:443", "[2001:db8::1]", "notlocal.dev"]
        {
            assert!(!is_shared(own.as_bytes()), "{own}");
        }
    }
}
