//! Relays a body from one side to the other, in place: what is written is nearly always a slice of what was read.

use std::ops::Range;

use super::chunked::{BadChunk, Chunked, Piece};
use super::framing::Framing;
use super::head::Head;
use super::line::{StartLine, Version};

/// Why a body cannot be relayed to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum BadBody {
    #[error(transparent)]
    Chunk(#[from] BadChunk),
    #[error("it ends too early")]
    CutShort,
}

/// One body being relayed.
#[derive(Debug)]
pub struct BodyRelay {
    source: Source,
    into: Form,
    data: u64,
}

/// How the end of the body is known, and how far it has come.
#[derive(Debug)]
enum Source {
    Length(u64),
    Chunked(Chunked),
    Close,
    Ended,
}

/// How the body is framed for the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    AsItCame,
    /// Made into chunks, because only the connection's end framed it.
    Chunks,
    /// The data alone, taken out of its chunks.
    Plain,
}

/// What became of the bytes that were read.
#[derive(Debug)]
pub struct Relayed<'b> {
    /// How many of them belong to the body.
    pub used: usize,
    /// What to write to the other side.
    pub out: &'b [u8],
    /// Set where the body is malformed: nothing more of it is relayed.
    pub bad: Option<BadBody>,
}

impl BodyRelay {
    /// A body that keeps its framing.
    pub fn new(framing: Framing) -> Self {
        let source = match framing {
            Framing::None => Source::Ended,
            Framing::Length(length) => Source::Length(length),
            Framing::Chunked => Source::Chunked(Chunked::new(Vec::new(), false)),
            Framing::Close => Source::Close,
        };
        BodyRelay { source, into: Form::AsItCame, data: 0 }
    }

    /// A response's body, framed for a client of this version: only HTTP/1.1 knows chunks.
    pub fn to_client(framing: Framing, version: Version) -> Self {
        let into = match (framing, version) {
            (Framing::Chunked, Version::Http10) => Form::Plain,
            (Framing::Close, Version::Http11) => Form::Chunks,
            _ => Form::AsItCame,
        };
        BodyRelay { into, ..BodyRelay::new(framing) }
    }

    /// The body that follows this head: trailer fields that its `Connection` names are dropped (RFC 9110 7.6.1).
    #[must_use]
    pub fn behind<L: StartLine>(self, head: &Head<L>) -> Self {
        match self.source {
            Source::Chunked(_) => {
                let chunked = Chunked::new(head.ended_by_connection(), L::REMOVES_BLANKS);
                BodyRelay { source: Source::Chunked(chunked), ..self }
            }
            _ => self,
        }
    }

    /// Whether the body has ended.
    pub fn is_done(&self) -> bool {
        matches!(self.source, Source::Ended)
    }

    /// Bytes that are still to come, where their number is known.
    pub fn left(&self) -> Option<u64> {
        match self.source {
            Source::Length(left) => Some(left),
            Source::Ended => Some(0),
            Source::Chunked(_) | Source::Close => None,
        }
    }

    /// Bytes of data so far, without the frame around them.
    pub fn data(&self) -> u64 {
        self.data
    }

    /// Relays what was read. `spill` holds what is to be written where that is not one slice of it.
    pub fn pass<'b>(&mut self, read: &'b [u8], spill: &'b mut Vec<u8>) -> Relayed<'b> {
        spill.clear();
        match &mut self.source {
            Source::Ended => Relayed { used: 0, out: &[], bad: None },
            Source::Length(left) => {
                let used = usize::try_from(*left).unwrap_or(usize::MAX).min(read.len());
                *left -= used as u64;
                self.data += used as u64;
                if *left == 0 {
                    self.source = Source::Ended;
                }
                Relayed { used, out: &read[..used], bad: None }
            }
            Source::Close => {
                self.data += read.len() as u64;
                if self.into == Form::AsItCame {
                    return Relayed { used: read.len(), out: read, bad: None };
                }
                if !read.is_empty() {
                    write_chunk(read, spill);
                }
                Relayed { used: read.len(), out: spill, bad: None }
            }
            Source::Chunked(chunked) => {
                let data = &mut self.data;
                let plain = self.into == Form::Plain;
                let mut gathered = Gathered { read, run: 0..0, spill };
                let result = chunked.read(read, |piece| match piece {
                    Piece::Data(bytes) => {
                        *data += bytes.len() as u64;
                        gathered.keep(bytes);
                    }
                    Piece::Frame(bytes) if !plain => gathered.keep(bytes),
                    Piece::Trailers(bytes) if !plain => gathered.write(bytes),
                    Piece::Frame(_) | Piece::Trailers(_) => {}
                });
                if chunked.is_done() || result.is_err() {
                    self.source = Source::Ended;
                }
                let out = gathered.finish();
                match result {
                    Ok(used) => Relayed { used, out, bad: None },
                    Err(bad) => Relayed { used: read.len(), out, bad: Some(bad.into()) },
                }
            }
        }
    }

    /// The sending side has closed; gives the bytes that end the body on the other side.
    pub fn end(&mut self) -> Result<&'static [u8], BadBody> {
        match std::mem::replace(&mut self.source, Source::Ended) {
            Source::Close if self.into == Form::Chunks => Ok(b"0\r\n\r\n"),
            Source::Close | Source::Ended => Ok(b""),
            Source::Length(_) | Source::Chunked(_) => Err(BadBody::CutShort),
        }
    }
}

fn write_chunk(data: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = (usize::BITS - data.len().leading_zeros()).div_ceil(4);
    out.extend((0..digits).rev().map(|digit| DIGITS[data.len() >> (digit * 4) & 0xf]));
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(data);
    out.extend_from_slice(b"\r\n");
}

/// The pieces to write: one slice of what was read while they follow each other, else copied into one buffer.
struct Gathered<'b> {
    read: &'b [u8],
    run: Range<usize>,
    spill: &'b mut Vec<u8>,
}

impl<'b> Gathered<'b> {
    /// A part of what was read.
    fn keep(&mut self, part: &[u8]) {
        let start = part.as_ptr() as usize - self.read.as_ptr() as usize;
        if self.run.end != start {
            self.spill();
            self.run = start..start;
        }
        self.run.end = start + part.len();
    }

    /// Bytes from elsewhere.
    fn write(&mut self, bytes: &[u8]) {
        self.spill();
        self.spill.extend_from_slice(bytes);
    }

    fn spill(&mut self) {
        self.spill.extend_from_slice(&self.read[self.run.clone()]);
        self.run = 0..0;
    }

    fn finish(mut self) -> &'b [u8] {
        if self.spill.is_empty() {
            return &self.read[self.run];
        }
        self.spill();
        self.spill
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(relay: &mut BodyRelay, read: &[u8]) -> (usize, String, Option<BadBody>) {
        let mut spill = Vec::new();
        let passed = relay.pass(read, &mut spill);
        (passed.used, String::from_utf8_lossy(passed.out).into_owned(), passed.bad)
    }

    #[test]
    fn a_length_takes_what_is_its_own() {
        let mut relay = BodyRelay::new(Framing::Length(5));
        assert_eq!(pass(&mut relay, b"hel"), (3, "hel".into(), None));
        assert!(!relay.is_done());
        assert_eq!(pass(&mut relay, b"loGET"), (2, "lo".into(), None));
        assert!(relay.is_done() && relay.data() == 5);
        assert_eq!(BodyRelay::new(Framing::Length(5)).end(), Err(BadBody::CutShort));
    }

    #[test]
    fn a_body_that_ends_with_its_connection_becomes_chunks_for_http_1_1_alone() {
        let mut relay = BodyRelay::to_client(Framing::Close, Version::Http11);
        assert_eq!(pass(&mut relay, &[b'x'; 26]).1, format!("1a\r\n{}\r\n", "x".repeat(26)));
        assert_eq!(relay.end(), Ok(&b"0\r\n\r\n"[..]));
        let mut relay = BodyRelay::to_client(Framing::Close, Version::Http10);
        assert_eq!(pass(&mut relay, b"abc").1, "abc");
        assert_eq!(relay.end(), Ok(&b""[..]));
    }

    #[test]
    fn chunks_go_on_in_place_and_are_taken_apart_for_http_1_0() {
        let body = b"5\r\nhello\r\n3;x\r\nyou\r\n0\r\nX-Sum: 1\r\n\r\nnext";
        let mut relay = BodyRelay::to_client(Framing::Chunked, Version::Http11);
        let on = "5\r\nhello\r\n3\r\nyou\r\n0\r\nX-Sum: 1\r\n\r\n";
        assert_eq!(pass(&mut relay, body), (body.len() - 4, on.into(), None));
        assert!(relay.is_done() && relay.data() == 8);
        let mut relay = BodyRelay::to_client(Framing::Chunked, Version::Http10);
        assert_eq!(pass(&mut relay, body), (body.len() - 4, "helloyou".into(), None));
    }

    #[test]
    fn what_came_before_a_bad_chunk_goes_on() {
        let mut relay = BodyRelay::new(Framing::Chunked);
        let (_, out, bad) = pass(&mut relay, b"4\r\nsome\r\nxyz\r\n");
        assert_eq!((out.as_str(), bad), ("4\r\nsome\r\n", Some(BadBody::Chunk(BadChunk::Size))));
    }
}
