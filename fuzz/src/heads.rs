//! Messages between the two ends of a connection: heads, and the bodies after them.
//!
//! The target checks that messages mean the same however their bytes are split, that what is sent on is read as what
//! came, and that a field counts exactly if it is present.

use stickylb_http1::{
    BodyReader, BodyWriter, Fate, FieldKind, Framing, HeadLimits, ReadBuffer, RequestHead, ResponseHead, Target,
    Version, is_host,
};

use crate::pieces::ways;

/// Tokens of the format.
pub const TOKENS: &[&str] = &[
    "\r\n",
    "\r\n\r\n",
    "\n",
    "\r",
    "GET / HTTP/1.1\r\n",
    "POST /a HTTP/1.0\r\n",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 100 \r\n",
    "Content-Length: 5\r\n",
    "content-length:0\r\n",
    "Transfer-Encoding: chunked\r\n",
    "transfer-encoding:\tchunked \r\n",
    "Connection: close, x-hop\r\n",
    "Content-Length",
    "Transfer-Encoding",
    "chunked",
    "identity",
    "Host: a\r\n",
    "http://a:80",
    "HTTP/1.1",
    "HTTP/1.0",
    "5\r\nhello\r\n",
    "0\r\n\r\n",
    " ",
    ": ",
    "\t",
];

const LIMITS: HeadLimits = HeadLimits { bytes: 2048, fields: 40 };

/// What is sent on may be slightly longer than what came: a bare LF gets a CR, and a colon gets a space.
const WIDER: HeadLimits = HeadLimits { bytes: 4096, fields: 40 };

/// One message, as it is sent on.
#[derive(Debug, PartialEq)]
struct Message {
    line: Vec<u8>,
    fields: Vec<u8>,
    framing: Option<Framing>,
    keeps: bool,
    body: Vec<u8>,
    is_whole: bool,
}

/// A request head or a response head.
trait Head: Sized {
    #[expect(clippy::option_option, reason = "refused, not whole yet, or a head")]
    fn find(buffer: &mut ReadBuffer, limits: &HeadLimits) -> Option<Option<Self>>;
    fn message(&self) -> Message;
    fn body(&self, framing: Framing) -> BodyReader;
    /// The body's framing, derived independently from the fields; `None` if they do not define it.
    fn framing_by_hand(&self, fields: &[u8]) -> Option<Framing>;
}

impl Head for RequestHead {
    fn find(buffer: &mut ReadBuffer, limits: &HeadLimits) -> Option<Option<Self>> {
        buffer.head(limits).ok()
    }

    fn message(&self) -> Message {
        check_target(self);
        let version: &[u8] = if self.line.version == Version::Http10 { b" HTTP/1.0\r\n" } else { b" HTTP/1.1\r\n" };
        let line = [self.method(), b" ", self.target(), version].concat();
        let mut fields = Vec::new();
        self.write_fields(&mut fields, |_, _, _| Fate::Keeps, |_, _, _, _| {});
        for (kind, name) in [(FieldKind::Host, "host"), (FieldKind::Connection, "connection")] {
            assert_eq!(self.has(kind), named(&fields, name).next().is_some(), "{kind:?}");
        }
        let framing = Framing::of_request(self).ok();
        Message { line, fields, framing, keeps: self.is_persistent(), body: Vec::new(), is_whole: false }
    }

    fn body(&self, framing: Framing) -> BodyReader {
        BodyReader::new(framing).behind(self)
    }

    fn framing_by_hand(&self, fields: &[u8]) -> Option<Framing> {
        let codings: Vec<_> = named(fields, "transfer-encoding").collect();
        let lengths: Vec<_> = named(fields, "content-length").collect();
        match (codings.as_slice(), lengths.as_slice()) {
            ([], []) => Some(Framing::None),
            ([], [length]) => length_by_hand(length),
            ([coding], []) if self.line.version == Version::Http11 => chunked_by_hand(coding),
            _ => None,
        }
    }
}

impl Head for ResponseHead {
    fn find(buffer: &mut ReadBuffer, limits: &HeadLimits) -> Option<Option<Self>> {
        buffer.head(limits).ok()
    }

    fn message(&self) -> Message {
        let version = if self.line.version == Version::Http10 { "HTTP/1.0" } else { "HTTP/1.1" };
        let line = [format!("{version} {} ", self.line.status).as_bytes(), self.reason(), b"\r\n"].concat();
        let mut fields = Vec::new();
        self.write_fields(&mut fields, |_, _, _| Fate::Keeps, |_, _, _, _| {});
        let framing = Framing::of_response(self, false).ok();
        Message { line, fields, framing, keeps: self.is_persistent(), body: Vec::new(), is_whole: false }
    }

    fn body(&self, framing: Framing) -> BodyReader {
        BodyReader::new(framing).behind(self)
    }

    fn framing_by_hand(&self, fields: &[u8]) -> Option<Framing> {
        let mut lengths = named(fields, "content-length");
        let length = match lengths.next() {
            Some(first) => {
                let length = length_by_hand(first)?;
                if lengths.any(|other| length_by_hand(other) != Some(length)) {
                    return None;
                }
                Some(length)
            }
            None => None,
        };
        if matches!(self.line.status, 100..=199 | 204 | 304) {
            return Some(Framing::None);
        }
        match named(fields, "transfer-encoding").collect::<Vec<_>>().as_slice() {
            [] => Some(length.unwrap_or(Framing::Close)),
            [coding] => chunked_by_hand(coding),
            _ => None,
        }
    }
}

fn chunked_by_hand(coding: &[u8]) -> Option<Framing> {
    coding.eq_ignore_ascii_case(b"chunked").then_some(Framing::Chunked)
}

fn length_by_hand(length: &[u8]) -> Option<Framing> {
    let digits = std::str::from_utf8(length).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    match digits.parse::<i64>().ok()?.unsigned_abs() {
        0 => Some(Framing::None),
        length => Some(Framing::Length(length)),
    }
}

/// The values of the fields with this name, in lines that all end in CR LF.
fn named<'f>(fields: &'f [u8], name: &'f str) -> impl Iterator<Item = &'f [u8]> {
    lines(fields).filter_map(move |line| {
        let (found, value) = line.split_at_checked(name.len())?;
        found.eq_ignore_ascii_case(name.as_bytes()).then_some(value)?.strip_prefix(b": ")
    })
}

fn lines(fields: &[u8]) -> impl Iterator<Item = &[u8]> {
    fields.split_inclusive(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r\n").unwrap_or(line))
}

fn check_target(head: &RequestHead) {
    let target = head.target();
    match Target::parse(target, head.line.target) {
        Ok(Target::Origin(all)) => assert!(head.bytes(all) == target && target.starts_with(b"/")),
        Ok(Target::Absolute { authority, path }) => {
            let (authority, path) = (head.bytes(authority), head.bytes(path));
            assert!(is_host(authority), "no host");
            assert!(matches!(path, [] | [b'/' | b'?', ..]), "no path");
            let scheme = target.strip_suffix([authority, path].concat().as_slice());
            assert!(scheme.is_some_and(|scheme| scheme.ends_with(b"://")), "parts are lost");
        }
        Ok(Target::Asterisk) => assert_eq!(target, b"*"),
        Ok(Target::Other) | Err(_) => {}
    }
}

/// All messages in these pieces, and whether what follows them is malformed.
fn messages<'b, H: Head>(pieces: impl IntoIterator<Item = &'b [u8]>, limits: &HeadLimits) -> (Vec<Message>, bool) {
    let (mut buffer, mut spill) = (ReadBuffer::default(), Vec::new());
    let mut found: Vec<Message> = Vec::new();
    let (mut body, mut writer) = (BodyReader::new(Framing::None), BodyWriter::new(Framing::None));
    for piece in pieces {
        buffer.add(piece);
        while !buffer.is_empty() {
            if let Some(message) = found.last_mut().filter(|message| !message.is_whole) {
                let mut bad = false;
                buffer.consume(|bytes| {
                    let relayed = body.read(bytes, &mut spill);
                    writer.append(relayed.pieces, &mut message.body);
                    bad = relayed.bad.is_some();
                    relayed.used
                });
                if bad {
                    return (found, true);
                }
                message.is_whole = body.is_done();
                continue;
            }
            let Some(head) = H::find(&mut buffer, limits) else { return (found, true) };
            let Some(head) = head else { break };
            let mut message = head.message();
            assert_eq!(message.framing, head.framing_by_hand(&message.fields), "{}", message.fields.escape_ascii());
            let Some(framing) = message.framing else {
                found.push(message);
                return (found, true);
            };
            (body, writer) = (head.body(framing), BodyWriter::new(framing));
            message.is_whole = body.is_done();
            found.push(message);
        }
    }
    (found, false)
}

/// The bytes that a backend or a client gets.
fn sent_on(messages: &[Message]) -> Vec<u8> {
    let mut sent = Vec::new();
    for message in messages {
        for line in lines(&message.line).chain(lines(&message.fields)) {
            let good = |byte: &u8| !matches!(byte, 0..=8 | 10..=31 | 127);
            assert!(!line.is_empty() && line.iter().all(good), "it ends the line or the head: {}", line.escape_ascii());
        }
        for part in [message.line.as_slice(), &message.fields, b"\r\n", &message.body] {
            sent.extend_from_slice(part);
        }
    }
    sent
}

fn check<H: Head>(data: &[u8]) {
    let (found, bad) = messages::<H>([data], &LIMITS);
    for pieces in ways(data) {
        let (found_in_pieces, bad_in_pieces) = messages::<H>(pieces, &LIMITS);
        assert_eq!(found_in_pieces, found, "in pieces it is something else");
        // In pieces, a malformed message may be noticed later, but must not appear where there is none in one piece.
        assert!(bad || !bad_in_pieces, "in pieces it is malformed");
    }
    let (again, _) = messages::<H>([sent_on(&found).as_slice()], &WIDER);
    assert_eq!(again, found, "sent on, it is something else");
}

/// Bytes that a client or a backend sends.
pub fn target(data: &[u8]) {
    check::<RequestHead>(data);
    check::<ResponseHead>(data);
}
