//! Frames a body for an HTTP/1 connection, in place where it came so framed.

use super::chunk_place::Place;
use super::framing::Framing;
use super::piece::Piece;
use super::pieces::{Frame, Pieces};

/// How one body is framed on a connection.
#[derive(Debug)]
pub struct BodyWriter(Form);

#[derive(Debug)]
enum Form {
    /// By its length or by the connection's end: the data alone.
    Data,
    /// In chunks. Where the receiver is in one: what was read from another place in a chunk is framed anew.
    Chunks(Place),
}

impl BodyWriter {
    /// A body whose head says this of its end.
    pub fn new(framing: Framing) -> Self {
        BodyWriter(match framing {
            Framing::Chunked => Form::Chunks(Place::BETWEEN),
            Framing::None | Framing::Length(_) | Framing::Close => Form::Data,
        })
    }

    /// What to write for these pieces; `spill` holds it where it is not what was read.
    pub fn write<'b>(&mut self, pieces: Pieces<'b>, spill: &'b mut Vec<u8>) -> &'b [u8] {
        if self.takes(&pieces) {
            return pieces.bytes;
        }
        spill.clear();
        self.frame(pieces, spill);
        spill
    }

    /// Appends what to write for these pieces.
    pub fn append(&mut self, pieces: Pieces<'_>, out: &mut Vec<u8>) {
        if self.takes(&pieces) {
            out.extend_from_slice(pieces.bytes);
        } else {
            self.frame(pieces, out);
        }
    }

    /// Whether pieces go on as the bytes they came as; the next are to follow these.
    fn takes(&mut self, pieces: &Pieces<'_>) -> bool {
        match (&mut self.0, pieces.frame) {
            (Form::Data, Frame::Data { .. }) => true,
            (Form::Chunks(at), Frame::Chunks { from, to, .. }) if *at == from => {
                *at = to;
                true
            }
            _ => false,
        }
    }

    fn frame(&mut self, pieces: Pieces<'_>, out: &mut Vec<u8>) {
        for piece in pieces {
            self.append_piece(piece, out);
        }
    }

    /// Appends what to write for one piece that came in no frame.
    pub fn append_piece(&mut self, piece: Piece<'_>, out: &mut Vec<u8>) {
        match (&self.0, piece) {
            (Form::Data, Piece::Data(data)) => out.extend_from_slice(data),
            (Form::Data, Piece::Trailers(_) | Piece::End) => {}
            (Form::Chunks(_), Piece::Data(data)) => write_chunk(data, out),
            (Form::Chunks(_), Piece::Trailers(fields)) => {
                out.extend_from_slice(b"0\r\n");
                out.extend_from_slice(fields);
            }
            (Form::Chunks(_), Piece::End) => out.extend_from_slice(b"0\r\n\r\n"),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::BodyReader;
    use crate::test_split::pieces;

    /// The data of a chunked body, and its trailers with the line that ends them.
    fn read(body: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let mut reader = BodyReader::new(Framing::Chunked);
        let mut spill = Vec::new();
        let came = reader.read(body, &mut spill);
        assert_eq!((came.used, came.bad), (body.len(), None), "{}", body.escape_ascii());
        let (mut data, mut trailers) = (Vec::new(), Vec::new());
        for piece in came.pieces {
            match piece {
                Piece::Data(bytes) => data.extend_from_slice(bytes),
                Piece::Trailers(fields) => trailers.extend_from_slice(fields),
                Piece::End => {}
            }
        }
        assert!(reader.is_done(), "{}", body.escape_ascii());
        (data, trailers)
    }

    #[test]
    fn a_body_that_ends_with_its_connection_becomes_chunks_where_those_are_wanted() {
        let mut writer = BodyWriter::new(Framing::Chunked);
        let mut spill = Vec::new();
        let chunk = format!("1a\r\n{}\r\n", "x".repeat(26));
        assert_eq!(writer.write(Pieces::data(&[b'x'; 26], false), &mut spill), chunk.as_bytes());
        assert_eq!(writer.write(Pieces::none(), &mut spill), b"");
        assert_eq!(writer.write(Pieces::data(b"", true), &mut spill), b"0\r\n\r\n");
        let mut writer = BodyWriter::new(Framing::Close);
        assert_eq!(writer.write(Pieces::data(b"abc", true), &mut spill), b"abc");
    }

    #[test]
    fn chunks_go_on_in_place_and_are_taken_apart_where_none_are_wanted() {
        let body = b"5\r\nhello\r\n3\r\nyou\r\n0\r\nX-Sum: 1\r\n\r\n";
        let (mut spill, mut out) = (Vec::new(), Vec::new());
        let mut reader = BodyReader::new(Framing::Chunked);
        let came = reader.read(&body[..24], &mut spill);
        let written = BodyWriter::new(Framing::Chunked).write(came.pieces, &mut out);
        assert_eq!(written.as_ptr(), body.as_ptr(), "it was copied");
        assert_eq!(written, &body[..21], "trailers wait for their end");
        let mut reader = BodyReader::new(Framing::Chunked);
        let came = reader.read(body, &mut spill);
        assert_eq!(BodyWriter::new(Framing::Close).write(came.pieces, &mut out), b"helloyou");
    }

    proptest! {
        /// What a second try does: some of the body is kept as data, and the rest comes as it comes.
        #[test]
        fn a_body_that_is_framed_anew_from_its_middle_on_is_the_same_body(
            kept in 0_usize..6,
            cuts in proptest::collection::vec(1_usize..9, 1..40),
            trailers in proptest::sample::select(vec!["", "X-Sum: 1\r\n", "Host: evil\r\n"]),
        ) {
            let body = format!("5;a=b\r\nhello\r\n11 \r\nand some more dat\r\n1\r\na\r\n0\r\n{trailers}\r\n");
            let mut reader = BodyReader::new(Framing::Chunked);
            let mut writer = BodyWriter::new(Framing::Chunked);
            let (mut data, mut end, mut out, mut spill) = (Vec::new(), None, Vec::new(), Vec::new());
            for (n, part) in pieces(body.as_bytes(), &cuts).into_iter().enumerate() {
                let came = reader.read(part, &mut spill);
                if n == kept {
                    writer.append(Pieces::data(&data, false), &mut out);
                }
                if n >= kept {
                    writer.append(came.pieces, &mut out);
                    continue;
                }
                for piece in came.pieces {
                    match piece {
                        Piece::Data(bytes) => data.extend_from_slice(bytes),
                        Piece::Trailers(fields) => end = Some(fields.to_vec()),
                        Piece::End => end = Some(Vec::new()),
                    }
                }
            }
            if out.is_empty() {
                writer.append(Pieces::data(&data, false), &mut out);
                let end = end.unwrap_or_default();
                writer.append_piece(if end.is_empty() { Piece::End } else { Piece::Trailers(&end) }, &mut out);
            }
            let sum = if trailers.starts_with('X') { &b"X-Sum: 1\r\n\r\n"[..] } else { b"" };
            prop_assert_eq!(read(&out), (b"helloand some more data".to_vec(), sum.to_vec()));
        }
    }
}
