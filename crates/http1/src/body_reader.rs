//! Reads a body off an HTTP/1 connection, in place: its pieces are nearly always a slice of what was read.

use std::ops::Range;

use super::chunk_place::BadChunk;
use super::chunked::{Chunked, Part};
use super::framing::Framing;
use super::head::Head;
use super::line::StartLine;
use super::pieces::{Frame, Pieces};

/// Why a body cannot be read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum BadBody {
    #[error(transparent)]
    Chunk(#[from] BadChunk),
    #[error("it ends too early")]
    CutShort,
}

/// One body being read.
#[derive(Debug)]
pub struct BodyReader {
    source: Source,
    data: u64,
}

/// How the end of the body is known, and how far it has come.
#[derive(Debug)]
enum Source {
    Length(u64),
    /// Boxed, because most bodies have a length, and a reader is made anew for each.
    Chunked(Box<Chunked>),
    Close,
    Ended,
}

/// What became of the bytes that were read.
#[derive(Debug)]
pub struct Came<'b> {
    /// How many of them belong to the body.
    pub used: usize,
    /// What they are of it.
    pub pieces: Pieces<'b>,
    /// Set where the body is malformed: nothing more of it is read.
    pub bad: Option<BadBody>,
}

impl BodyReader {
    /// A body of this framing.
    #[inline]
    pub fn new(framing: Framing) -> Self {
        let source = match framing {
            Framing::None => Source::Ended,
            Framing::Length(length) => Source::Length(length),
            Framing::Chunked => Source::Chunked(Box::new(Chunked::new(Vec::new(), false))),
            Framing::Close => Source::Close,
        };
        BodyReader { source, data: 0 }
    }

    /// The body that follows this head: trailer fields that its `Connection` names are dropped (RFC 9110 7.6.1).
    #[must_use]
    #[inline]
    pub fn behind<L: StartLine>(mut self, head: &Head<L>) -> Self {
        if let Source::Chunked(chunked) = &mut self.source {
            **chunked = Chunked::new(head.ended_by_connection(), L::REMOVES_BLANKS);
        }
        self
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

    /// Takes in what was read. `spill` holds the pieces where they are not one slice of it.
    pub fn read<'b>(&mut self, read: &'b [u8], spill: &'b mut Vec<u8>) -> Came<'b> {
        match &mut self.source {
            Source::Ended => Came { used: 0, pieces: Pieces::none(), bad: None },
            Source::Length(left) => {
                let used = usize::try_from(*left).unwrap_or(usize::MAX).min(read.len());
                *left -= used as u64;
                self.data += used as u64;
                let ends = *left == 0;
                if ends {
                    self.source = Source::Ended;
                }
                Came { used, pieces: Pieces::data(&read[..used], ends), bad: None }
            }
            Source::Close => {
                self.data += read.len() as u64;
                Came { used: read.len(), pieces: Pieces::data(read, false), bad: None }
            }
            Source::Chunked(chunked) => {
                spill.clear();
                let mut data = 0;
                let from = chunked.place();
                let mut gathered = Gathered { read, run: 0..0, spill };
                let result = chunked.read(read, |part| match part {
                    Part::Data(bytes) => {
                        data += bytes.len() as u64;
                        gathered.keep(bytes);
                    }
                    Part::Frame(bytes) => gathered.keep(bytes),
                    Part::Trailers(bytes) => gathered.write(bytes),
                });
                let to = chunked.place();
                if chunked.is_done() || result.is_err() {
                    self.source = Source::Ended;
                }
                self.data += data;
                let pieces = Pieces { bytes: gathered.finish(), frame: Frame::Chunks { from, to, data } };
                match result {
                    Ok(used) => Came { used, pieces, bad: None },
                    Err(bad) => Came { used: read.len(), pieces, bad: Some(bad.into()) },
                }
            }
        }
    }

    /// The sending side has closed; gives what that is of the body.
    pub fn end(&mut self) -> Result<Pieces<'static>, BadBody> {
        match std::mem::replace(&mut self.source, Source::Ended) {
            Source::Close => Ok(Pieces::data(&[], true)),
            Source::Ended => Ok(Pieces::none()),
            Source::Length(_) | Source::Chunked(_) => Err(BadBody::CutShort),
        }
    }
}

/// The parts that go on: one slice of what was read while they follow each other, else copied into one buffer.
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
    use crate::BodyWriter;

    /// How many bytes were used, and what an HTTP/1.1 connection gets in the same framing.
    fn pass(reader: &mut BodyReader, read: &[u8], framing: Framing) -> (usize, String, Option<BadBody>) {
        let (mut spill, mut out) = (Vec::new(), Vec::new());
        let came = reader.read(read, &mut spill);
        BodyWriter::new(framing).append(came.pieces, &mut out);
        (came.used, String::from_utf8_lossy(&out).into_owned(), came.bad)
    }

    #[test]
    fn a_length_takes_what_is_its_own() {
        let length = Framing::Length(5);
        let mut reader = BodyReader::new(length);
        assert_eq!(pass(&mut reader, b"hel", length), (3, "hel".into(), None));
        assert!(!reader.is_done());
        assert_eq!(pass(&mut reader, b"loGET", length), (2, "lo".into(), None));
        assert!(reader.is_done() && reader.data() == 5);
        assert_eq!(BodyReader::new(length).end().err(), Some(BadBody::CutShort));
    }

    #[test]
    fn chunks_go_on_without_extensions_and_what_follows_them_is_left() {
        let body = b"5\r\nhello\r\n3;x\r\nyou\r\n0\r\nX-Sum: 1\r\n\r\nnext";
        let mut reader = BodyReader::new(Framing::Chunked);
        let on = "5\r\nhello\r\n3\r\nyou\r\n0\r\nX-Sum: 1\r\n\r\n";
        assert_eq!(pass(&mut reader, body, Framing::Chunked), (body.len() - 4, on.into(), None));
        assert!(reader.is_done() && reader.data() == 8);
    }

    #[test]
    fn what_came_before_a_bad_chunk_goes_on() {
        let mut reader = BodyReader::new(Framing::Chunked);
        let (_, out, bad) = pass(&mut reader, b"4\r\nsome\r\nxyz\r\n", Framing::Chunked);
        assert_eq!((out.as_str(), bad), ("4\r\nsome\r\n", Some(BadBody::Chunk(BadChunk::Size))));
    }
}
