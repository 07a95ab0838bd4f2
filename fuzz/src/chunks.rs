//! Chunked bodies.
//!
//! The target checks that a body means the same however its bytes are split, that a body accepted here ends at the same
//! byte with the same data for any other server, and that what is sent on has that data, chunked or not, also where it is
//! framed anew from its middle on.

use stickylb_http1::{BodyReader, BodyWriter, Framing, HeadLimits, Piece, ReadBuffer, RequestHead};

use crate::pieces::ways;

/// Tokens of the format.
pub const TOKENS: &[&str] = &[
    "\r\n",
    "\n",
    "\r",
    "0\r\n\r\n",
    "0\r\n",
    "5\r\nhello\r\n",
    "1;a=b\r\nx\r\n",
    "1;a=\"b;c\"\r\nx\r\n",
    "1  \r\nx\r\n",
    "0;last\r\n",
    "X-Sum: 1\r\n",
    "Host: evil\r\n",
    "Content-Length: 5\r\n",
    "Transfer-Encoding: chunked\r\n",
    "x-hop: 1\r\n",
    " folded\r\n",
    "7fffffffffffffff",
    "8000000000000000",
    "10000000000000005",
    "GET / HTTP/1.1\r\n\r\n",
    ";",
    "\t",
];

/// Trailer fields that must not be passed on; the last one because `Connection` names it.
const NEVER: [&str; 4] = ["host:", "content-length:", "transfer-encoding:", "x-hop:"];

/// The result of relaying a body.
#[derive(Debug, PartialEq)]
struct Relayed {
    used: usize,
    out: Vec<u8>,
    data: u64,
    end: End,
}

#[derive(Debug, PartialEq)]
enum End {
    Whole,
    Missing,
    Malformed(String),
}

/// Relays a chunked body in these pieces to a connection that wants it framed like this.
fn relay<'b>(mut body: BodyReader, into: Framing, pieces: impl IntoIterator<Item = &'b [u8]>) -> Relayed {
    let (mut out, mut used, mut spill) = (Vec::new(), 0, Vec::new());
    let mut writer = BodyWriter::new(into);
    for piece in pieces {
        let relayed = body.read(piece, &mut spill);
        assert!(relayed.used <= piece.len(), "more than came");
        used += relayed.used;
        writer.append(relayed.pieces, &mut out);
        if let Some(bad) = relayed.bad {
            assert_eq!(body.read(b"0\r\n\r\n", &mut spill).used, 0, "it goes on after {bad}");
            // A malformed body has no length: how much of it was read depends on the pieces.
            return Relayed { used: 0, out, data: body.data(), end: End::Malformed(bad.to_string()) };
        }
        assert!(relayed.used == piece.len() || body.is_done(), "something is left over");
    }
    let data = body.data();
    let end = if body.is_done() { End::Whole } else { End::Missing };
    match (body.end(), &end) {
        (Ok(rest), End::Whole) => assert_eq!(rest.into_iter().next(), None, "something after the end"),
        (Err(_), End::Missing) => {}
        (ended, _) => panic!("{end:?}, and then {ended:?}"),
    }
    Relayed { used, out, data, end }
}

/// Data and length of a whole body, parsed independently by the grammar (RFC 9112 7.1), with all bytes at hand.
fn by_hand(body: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut data = Vec::new();
    let mut rest = body;
    let line = |rest: &mut &'_ [u8]| -> Option<Vec<u8>> {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let line = rest[..end].to_vec();
        *rest = &rest[end + 2..];
        // Some servers take a CR or LF alone for a line end.
        (!line.iter().any(|byte| matches!(byte, b'\r' | b'\n'))).then_some(line)
    };
    loop {
        let head = line(&mut rest)?;
        let digits = head.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let (size, behind) = head.split_at(digits);
        let behind = behind.trim_ascii_start();
        if !matches!(behind, [] | [b';', ..]) {
            return None;
        }
        let size = std::str::from_utf8(size).ok().filter(|size| size.len() <= 16)?;
        let size = usize::try_from(i64::from_str_radix(size, 16).ok()?).ok()?;
        if size == 0 {
            break;
        }
        let (chunk, after) = rest.split_at_checked(size)?;
        data.extend_from_slice(chunk);
        rest = after.strip_prefix(b"\r\n")?;
    }
    loop {
        let field = line(&mut rest)?;
        if field.is_empty() {
            return Some((data, body.len() - rest.len()));
        }
        let name = field.iter().position(|byte| *byte == b':')?;
        if name == 0 || field[..name].iter().any(u8::is_ascii_whitespace) {
            return None;
        }
    }
}

/// A head whose `Connection` names a field.
fn head() -> RequestHead {
    let mut buffer = ReadBuffer::default();
    buffer.add(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: x-hop\r\n\r\n");
    buffer.head(&HeadLimits { bytes: 1024, fields: 8 }).ok().flatten().expect("it is a whole head")
}

/// Bytes that begin with a chunked body.
pub fn target(data: &[u8]) {
    let head = head();
    let body = || BodyReader::new(Framing::Chunked).behind(&head);
    let (chunks, bare) = (Framing::Chunked, Framing::Close);
    let (whole, plain) = (relay(body(), chunks, [data]), relay(body(), bare, [data]));
    for pieces in ways(data) {
        assert_eq!(relay(body(), chunks, pieces.iter().copied()), whole, "in pieces it is something else");
        assert_eq!(relay(body(), bare, pieces.iter().copied()), plain, "without chunks it is something else in pieces");
        if whole.end == End::Whole {
            let anew = relay(body(), bare, [again(body(), &pieces).as_slice()]);
            assert_eq!((&anew.out, &anew.end), (&plain.out, &End::Whole), "framed anew it is something else");
        }
    }
    assert_eq!((&plain.end, plain.data, plain.used), (&whole.end, whole.data, whole.used), "without chunks");
    assert_eq!(plain.out.len() as u64, plain.data, "the data that was counted");
    let by_hand = by_hand(data);
    if whole.end == End::Whole {
        assert_eq!(by_hand, Some((plain.out.clone(), whole.used)), "others would read it differently");
        let again = relay(body(), chunks, [whole.out.as_slice()]);
        assert_eq!(again.used, whole.out.len(), "sent on, it ends elsewhere");
        assert_eq!((&again.out, &again.end, again.data), (&whole.out, &End::Whole, whole.data), "sent on");
        assert_eq!(relay(body(), bare, [whole.out.as_slice()]).out, plain.out, "sent on, it has other data");
        let sent = String::from_utf8_lossy(&whole.out[..]).to_ascii_lowercase();
        let trailers = sent.rsplit_once("\r\n0\r\n").map_or(sent.as_str(), |(_, trailers)| trailers);
        assert!(!trailers.lines().any(|line| NEVER.iter().any(|never| line.starts_with(never))), "{trailers}");
    }
    if matches!(whole.end, End::Missing) {
        assert_eq!(by_hand, None, "its end was missed");
    }
    becomes_chunks(data);
}

/// What a second connection gets of a body whose first pieces are kept as data, and whose rest comes as it comes.
fn again(mut body: BodyReader, pieces: &[&[u8]]) -> Vec<u8> {
    let (mut out, mut spill) = (Vec::new(), Vec::new());
    let mut writer = BodyWriter::new(Framing::Chunked);
    for (n, piece) in pieces.iter().enumerate() {
        let came = body.read(piece, &mut spill).pieces;
        if n < pieces.len() / 2 {
            came.into_iter().for_each(|piece: Piece<'_>| writer.append_piece(piece, &mut out));
        } else {
            writer.append(came, &mut out);
        }
    }
    out
}

/// A body that ends with the connection reaches a client chunked, with its bytes unchanged.
fn becomes_chunks(data: &[u8]) {
    for pieces in ways(data) {
        let mut body = BodyReader::new(Framing::Close);
        let mut writer = BodyWriter::new(Framing::Chunked);
        let (mut sent, mut spill) = (Vec::new(), Vec::new());
        for piece in pieces {
            writer.append(body.read(piece, &mut spill).pieces, &mut sent);
        }
        writer.append(body.end().expect("the connection's end is its own"), &mut sent);
        let got = relay(BodyReader::new(Framing::Chunked), Framing::Close, [sent.as_slice()]);
        assert!(got.end == End::Whole && got.used == sent.len() && got.out == data, "{}", sent.escape_ascii());
    }
}
