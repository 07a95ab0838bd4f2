//! The PROXY protocol, versions 1 and 2: a header at the start of a connection that names the client.
//!
//! Specified in "The PROXY protocol, Versions 1 & 2" (haproxy.org, doc/proxy-protocol.txt), sections 2.1 and 2.2.

mod read;
mod write;

pub(crate) use read::read;
pub(crate) use write::{announce, announce_own};

/// The start of every version 2 header (section 2.2).
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// Bytes before the addresses in version 2: signature, version and command, family and transport, length.
const FIXED: usize = 16;

/// Bytes of the addresses and ports of two IPv4 endpoints, and of two IPv6 endpoints.
const V4_LENGTH: usize = 12;

const V6_LENGTH: usize = 36;

/// Version 2 and the command LOCAL: the connection was made by the proxy itself, not for a client.
const LOCAL: u8 = 0x20;

/// Version 2 and the command PROXY.
const PROXY: u8 = 0x21;

/// Family and transport: IPv4 and IPv6 over a stream.
const TCP_V4: u8 = 0x11;

const TCP_V6: u8 = 0x21;

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, SocketAddr};

    use proptest::prelude::*;

    use super::read::parse;
    use super::*;
    use crate::config::ProxyProtocol;

    fn address() -> impl Strategy<Value = SocketAddr> {
        (any::<IpAddr>(), any::<u16>()).prop_map(|(ip, port)| SocketAddr::new(ip.to_canonical(), port))
    }

    proptest! {
        #[test]
        fn what_is_announced_is_read_back(v1: bool, from in address(), to in address(), tail: Vec<u8>) {
            let version = if v1 { ProxyProtocol::V1 } else { ProxyProtocol::V2 };
            let mut bytes = announce(version, from, to);
            let length = bytes.len();
            bytes.extend(tail);
            let (found, taken) = parse(&bytes).expect("a good header").expect("a whole one");
            prop_assert_eq!(taken, length);
            // Endpoints of different families are both written as IPv6, the IPv4 one in its mapped form.
            prop_assert_eq!(found.map(|a| (a.ip().to_canonical(), a.port())), Some((from.ip(), from.port())));
        }

        #[test]
        fn hostile_bytes_neither_panic_nor_are_asked_for_without_end(bytes: Vec<u8>, signed: bool, v1: bool) {
            let mut hostile = if signed { SIGNATURE.to_vec() } else if v1 { b"PROXY TCP4 ".to_vec() } else { Vec::new() };
            hostile.extend(&bytes);
            if let Ok(Some((_, taken))) = parse(&hostile) {
                prop_assert!(taken <= hostile.len());
            }
            hostile.resize(4096, b' ');
            prop_assert!(!matches!(parse(&hostile), Ok(None)), "more is waited for than a header can have");
        }

        #[test]
        fn a_header_is_not_known_before_its_last_byte(v1: bool, from in address(), to in address()) {
            let version = if v1 { ProxyProtocol::V1 } else { ProxyProtocol::V2 };
            let bytes = announce(version, from, to);
            for cut in 0..bytes.len() {
                prop_assert_eq!(parse(&bytes[..cut]), Ok(None));
            }
        }
    }

    #[test]
    fn the_headers_are_those_of_the_specification() {
        let (from, to) =
            ("192.0.2.1:5000".parse().expect("an address"), "198.51.100.2:80".parse().expect("an address"));
        assert_eq!(announce(ProxyProtocol::V1, from, to), b"PROXY TCP4 192.0.2.1 198.51.100.2 5000 80\r\n");
        let v2 = announce(ProxyProtocol::V2, from, to);
        assert_eq!(v2[..16], *b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c");
        assert_eq!(v2[16..], [192, 0, 2, 1, 198, 51, 100, 2, 0x13, 0x88, 0, 80]);
        let v6 = "[2001:db8::1]:1".parse().expect("an address");
        assert_eq!(announce(ProxyProtocol::V1, v6, v6), b"PROXY TCP6 2001:db8::1 2001:db8::1 1 1\r\n");
    }

    #[test]
    fn a_proxys_own_connection_has_no_client() {
        for version in [ProxyProtocol::V1, ProxyProtocol::V2] {
            let bytes = announce_own(version);
            assert_eq!(parse(&bytes), Ok(Some((None, bytes.len()))));
        }
        assert_eq!(parse(b"PROXY UNKNOWN ffff:: 1 2 3\r\n"), Ok(Some((None, 28))));
    }

    #[test]
    fn what_follows_the_addresses_of_version_2_is_passed_over_and_bounded() {
        let one = "192.0.2.1:5000".parse().expect("an address");
        let mut bytes = announce(ProxyProtocol::V2, one, one);
        bytes[15] += 5;
        bytes.extend(b"\x04\0\x02xx");
        assert_eq!(parse(&bytes), Ok(Some((Some(one), bytes.len()))));
        bytes[14] = 0xff;
        assert!(parse(&bytes).is_err());
    }

    #[test]
    fn near_misses_are_refused() {
        for bad in [
            &b"GET / HTTP/1.1\r\n"[..],
            b"PROXY\r\n",
            b"PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n",
            b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n",
            b"PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n",
            b"PROXY TCP4 ::1 ::1 1 2\r\n",
            b"PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n",
            b"PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n",
            b"PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n",
            b"PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n",
            b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n\n",
            b"proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
            b"\r\n\r\n\0\r\nQUIT\n\x11\x11\0\x0c............",
            b"\r\n\r\n\0\r\nQUIT\n\x22\x11\0\x0c............",
            b"\r\n\r\n\0\r\nQUIT\n\x21\x41\0\x0c............",
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0b...........",
            b"\r\n\r\n\0\r\nQUIT\r\x21\x11\0\x0c............",
        ] {
            assert!(parse(bad).is_err(), "{}", String::from_utf8_lossy(bad));
        }
    }
}
