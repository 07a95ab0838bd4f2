//! The PROXY protocol header at the beginning of a connection.
//!
//! The target checks that a header is read to its last byte and no further, however its bytes are split, and that a
//! header written by this program is read back with its meaning.

use futures_util::FutureExt as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use stickylb::config::ProxyProtocol;
use stickylb::fuzzing::{proxy_header, read_proxy_header};

use crate::pieces::{Connection, ways};

/// Tokens of the format.
pub const TOKENS: &[&str] = &[
    "PROXY TCP4 ",
    "PROXY TCP6 ",
    "PROXY UNKNOWN",
    "PROXY ",
    "\r\n\r\n\0\r\nQUIT\n",
    "\r\n",
    "\n",
    " ",
    "192.0.2.1",
    "255.255.255.255",
    "0.0.0.0",
    "::ffff:192.0.2.1",
    "2001:db8::1",
    "::",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "\x20\0\0\0",
    "\x21\x11\0\x0c",
    "\x21\x21\0\x24",
    "GET / HTTP/1.1\r\n\r\n",
];

/// The longest header, in bytes.
const LONGEST: usize = 2048;

/// The client that a header names, and the header's length.
fn read<'b>(pieces: impl IntoIterator<Item = &'b [u8]>, length: usize) -> Result<(Option<SocketAddr>, usize), String> {
    let mut connection = Connection::new(pieces);
    let client = read_proxy_header(&mut connection).now_or_never().expect("these bytes are there at once")?;
    Ok((client, length - connection.left()))
}

/// Two addresses made from the data.
fn ends(data: &[u8]) -> Option<(SocketAddr, SocketAddr)> {
    let bytes: &[u8; 37] = data.first_chunk()?;
    let [kind, ..] = *bytes;
    let address = |bytes: &[u8], narrow: bool| {
        let octets: [u8; 16] = *bytes.first_chunk().unwrap_or(&[0; 16]);
        let [a, b, c, d, ..] = octets;
        let ip = if narrow { IpAddr::from(Ipv4Addr::new(a, b, c, d)) } else { IpAddr::from(Ipv6Addr::from(octets)) };
        SocketAddr::new(ip, u16::from_be_bytes([bytes[16], bytes[17]]))
    };
    Some((address(&bytes[1..], kind & 1 == 0), address(&bytes[19..], kind & 2 == 0)))
}

fn is_read_back(from: SocketAddr, to: SocketAddr, tail: &[u8]) {
    for version in [ProxyProtocol::V1, ProxyProtocol::V2] {
        let header = proxy_header(version, Some((from, to)));
        let bytes = [&header, tail].concat();
        let client = SocketAddr::new(from.ip().to_canonical(), from.port());
        assert_eq!(
            read([bytes.as_slice()], bytes.len()),
            Ok((Some(client), header.len())),
            "{}",
            header.escape_ascii()
        );
    }
}

/// Whether a version 1 header that names a client has the one canonical form, which every other reader understands the
/// same way (section 2.1).
fn is_plain(header: &[u8], client: SocketAddr) -> bool {
    let words: Vec<&str> = std::str::from_utf8(header).map_or_else(|_| Vec::new(), |line| line.split(' ').collect());
    let ["PROXY", "TCP4" | "TCP6", from, _, port, to_port] = words.as_slice() else { return false };
    let to_port =
        to_port.strip_suffix("\r\n").and_then(|port| port.parse::<u16>().ok().filter(|n| n.to_string() == port));
    let from = from.parse::<IpAddr>().map(|ip| ip.to_canonical());
    from == Ok(client.ip()) && *port == client.port().to_string() && to_port.is_some()
}

/// Bytes with which a connection begins.
pub fn target(data: &[u8]) {
    let found = read([data], data.len());
    for pieces in ways(data) {
        assert_eq!(read(pieces, data.len()), found, "in pieces it is something else");
    }
    if let Ok((client, length)) = found {
        assert!(length <= LONGEST, "a header of {length} bytes");
        assert_eq!(read([&data[..length]], length), Ok((client, length)), "it depends on what follows");
        let short = length - 1;
        assert!(read([&data[..short]], short).is_err(), "it is known before its last byte");
        if let Some(client) = client {
            assert!(!data.starts_with(b"P") || is_plain(&data[..length], client), "others would read it differently");
            is_read_back(client, client, &data[length..]);
        }
    }
    if let Some((from, to)) = ends(data) {
        is_read_back(from, to, data);
    }
    for version in [ProxyProtocol::V1, ProxyProtocol::V2] {
        let own = proxy_header(version, None);
        let bytes = [&own, data].concat();
        assert_eq!(read([bytes.as_slice()], bytes.len()), Ok((None, own.len())), "a connection of its own");
    }
}
