//! A body's way from one side to the other, in place: what goes on is nearly always a part of what was read.

use std::ops::Range;

use super::chunked::{BadChunk, Chunked, Piece};
use super::framing::Framing;
use super::head::Head;
use super::line::Version;

/// Why a body does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum BadBody {
    #[error(transparent)]
    Chunk(#[from] BadChunk),
    #[error("it ends too early")]
    CutShort,
}

/// One body on its way.
#[derive(Debug)]
pub struct BodyRelay {
    from: From,
    into: Form,
    data: u64,
}

#[derive(Debug)]
enum From {
    Length(u64),
    Chunked(Chunked),
    Close,
    Ended,
}

/// What the other side gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    AsItCame,
    /// Chunks, made of what came without.
    Chunks,
    /// The data alone, out of chunks.
    Plain,
}

/// What became of the bytes that were read.
#[derive(Debug)]
pub struct Relayed<'b> {
    /// How many of them are the body's.
    pub used: usize,
    /// What goes on.
    pub out: &'b [u8],
    /// Nothing more goes on: the rest is no body.
    pub bad: Option<BadBody>,
}

impl BodyRelay {
    /// A body that goes on with the framing it has.
    pub fn new(framing: Framing) -> Self {
        let from = match framing {
            Framing::None => From::Ended,
            Framing::Length(length) => From::Length(length),
            Framing::Chunked => From::Chunked(Chunked::new(Vec::new())),
            Framing::Close => From::Close,
        };
        BodyRelay { from, into: Form::AsItCame, data: 0 }
    }

    /// A response's body on its way to a client of this version: only HTTP/1.1 knows chunks.
    pub fn to_client(framing: Framing, version: Version) -> Self {
        let into = match (framing, version) {
            (Framing::Chunked, Version::Http10) => Form::Plain,
            (Framing::Close, Version::Http11) => Form::Chunks,
            _ => Form::AsItCame,
        };
        BodyRelay { into, ..BodyRelay::new(framing) }
    }

    /// The body of this head's message: what its `Connection` names ends here in the trailers, too.
    pub fn behind<L>(self, head: &Head<L>) -> Self {
        match self.from {
            From::Chunked(_) => BodyRelay { from: From::Chunked(Chunked::new(head.ended_by_connection())), ..self },
            _ => self,
        }
    }

    /// Whether the body has ended.
    pub fn is_done(&self) -> bool {
        matches!(self.from, From::Ended)
    }

    /// Bytes that are still to come, where their number is known.
    pub fn left(&self) -> Option<u64> {
        match self.from {
            From::Length(left) => Some(left),
            From::Ended => Some(0),
            From::Chunked(_) | From::Close => None,
        }
    }

    /// Bytes of data so far, without the frame around them.
    pub fn data(&self) -> u64 {
        self.data
    }

    /// Passes on what was read. `spill` is used where what goes on is not one part of it.
    pub fn pass<'b>(&mut self, read: &'b [u8], spill: &'b mut Vec<u8>) -> Relayed<'b> {
        spill.clear();
        match &mut self.from {
            From::Ended => Relayed { used: 0, out: &[], bad: None },
            From::Length(left) => {
                let used = usize::try_from(*left).unwrap_or(usize::MAX).min(read.len());
                *left -= used as u64;
                self.data += used as u64;
                if *left == 0 {
                    self.from = From::Ended;
                }
                Relayed { used, out: &read[..used], bad: None }
            }
            From::Close => {
                self.data += read.len() as u64;
                if self.into == Form::AsItCame {
                    return Relayed { used: read.len(), out: read, bad: None };
                }
                if !read.is_empty() {
                    write_chunk(read, spill);
                }
                Relayed { used: read.len(), out: spill, bad: None }
            }
            From::Chunked(chunked) => {
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
                    self.from = From::Ended;
                }
                let out = gathered.finish();
                match result {
                    Ok(used) => Relayed { used, out, bad: None },
                    Err(bad) => Relayed { used: read.len(), out, bad: Some(bad.into()) },
                }
            }
        }
    }

    /// The side it comes from has ended; gives what then ends it on the other side.
    pub fn end(&mut self) -> Result<&'static [u8], BadBody> {
        match std::mem::replace(&mut self.from, From::Ended) {
            From::Close if self.into == Form::Chunks => Ok(b"0\r\n\r\n"),
            From::Close | From::Ended => Ok(b""),
            From::Length(_) | From::Chunked(_) => Err(BadBody::CutShort),
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

/// The parts that go on: while they follow each other, where they were read; else copied together.
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

    fn pass(passage: &mut BodyRelay, read: &[u8]) -> (usize, String, Option<BadBody>) {
        let mut spill = Vec::new();
        let passed = passage.pass(read, &mut spill);
        (passed.used, String::from_utf8_lossy(passed.out).into_owned(), passed.bad)
    }

    #[test]
    fn a_length_takes_what_is_its_own() {
        let mut passage = BodyRelay::new(Framing::Length(5));
        assert_eq!(pass(&mut passage, b"hel"), (3, "hel".into(), None));
        assert!(!passage.is_done());
        assert_eq!(pass(&mut passage, b"loGET"), (2, "lo".into(), None));
        assert!(passage.is_done() && passage.data() == 5);
        assert_eq!(BodyRelay::new(Framing::Length(5)).end(), Err(BadBody::CutShort));
    }

    #[test]
    fn a_body_that_ends_with_its_connection_becomes_chunks_for_http_1_1_alone() {
        let mut passage = BodyRelay::to_client(Framing::Close, Version::Http11);
        assert_eq!(pass(&mut passage, &[b'x'; 26]).1, format!("1a\r\n{}\r\n", "x".repeat(26)));
        assert_eq!(passage.end(), Ok(&b"0\r\n\r\n"[..]));
        let mut passage = BodyRelay::to_client(Framing::Close, Version::Http10);
        assert_eq!(pass(&mut passage, b"abc").1, "abc");
        assert_eq!(passage.end(), Ok(&b""[..]));
    }

    #[test]
    fn chunks_go_on_in_place_and_are_taken_apart_for_http_1_0() {
        let body = b"5\r\nhello\r\n3;x\r\nyou\r\n0\r\nX-Sum: 1\r\n\r\nnext";
        let mut passage = BodyRelay::to_client(Framing::Chunked, Version::Http11);
        let on = "5\r\nhello\r\n3\r\nyou\r\n0\r\nX-Sum: 1\r\n\r\n";
        assert_eq!(pass(&mut passage, body), (body.len() - 4, on.into(), None));
        assert!(passage.is_done() && passage.data() == 8);
        let mut passage = BodyRelay::to_client(Framing::Chunked, Version::Http10);
        assert_eq!(pass(&mut passage, body), (body.len() - 4, "helloyou".into(), None));
    }

    #[test]
    fn what_came_before_a_bad_chunk_goes_on() {
        let mut passage = BodyRelay::new(Framing::Chunked);
        let (_, out, bad) = pass(&mut passage, b"4\r\nsome\r\nxyz\r\n");
        assert_eq!((out.as_str(), bad), ("4\r\nsome\r\n", Some(BadBody::Chunk(BadChunk::Size))));
    }
}
