//! Who the client is, and what backends are told of it: `X-Forwarded-*`, `X-Real-IP` and `Forwarded` (RFC 7239).
//!
//! Anyone can forge these fields. They are trusted, and appended to, only where the connection comes from one of
//! `trustedProxies`; from any other peer they are replaced. Whichever of them a proxy writes, a backend is told one story
//! (RFC 7239 7.4): what only one kind says is said in the other, and `X-Forwarded-*` wins where they disagree.

use ipnet::IpNet;
use std::cell::RefCell;
use std::net::IpAddr;
use std::sync::Arc;
use stickylb_http1::{FieldKind, RequestHead, decimal};

use super::forwarded_chain::{Chain, Element, address_of, node_of, write_host};
use crate::proxy::host::without_port;

/// The peer of a connection, with the forwarding fields for it, made once.
pub(crate) struct Peer {
    ip: IpAddr,
    trusted: bool,
    /// How it speaks with this balancer.
    scheme: ClientScheme,
    told: Arc<Told>,
}

/// How a client speaks with this balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientScheme {
    Http,
    /// Over TLS.
    Https,
}

impl ClientScheme {
    /// `https` where the connection is `secure`.
    pub(crate) fn of(secure: bool) -> Self {
        if secure { ClientScheme::Https } else { ClientScheme::Http }
    }

    /// As URLs name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            ClientScheme::Http => "http",
            ClientScheme::Https => "https",
        }
    }

    /// The end of `Forwarded`, and `X-Forwarded-Proto`.
    fn told(self) -> &'static [u8] {
        match self {
            ClientScheme::Http => b";proto=http\r\nx-forwarded-proto: http\r\n",
            ClientScheme::Https => b";proto=https\r\nx-forwarded-proto: https\r\n",
        }
    }
}

/// The forwarding fields for one address.
struct Told {
    ip: IpAddr,
    /// `X-Forwarded-For`, and the beginning of `Forwarded`.
    hop: String,
    /// `X-Real-IP`.
    real_ip: String,
}

impl Told {
    fn new(ip: IpAddr) -> Self {
        Told { ip, hop: format!("x-forwarded-for: {ip}\r\nforwarded: for={}", node_of(ip)), real_ip: real_ip(ip) }
    }

    /// Reuses the last ones where the address is the same: many connections of a worker come from one address.
    fn of(ip: IpAddr) -> Arc<Self> {
        thread_local! {
            static LAST: RefCell<Option<Arc<Told>>> = const { RefCell::new(None) };
        }
        LAST.with_borrow_mut(|last| {
            let told = last.take().filter(|told| told.ip == ip).unwrap_or_else(|| Arc::new(Told::new(ip)));
            Arc::clone(last.insert(told))
        })
    }
}

fn real_ip(ip: IpAddr) -> String {
    format!("x-real-ip: {ip}\r\n")
}

impl Peer {
    pub(crate) fn new(ip: IpAddr, scheme: ClientScheme, trusted_proxies: &[IpNet]) -> Self {
        let ip = ip.to_canonical();
        Peer { ip, trusted: is_among(ip, trusted_proxies), scheme, told: Told::of(ip) }
    }

    /// Whether it is a trusted proxy, which speaks for many clients.
    pub(crate) fn is_trusted(&self) -> bool {
        self.trusted
    }

    /// The client of a request: the peer, or the right-most hop that a trusted peer names and that is not trusted itself.
    pub(crate) fn client(&self, head: &RequestHead, trusted_proxies: &[IpNet]) -> IpAddr {
        if !self.trusted {
            return self.ip;
        }
        let named = head.values(FieldKind::XForwardedFor).rev().flat_map(|line| line.rsplit(|b| *b == b','));
        let nodes = if head.has(FieldKind::XForwardedFor) { Vec::new() } else { Chain::of_forwarded(head).addresses() };
        let hops = named.map(|hop| std::str::from_utf8(hop).ok().and_then(|hop| address_of(hop.trim())));
        let mut client = self.ip;
        for hop in hops.chain(nodes.into_iter().rev()) {
            // An invalid address ends the chain: nothing to the left of it was written by a trusted proxy.
            let Some(ip) = hop else { break };
            client = ip;
            if !is_among(ip, trusted_proxies) {
                break;
            }
        }
        client
    }

    /// Whether a field of the request is kept, as far as forwarding goes.
    pub(crate) fn keeps(&self, kind: FieldKind) -> bool {
        match kind {
            FieldKind::XForwardedOther => self.trusted,
            // Written anew, each on one line: many servers read one line alone. Spelled with underscores they only serve to
            // impersonate another client, or to end the message elsewhere.
            FieldKind::Forwarded
            | FieldKind::XForwardedFor
            | FieldKind::XForwardedHost
            | FieldKind::XForwardedProto
            | FieldKind::XRealIp
            | FieldKind::Underscored => false,
            _ => true,
        }
    }

    /// Writes the forwarding fields of a request from `client` for this host. `rewritten`: the backend is told another one.
    pub(crate) fn announce(
        &self,
        head: &RequestHead,
        client: IpAddr,
        host: Option<&[u8]>,
        rewritten: bool,
        out: &mut Vec<u8>,
    ) {
        if self.trusted && Chain::is_in(head) {
            let proto = Some(self.scheme.name().as_bytes());
            let own = Element { node: node_of(self.ip), host: host.filter(|_| rewritten), proto };
            Chain::of(head).write(self.ip, host, own, out);
        } else {
            out.extend_from_slice(self.told.hop.as_bytes());
            if let Some(host) = host.filter(|_| rewritten) {
                write_host(host, out);
            }
            out.extend_from_slice(self.scheme.told());
            if let Some(host) = host {
                for part in [b"x-forwarded-host: ", host, b"\r\n"] {
                    out.extend_from_slice(part);
                }
            }
        }
        if client == self.ip {
            out.extend_from_slice(self.told.real_ip.as_bytes());
        } else {
            out.extend_from_slice(real_ip(client).as_bytes());
        }
    }

    /// Scheme and authority by which the client reached the outermost trusted proxy, or this balancer.
    pub(crate) fn origin(&self, head: &RequestHead, host: &[u8]) -> (&'static str, Vec<u8>) {
        let chain = if self.trusted && Chain::is_in(head) { Chain::of(head) } else { Chain::default() };
        let scheme = chain.is_https().map_or(self.scheme, ClientScheme::of);
        let mut authority = chain.host().unwrap_or(host).to_vec();
        // Proxies that pass a host without its port tell the port apart.
        let port = head.named(b"x-forwarded-port").next().filter(|_| self.trusted).and_then(decimal);
        let usual = if scheme == ClientScheme::Https { 443 } else { 80 };
        if let Some(port) = port.filter(|port| *port != usual && *port < 65_536)
            && without_port(&String::from_utf8_lossy(&authority)).len() == authority.len()
        {
            authority.extend_from_slice(format!(":{port}").as_bytes());
        }
        (scheme.name(), authority)
    }
}

pub(crate) fn is_among(ip: IpAddr, networks: &[IpNet]) -> bool {
    networks.iter().any(|network| network.contains(&ip))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use stickylb_http1::{HeadLimits, ReadBuffer};

    fn client(peer: &str, lines: &[&str]) -> String {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().expect("a network"), "::1/128".parse().expect("a network")];
        let mut read_buffer = ReadBuffer::default();
        read_buffer.add(b"GET / HTTP/1.1\r\n");
        for line in lines {
            read_buffer.add(format!("X-Forwarded-For: {line}\r\n").as_bytes());
        }
        read_buffer.add(b"\r\n");
        let head =
            read_buffer.head(&HeadLimits { bytes: 4096, fields: 16 }).expect("a good head").expect("a whole head");
        let peer = Peer::new(peer.parse().expect("an address"), ClientScheme::Http, &trusted);
        peer.client(&head, &trusted).to_string()
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

    proptest! {
        #[test]
        fn hostile_chains_name_somebody_who_stands_in_them_or_nobody(
            lines in proptest::collection::vec("[ -~\u{80}-\u{2fff}]{0,60}|(([0-9]{1,3}[.]){3}[0-9]{1,3}[,: ]{1,2}){0,4}", 0..6),
        ) {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            prop_assert_eq!(client("192.0.2.1", &lines), "192.0.2.1");
            let found = client("10.0.0.1", &lines);
            let named = lines.iter().flat_map(|line| line.split(',')).filter_map(|hop| address_of(hop.trim()));
            prop_assert!(found == "10.0.0.1" || named.into_iter().any(|ip| ip.to_string() == found), "{}", found);
        }
    }
}
