//! Chunked bodies (RFC 9112 7.1), validated strictly as they pass.
//!
//! A chunked body is relayed as it came, byte for byte and in place, less chunk extensions and forbidden trailer fields.

use memchr::memchr;

use super::chunk_place::{BadChunk, Expecting, Place};
use super::trailers::write_clean;

/// Most bytes of chunk extension, or padding, behind one chunk size.
const LINE_LIMIT: u32 = 16 * 1024;

/// Most bytes of extensions over a whole body beyond the allowance of its chunks: [`ALLOWANCE`] bytes each, and two for every
/// byte of data. A long body of signed or padded chunks passes; one that is mostly extensions does not.
const EXCESS_LIMIT: u64 = 16 * 1024;

const ALLOWANCE: u64 = 16;

/// Bytes of trailer fields.
const TRAILERS_LIMIT: usize = 16 * 1024;

/// One part of a chunked body, in order.
pub(crate) enum Part<'b> {
    /// Chunk sizes and line ends.
    Frame(&'b [u8]),
    Data(&'b [u8]),
    /// The trailer section without forbidden fields, with the empty line that ends it.
    Trailers(&'b [u8]),
}

/// The decoder of one chunked body.
#[derive(Debug)]
pub(crate) struct Chunked {
    place: Place,
    /// Bytes of extension in the current line.
    behind: u32,
    /// Bytes of extensions so far beyond the allowance.
    excess: u64,
    trailers: Vec<u8>,
    /// Names that its message's `Connection` lists.
    connection: Vec<u8>,
    /// Whether it is a response's body.
    of_response: bool,
}

impl Chunked {
    /// `connection` lists the trailer fields to drop beside those that are always dropped.
    pub(crate) fn new(connection: Vec<u8>, of_response: bool) -> Self {
        let trailers = Vec::new();
        Chunked { place: Place::BETWEEN, behind: 0, excess: 0, trailers, connection, of_response }
    }

    /// Where it is, as it looks without the extensions.
    pub(crate) fn place(&self) -> Place {
        match self.place.expecting {
            Expecting::Extension => Place { expecting: Expecting::Blank, ..self.place },
            _ => self.place,
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.place.is_end()
    }

    /// Decodes on; returns how many of the bytes belong to the body. All do, unless it ends among them.
    pub(crate) fn read(&mut self, bytes: &[u8], mut pass: impl FnMut(Part<'_>)) -> Result<usize, BadChunk> {
        let mut at = 0;
        while at < bytes.len() && self.place.expecting != Expecting::Done {
            if self.place.expecting == Expecting::Data {
                let end = at + usize::try_from(self.place.left).unwrap_or(usize::MAX).min(bytes.len() - at);
                pass(Part::Data(&bytes[at..end]));
                self.place.left -= (end - at) as u64;
                at = end;
                if self.place.left == 0 {
                    self.place.expecting = Expecting::DataReturn;
                }
                continue;
            }
            if let Some(length) = self.place.line(&bytes[at..]) {
                if matches!(self.place.expecting, Expecting::Data | Expecting::Trailers) {
                    self.end_line()?;
                }
                pass(Part::Frame(&bytes[at..at + length]));
                at += length;
                continue;
            }
            if self.place.expecting == Expecting::Trailer {
                at += self.trailer(&bytes[at..], &mut pass)?;
                continue;
            }
            if self.place.expecting == Expecting::Extension {
                let end = memchr(b'\r', &bytes[at..]).map_or(bytes.len(), |n| at + n);
                self.add_behind(end - at)?;
                if bytes[at..end].iter().any(|b| *b < b' ' && *b != b'\t') {
                    return Err(BadChunk::Extensions);
                }
                at = end;
                if at < bytes.len() {
                    pass(Part::Frame(&bytes[at..=at]));
                    self.place.expecting = Expecting::SizeEnd;
                    at += 1;
                }
                continue;
            }
            if self.place.expecting == Expecting::Blank && matches!(bytes[at], b' ' | b'\t') {
                self.add_behind(1)?;
                at += 1;
                continue;
            }
            let byte = bytes[at];
            let kept = self.place.step(byte)?;
            if byte == b'\n' && matches!(self.place.expecting, Expecting::Data | Expecting::Trailers) {
                self.end_line()?;
            }
            if kept {
                pass(Part::Frame(&bytes[at..=at]));
            }
            // The first byte of blanks, of an extension and of a trailer field is read again, as part of what it begins.
            at += usize::from(kept);
        }
        Ok(at)
    }

    /// Counts bytes of extension.
    fn add_behind(&mut self, bytes: usize) -> Result<(), BadChunk> {
        self.behind = self.behind.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
        if self.behind > LINE_LIMIT { Err(BadChunk::Extensions) } else { Ok(()) }
    }

    /// The line of a chunk size is complete: its extension is weighed against the data it comes with.
    fn end_line(&mut self) -> Result<(), BadChunk> {
        let allowance = ALLOWANCE.saturating_add(self.place.left.saturating_mul(2));
        self.excess = (self.excess + u64::from(std::mem::take(&mut self.behind))).saturating_sub(allowance);
        if self.excess > EXCESS_LIMIT { Err(BadChunk::Extensions) } else { Ok(()) }
    }

    /// Gathers the trailer section until its end; says how many of the bytes are part of it.
    fn trailer(&mut self, bytes: &[u8], pass: &mut impl FnMut(Part<'_>)) -> Result<usize, BadChunk> {
        for (at, byte) in bytes.iter().enumerate() {
            self.trailers.push(*byte);
            // RFC 9112 2.2 lets a recipient accept a bare LF, and servers differ in whether they do: where one sees the end of
            // the section, another reads on through what the first takes for the next request (request smuggling).
            if *byte == b'\n' && !self.trailers.ends_with(b"\r\n") {
                return Err(BadChunk::Trailers);
            }
            if *byte == b'\n' && self.trailers.ends_with(b"\r\n\r\n") {
                let mut clean = Vec::with_capacity(self.trailers.len());
                write_clean(&self.trailers, &self.connection, self.of_response, &mut clean)
                    .ok_or(BadChunk::Trailers)?;
                pass(Part::Trailers(&clean));
                self.trailers = Vec::new();
                self.place.expecting = Expecting::Done;
                return Ok(at + 1);
            }
            if self.trailers.len() > TRAILERS_LIMIT {
                return Err(BadChunk::Trailers);
            }
        }
        Ok(bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::test_split::pieces;

    /// What comes of a body that arrives in these pieces: what goes on as chunks, the data, and what is left over.
    type Read = Result<(Vec<u8>, Vec<u8>, usize, bool), BadChunk>;

    fn read<'b>(pieces: impl IntoIterator<Item = &'b [u8]>) -> Read {
        let (mut wire, mut data, mut used) = (Vec::new(), Vec::new(), 0);
        let mut chunked = Chunked::new(Vec::new(), false);
        for piece in pieces {
            used += chunked.read(piece, |piece| match piece {
                Part::Data(bytes) => {
                    wire.extend_from_slice(bytes);
                    data.extend_from_slice(bytes);
                }
                Part::Frame(bytes) | Part::Trailers(bytes) => wire.extend_from_slice(bytes),
            })?;
        }
        Ok((wire, data, used, chunked.is_done()))
    }

    fn whole(body: &[u8]) -> Read {
        read([body])
    }

    #[test]
    fn chunks_go_on_as_they_came_less_extensions_and_bad_trailers() {
        let body = b"5;a=b\r\nhello\r\n3 ; c=\"d;e\"\r\nyou\r\n0;last\r\nX-Sum: 1\r\nHost: evil\r\n\r\nnext";
        let (wire, data, used, done) = whole(body).expect("good chunks");
        assert_eq!(String::from_utf8_lossy(&wire), "5\r\nhello\r\n3\r\nyou\r\n0\r\nX-Sum: 1\r\n\r\n");
        assert_eq!((data.as_slice(), used, done), (&b"helloyou"[..], body.len() - 4, true));
        let plain = b"a\r\n0123456789\r\n0\r\n\r\n";
        assert_eq!(whole(plain).map(|(wire, ..)| wire), Ok(plain.to_vec()));
    }

    #[test]
    fn what_two_servers_could_read_differently_is_no_chunk() {
        for (body, bad) in [
            ("0x5\r\n", BadChunk::Size),
            ("+5\r\n", BadChunk::Size),
            ("-1\r\n", BadChunk::Size),
            ("5_0\r\n", BadChunk::Size),
            ("\r\n", BadChunk::Size),
            (" 5\r\n", BadChunk::Size),
            (";a\r\n", BadChunk::Size),
            ("5\n", BadChunk::Size),
            ("5\rh", BadChunk::Size),
            ("10000000000000005\r\n", BadChunk::Size),
            ("8000000000000000\r\n", BadChunk::Size),
            ("ffffffffffffffff\r\n", BadChunk::Size),
            ("5 junk\r\n", BadChunk::Size),
            ("5 5\r\n", BadChunk::Size),
            ("5\t\n", BadChunk::Size),
            ("5\r\nhelloXX", BadChunk::End),
            ("5\r\nhello\n", BadChunk::End),
            ("5;a\nb\r\n", BadChunk::Extensions),
            ("0\r\n\rx", BadChunk::Trailers),
            ("0\r\nX One: a\r\n\r\n", BadChunk::Trailers),
            ("0\r\n\nGET", BadChunk::Trailers),
            ("0\r\nX: 1\n\r\nGET", BadChunk::Trailers),
            ("0\r\nX: 1\r\n\nGET", BadChunk::Trailers),
            ("0\r\nX: 1\n\nGET", BadChunk::Trailers),
            ("0\r\nX: 1\nY: 2\r\n\r\n", BadChunk::Trailers),
        ] {
            assert_eq!(whole(body.as_bytes()), Err(bad), "{body:?}");
        }
    }

    #[test]
    fn extensions_and_trailers_are_bounded() {
        let extended = format!("1;{}\r\na\r\n", "x".repeat(1000)).repeat(20);
        assert_eq!(whole(extended.as_bytes()), Err(BadChunk::Extensions));
        for behind in [";".repeat(20_000), " ".repeat(20_000)] {
            assert_eq!(whole(format!("1{behind}").as_bytes()), Err(BadChunk::Extensions));
        }
        let trailing = format!("0\r\nX: {}\r\n\r\n", "x".repeat(20_000));
        assert_eq!(whole(trailing.as_bytes()), Err(BadChunk::Trailers));
    }

    #[test]
    fn what_stands_behind_sizes_may_grow_with_the_data() {
        let signature = format!(";chunk-signature={}", "0".repeat(64));
        for (behind, data) in
            [("   ", "x".repeat(0x400)), ("", "x".into()), ("       ", "x".into()), (&signature, "x".repeat(64))]
        {
            let chunk = format!("{:x}{behind}\r\n{data}\r\n", data.len());
            let body = chunk.repeat(20_000) + "0\r\n\r\n";
            let read = whole(body.as_bytes()).map(|(_, data, used, done)| (data.len(), used, done));
            assert_eq!(read, Ok((data.len() * 20_000, body.len(), true)), "{behind:?}");
        }
    }

    #[test]
    fn the_largest_size_is_what_63_bits_hold() {
        assert!(whole(b"7fffffffffffffff\r\nx").is_ok_and(|(_, data, ..)| data == b"x"));
    }

    fn body() -> impl Strategy<Value = Vec<u8>> {
        let word = prop_oneof![
            Just(&b"5\r\nhello\r\n"[..]),
            Just(&b"1;x=y\r\na\r\n"[..]),
            Just(&b"0\r\n\r\n"[..]),
            Just(&b"0\r\nX-Sum: 1\r\n\r\n"[..]),
            Just(&b"0\r\nX-Sum: 1\n"[..]),
            Just(&b"\r\n"[..]),
            Just(&b"\n"[..]),
            Just(&b"7fffffffffffffff\r\n"[..]),
            Just(&b"1 \t;\r\nb\r\n"[..]),
            Just(&b"1 "[..]),
            Just(&b"a"[..]),
            Just(&b"\0"[..]),
        ];
        proptest::collection::vec(word, 0..12).prop_map(|words| words.concat())
    }

    proptest! {
        #[test]
        fn however_the_bytes_are_cut_the_result_is_the_same(body in body(), cuts in proptest::collection::vec(1_usize..9, 1..40)) {
            prop_assert_eq!(read(pieces(&body, &cuts)), whole(&body));
        }

        #[test]
        fn no_bytes_make_it_panic_or_pass_more_than_came(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok((wire, data, used, _)) = whole(&bytes) {
                prop_assert!(data.len() <= wire.len() && wire.len() <= bytes.len() && used <= bytes.len());
            }
        }
    }
}
