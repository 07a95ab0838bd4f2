//! Reads received headers, without reading past a header's last byte.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::{FIXED, LOCAL, PROXY, SIGNATURE, TCP_V4, TCP_V6, V4_LENGTH, V6_LENGTH};

/// Longest header of version 1 in bytes, including CR LF (section 2.1).
const V1_LONGEST: usize = 107;

/// Shortest header of version 1 in bytes: `PROXY UNKNOWN` and CR LF.
const V1_SHORTEST: usize = 15;

/// Longest accepted header of version 2 in bytes: leaves far more room for extensions (TLVs) than proxies use.
const V2_LONGEST: usize = 2048;

/// Why no header could be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HeaderError {
    #[error("the connection does not begin with a good PROXY protocol header: {0}")]
    Bad(&'static str),
    #[error("the connection ended before its PROXY protocol header did: {0}")]
    Lost(#[from] io::Error),
}

/// The client, if the header names one, and the header's length in bytes; `None` while it is incomplete.
type Parsed = Result<Option<(Option<SocketAddr>, usize)>, &'static str>;

/// Reads a header and no byte beyond it. Returns the client; `None` for a connection that the proxy made for itself.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<SocketAddr>, HeaderError> {
    let mut bytes = Vec::with_capacity(64);
    loop {
        let mut more = vec![0; missing(&bytes)];
        stream.read_exact(&mut more).await?;
        bytes.extend(more);
        if let Some((client, _)) = parse(&bytes).map_err(HeaderError::Bad)? {
            return Ok(client);
        }
    }
}

/// How many more bytes a header that begins with `bytes` has at least; at least 1.
fn missing(bytes: &[u8]) -> usize {
    if bytes.len() < SIGNATURE.len() {
        return SIGNATURE.len() - bytes.len();
    }
    if bytes.starts_with(&SIGNATURE) {
        let whole = if bytes.len() < FIXED { FIXED } else { FIXED + length_of(bytes) };
        return whole.saturating_sub(bytes.len()).max(1);
    }
    // The length of a version 1 header is unknown until its line end is read, so read byte by byte.
    V1_SHORTEST.saturating_sub(bytes.len()).max(1)
}

/// Parses a header, which may be incomplete.
pub(crate) fn parse(bytes: &[u8]) -> Parsed {
    let signed = bytes.len().min(SIGNATURE.len());
    if bytes[..signed] == SIGNATURE[..signed] {
        return version_2(bytes);
    }
    version_1(bytes)
}

fn length_of(bytes: &[u8]) -> usize {
    usize::from(u16::from_be_bytes([bytes[14], bytes[15]]))
}

fn version_2(bytes: &[u8]) -> Parsed {
    if bytes.len() < FIXED {
        return Ok(None);
    }
    let length = length_of(bytes);
    if FIXED + length > V2_LONGEST {
        return Err("it is longer than 2048 bytes");
    }
    let Some(body) = bytes[FIXED..].get(..length) else { return Ok(None) };
    let client = match (bytes[12], bytes[13]) {
        // LOCAL, or an unspecified family and transport.
        (LOCAL, _) | (PROXY, 0) => None,
        (PROXY, TCP_V4) => {
            let body: &[u8; V4_LENGTH] = body.first_chunk().ok_or("it is too short for its addresses")?;
            let [a, b, c, d, ..] = *body;
            Some(SocketAddr::new(Ipv4Addr::new(a, b, c, d).into(), u16::from_be_bytes([body[8], body[9]])))
        }
        (PROXY, TCP_V6) => {
            let body: &[u8; V6_LENGTH] = body.first_chunk().ok_or("it is too short for its addresses")?;
            let ip = body.first_chunk::<16>().map(|octets| Ipv6Addr::from(*octets)).ok_or("it has no address")?;
            Some(SocketAddr::new(IpAddr::from(ip).to_canonical(), u16::from_be_bytes([body[32], body[33]])))
        }
        (PROXY, _) => return Err("it is for another transport than TCP"),
        (version, _) if version >> 4 == 2 => return Err("its command is not known"),
        _ => return Err("its version is not known"),
    };
    Ok(Some((client, FIXED + length)))
}

fn version_1(bytes: &[u8]) -> Parsed {
    const BEGINNING: &[u8] = b"PROXY ";
    let begun = bytes.len().min(BEGINNING.len());
    if bytes[..begun] != BEGINNING[..begun] {
        return Err("it begins with neither version's words");
    }
    let looked_at = &bytes[..bytes.len().min(V1_LONGEST)];
    let Some(end) = looked_at.iter().position(|byte| *byte == b'\n') else {
        return if bytes.len() < V1_LONGEST { Ok(None) } else { Err("its line is longer than 107 bytes") };
    };
    let line = bytes[..end].strip_suffix(b"\r").ok_or("its line does not end with CR LF")?;
    let line = std::str::from_utf8(line).map_err(|_| "its line is no text")?;
    let words: Vec<&str> = line.split(' ').collect();
    let client = match words.as_slice() {
        ["PROXY", "UNKNOWN", ..] => None,
        ["PROXY", family @ ("TCP4" | "TCP6"), from, to, from_port, to_port] => {
            let ip = |word: &str| match *family {
                "TCP4" => word.parse::<Ipv4Addr>().map(IpAddr::from).ok(),
                _ => word.parse::<Ipv6Addr>().map(IpAddr::from).ok(),
            };
            let from = ip(from).ok_or("its address is none of its family")?;
            ip(to).ok_or("its address is none of its family")?;
            port(to_port).ok_or("its port is none")?;
            Some(SocketAddr::new(from.to_canonical(), port(from_port).ok_or("its port is none")?))
        }
        _ => return Err("its words are not those of a header"),
    };
    Ok(Some((client, end + 1)))
}

/// Parses a port: decimal, without sign or leading zeroes (section 2.1).
fn port(word: &str) -> Option<u16> {
    let plain = word.bytes().all(|b| b.is_ascii_digit()) && (word == "0" || !word.starts_with('0'));
    word.parse().ok().filter(|_| plain)
}
