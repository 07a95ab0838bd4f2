//! Builds headers to send.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::{FIXED, LOCAL, PROXY, SIGNATURE, TCP_V4, TCP_V6, V4_LENGTH, V6_LENGTH};
use crate::config::ProxyProtocol;

/// The header of a connection made for the client at `from`, which connected to `to`.
pub(crate) fn announce(version: ProxyProtocol, from: SocketAddr, to: SocketAddr) -> Vec<u8> {
    let ends = Ends::new(from, to);
    match version {
        ProxyProtocol::V1 => {
            let (family, from_ip, to_ip) = match ends {
                Ends::V4(from, to) => ("TCP4", from.to_string(), to.to_string()),
                Ends::V6(from, to) => ("TCP6", from.to_string(), to.to_string()),
            };
            format!("PROXY {family} {from_ip} {to_ip} {} {}\r\n", from.port(), to.port()).into_bytes()
        }
        ProxyProtocol::V2 => {
            let mut bytes = Vec::with_capacity(FIXED + V6_LENGTH);
            bytes.extend(SIGNATURE);
            match ends {
                Ends::V4(from, to) => {
                    bytes.extend([PROXY, TCP_V4, 0, narrow(V4_LENGTH)]);
                    bytes.extend(from.octets());
                    bytes.extend(to.octets());
                }
                Ends::V6(from, to) => {
                    bytes.extend([PROXY, TCP_V6, 0, narrow(V6_LENGTH)]);
                    bytes.extend(from.octets());
                    bytes.extend(to.octets());
                }
            }
            bytes.extend(from.port().to_be_bytes());
            bytes.extend(to.port().to_be_bytes());
            bytes
        }
    }
}

/// The header of a connection that the balancer makes for itself, such as for a health check.
pub(crate) fn announce_own(version: ProxyProtocol) -> Vec<u8> {
    match version {
        ProxyProtocol::V1 => b"PROXY UNKNOWN\r\n".to_vec(),
        ProxyProtocol::V2 => [&SIGNATURE[..], &[LOCAL, 0, 0, 0]].concat(),
    }
}

/// Two endpoints of the same family: of a mixed pair, the IPv4 address is mapped to IPv6 (RFC 4291 2.5.5.2).
enum Ends {
    V4(std::net::Ipv4Addr, std::net::Ipv4Addr),
    V6(Ipv6Addr, Ipv6Addr),
}

impl Ends {
    fn new(from: SocketAddr, to: SocketAddr) -> Self {
        let wide = |ip: IpAddr| match ip {
            IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            IpAddr::V6(v6) => v6,
        };
        match (from.ip().to_canonical(), to.ip().to_canonical()) {
            (IpAddr::V4(from), IpAddr::V4(to)) => Ends::V4(from, to),
            (from, to) => Ends::V6(wide(from), wide(to)),
        }
    }
}

/// A length as the low byte of the length field.
#[expect(clippy::cast_possible_truncation, reason = "12 and 36 are all there is")]
const fn narrow(length: usize) -> u8 {
    length as u8
}
