//! What passes of a body: data, trailers and the end, whatever framed them.

use super::chunk_place::Place;
use super::piece::Piece;

/// What came of a body at one time, in order.
///
/// Well-formed chunks are not taken apart before somebody asks for their data: a connection that wants chunks gets the bytes
/// that came.
#[derive(Clone, Copy, Debug)]
pub struct Pieces<'b> {
    pub(crate) bytes: &'b [u8],
    pub(crate) frame: Frame,
}

/// What the bytes of pieces are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Frame {
    /// Data; the body may end behind it.
    Data { ends: bool },
    /// Chunks without extensions, from this place in one to that, and the trailers behind the last; so many bytes are data.
    Chunks { from: Place, to: Place, data: u64 },
}

impl<'b> Pieces<'b> {
    /// Data, and the end of the body where it `ends` with it.
    pub fn data(bytes: &'b [u8], ends: bool) -> Self {
        Pieces { bytes, frame: Frame::Data { ends } }
    }

    /// Nothing.
    pub fn none() -> Self {
        Pieces::data(&[], false)
    }

    /// Bytes of data among them.
    pub fn data_len(&self) -> u64 {
        match self.frame {
            Frame::Data { .. } => self.bytes.len() as u64,
            Frame::Chunks { data, .. } => data,
        }
    }

    /// Whether the body ends with them.
    pub fn ends(&self) -> bool {
        match self.frame {
            Frame::Data { ends } => ends,
            Frame::Chunks { to, .. } => to.is_end(),
        }
    }
}

impl<'b> IntoIterator for Pieces<'b> {
    type Item = Piece<'b>;
    type IntoIter = EachPiece<'b>;

    #[inline]
    fn into_iter(self) -> EachPiece<'b> {
        EachPiece(self)
    }
}

/// Each piece of [`Pieces`].
#[derive(Debug)]
pub struct EachPiece<'b>(Pieces<'b>);

impl<'b> Iterator for EachPiece<'b> {
    type Item = Piece<'b>;

    #[inline]
    fn next(&mut self) -> Option<Piece<'b>> {
        let Pieces { bytes, frame } = &mut self.0;
        match frame {
            Frame::Data { .. } if !bytes.is_empty() => Some(Piece::Data(std::mem::take(bytes))),
            Frame::Data { ends } => std::mem::take(ends).then_some(Piece::End),
            Frame::Chunks { from, .. } => from.take_apart(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BodyReader, Framing};

    /// What comes of a chunked body that arrives in two parts.
    fn apart(body: &[u8], at: usize) -> (Vec<u8>, Vec<u8>, usize) {
        let (mut data, mut trailers, mut ends) = (Vec::new(), Vec::new(), 0);
        let mut reader = BodyReader::new(Framing::Chunked);
        for part in [&body[..at], &body[at..]] {
            for piece in reader.read(part, &mut Vec::new()).pieces {
                match piece {
                    Piece::Data(bytes) => data.extend_from_slice(bytes),
                    Piece::Trailers(fields) => {
                        trailers.extend_from_slice(fields);
                        ends += 1;
                    }
                    Piece::End => ends += 1,
                }
            }
        }
        (data, trailers, ends)
    }

    #[test]
    fn chunks_are_taken_apart_wherever_they_are_split() {
        let with_trailers = b"5\r\nhello\r\n6 ;x=y\r\n world\r\n0;z\r\nX-Sum: 1\r\nHost: evil\r\n\r\n";
        for at in 0..with_trailers.len() {
            let found = (b"hello world".to_vec(), b"X-Sum: 1\r\n\r\n".to_vec(), 1);
            assert_eq!(apart(with_trailers, at), found, "split at {at}");
        }
        for body in [&b"0B\t\r\nhello world\r\n000\r\n\r\n"[..], b"b;\r\nhello world\r\n0\r\nHost: evil\r\n\r\n"] {
            for at in 0..body.len() {
                assert_eq!(apart(body, at), (b"hello world".to_vec(), Vec::new(), 1), "split at {at}");
            }
        }
    }

    #[test]
    fn data_may_be_the_last() {
        let each = |bytes, ends| Pieces::data(bytes, ends).into_iter().collect::<Vec<_>>();
        assert_eq!(each(b"x", true), [Piece::Data(b"x"), Piece::End]);
        assert_eq!(each(b"x", false), [Piece::Data(b"x")]);
        assert_eq!(each(b"", true), [Piece::End]);
        assert_eq!(Pieces::none().into_iter().next(), None);
    }
}
