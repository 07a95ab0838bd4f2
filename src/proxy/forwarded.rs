//! Who the client is, and what backends are told of it: `X-Forwarded-*`, `X-Real-IP` and `Forwarded` (RFC 7239).
//!
//! Anyone can write these fields. They are believed, and added to, only where the connection comes from one of
//! `trustedProxies`; from all others they are replaced.

use std::net::IpAddr;

use http::header::{FORWARDED, HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
const HTTP: HeaderValue = HeaderValue::from_static("http");

/// The peer of a connection, with the values that tell backends of it, made once.
pub(super) struct Peer {
    ip: IpAddr,
    trusted: bool,
    ip_value: HeaderValue,
    forwarded_value: HeaderValue,
}

impl Peer {
    pub(super) fn new(ip: IpAddr, trusted_proxies: &[IpNet]) -> Self {
        let ip = ip.to_canonical();
        let node = match ip {
            IpAddr::V4(v4) => format!("for={v4};proto=http"),
            IpAddr::V6(v6) => format!("for=\"[{v6}]\";proto=http"),
        };
        let value = |text: String| {
            HeaderValue::try_from(text).expect("an IP address is hexadecimal digits, dots, colons and brackets")
        };
        let trusted = is_among(ip, trusted_proxies);
        Peer { ip, trusted, ip_value: value(ip.to_string()), forwarded_value: value(node) }
    }

    /// Whether it speaks for many clients.
    pub(super) fn is_trusted(&self) -> bool {
        self.trusted
    }

    /// The client of a request: the peer, or the right-most hop that a trusted peer names and that is not trusted itself.
    pub(super) fn client(&self, headers: &HeaderMap, trusted_proxies: &[IpNet]) -> IpAddr {
        if !self.trusted {
            return self.ip;
        }
        let lines: Vec<&HeaderValue> = headers.get_all(X_FORWARDED_FOR).iter().collect();
        let hops = lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|b| *b == b','));
        let mut client = self.ip;
        for hop in hops {
            // What is no address ends the chain: nothing left of it was written by someone trusted.
            let Some(ip) = std::str::from_utf8(hop).ok().and_then(|hop| address_of(hop.trim())) else { break };
            client = ip;
            if !is_among(ip, trusted_proxies) {
                break;
            }
        }
        client
    }

    /// Tells the backend of the client.
    pub(super) fn announce(&self, headers: &mut HeaderMap, client: IpAddr, host: Option<&HeaderValue>) {
        if self.trusted {
            headers.append(X_FORWARDED_FOR, self.ip_value.clone());
            headers.append(FORWARDED, self.forwarded_value.clone());
            headers.entry(X_FORWARDED_PROTO).or_insert(HTTP);
            if let (Some(host), http::header::Entry::Vacant(vacant)) = (host, headers.entry(X_FORWARDED_HOST)) {
                vacant.insert(host.clone());
            }
            // An address is always a good value.
            if let Ok(value) = HeaderValue::try_from(client.to_string()) {
                headers.insert(X_REAL_IP, value);
            }
            return;
        }
        headers.insert(X_FORWARDED_FOR, self.ip_value.clone());
        headers.insert(X_REAL_IP, self.ip_value.clone());
        headers.insert(X_FORWARDED_PROTO, HTTP);
        match host {
            Some(host) => headers.insert(X_FORWARDED_HOST, host.clone()),
            None => headers.remove(X_FORWARDED_HOST),
        };
        headers.insert(FORWARDED, self.forwarded_value.clone());
    }
}

/// An address as proxies write it: bare, or with a port, IPv6 perhaps in brackets.
fn address_of(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(hop, |(v6, _)| v6);
    let without_port = || bare.rsplit_once(':').and_then(|(ip, _)| ip.parse().ok());
    bare.parse::<IpAddr>().ok().or_else(without_port).map(|ip| ip.to_canonical())
}

pub(super) fn is_among(ip: IpAddr, networks: &[IpNet]) -> bool {
    networks.iter().any(|network| network.contains(&ip))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, lines: &[&str]) -> String {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().expect("a network"), "::1/128".parse().expect("a network")];
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_bytes(line.as_bytes()).expect("a value"));
        }
        let peer = Peer::new(peer.parse().expect("an address"), &trusted);
        peer.client(&headers, &trusted).to_string()
    }

    #[test]
    fn an_untrusted_peer_is_the_client_whatever_it_says() {
        assert_eq!(client("192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
    }

    #[test]
    fn the_client_is_the_right_most_untrusted_hop() {
        assert_eq!(client("10.0.0.1", &["6.6.6.6, 203.0.113.9, 10.2.3.4"]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &["6.6.6.6", "203.0.113.9:1234", "10.2.3.4"]), "203.0.113.9");
        assert_eq!(client("::1", &["[2001:db8::7]:80"]), "2001:db8::7");
        assert_eq!(client("10.0.0.1", &["10.9.9.9"]), "10.9.9.9");
    }

    #[test]
    fn garbage_ends_the_chain_and_crashes_nothing() {
        for garbage in ["", ",,,", "unknown", "_hidden", "1.2.3", "\u{fffd}", "[::1", "]", ":", "a:b:c"] {
            assert_eq!(client("10.0.0.1", &[garbage]), "10.0.0.1", "{garbage}");
            assert_eq!(client("10.0.0.1", &[&format!("6.6.6.6, {garbage}, 10.1.1.1")]), "10.1.1.1", "{garbage}");
        }
    }
}
