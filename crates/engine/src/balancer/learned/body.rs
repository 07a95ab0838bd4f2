//! The beginning of a response's body, as it passes.

use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};
use std::io::Read;
use stickylb_http1::{Piece, Pieces};

/// So much of a body is looked at, before and after it is unpacked.
const LOOKED_AT: usize = 4096;

/// How the body is packed (RFC 9110 8.4.1).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Coding {
    Identity,
    Gzip,
    Deflate,
}

/// The beginning of a body, without its frame and unpacked.
pub(super) struct BodyStart {
    /// Its end was seen.
    ended: bool,
    coding: Coding,
    came: Vec<u8>,
    unpacked: Vec<u8>,
}

impl BodyStart {
    /// Of a body that is packed like this; `None` where nothing here unpacks it.
    pub(super) fn new(encoding: Option<&[u8]>) -> Option<Self> {
        let is = |name: &[u8]| encoding.is_some_and(|coding| coding.eq_ignore_ascii_case(name));
        let coding = match () {
            () if encoding.is_none() || is(b"identity") => Coding::Identity,
            () if is(b"gzip") || is(b"x-gzip") => Coding::Gzip,
            () if is(b"deflate") => Coding::Deflate,
            () => return None,
        };
        Some(BodyStart { ended: false, coding, came: Vec::new(), unpacked: Vec::new() })
    }

    /// Takes what passes.
    pub(super) fn add(&mut self, pieces: Pieces<'_>) {
        for piece in pieces {
            match piece {
                Piece::Data(data) => {
                    self.came.extend_from_slice(&data[..data.len().min(LOOKED_AT - self.came.len())]);
                }
                Piece::Trailers(_) | Piece::End => self.ended = true,
            }
        }
        if self.coding == Coding::Identity {
            return;
        }
        // From its beginning each time: it is short, and comes in few pieces.
        self.unpacked.clear();
        let came = &self.came[..];
        match self.coding {
            // RFC 9110 says zlib's format; some send the bare one.
            Coding::Deflate if !is_zlib(came) => unpack(DeflateDecoder::new(came), &mut self.unpacked),
            Coding::Deflate => unpack(ZlibDecoder::new(came), &mut self.unpacked),
            Coding::Gzip | Coding::Identity => unpack(GzDecoder::new(came), &mut self.unpacked),
        }
    }

    /// As much as is there.
    pub(super) fn text(&self) -> &[u8] {
        if self.coding == Coding::Identity { &self.came } else { &self.unpacked }
    }

    /// Whether nothing more of it is looked at.
    pub(super) fn is_over(&self) -> bool {
        self.ended || self.came.len() == LOOKED_AT || self.unpacked.len() == LOOKED_AT
    }
}

/// As much as comes out before the end of what is there, or before it is malformed.
fn unpack(from: impl Read, into: &mut Vec<u8>) {
    let _ = from.take(LOOKED_AT as u64).read_to_end(into);
}

/// Whether this begins as zlib's format does (RFC 1950 2.2).
fn is_zlib(bytes: &[u8]) -> bool {
    let [first, second, ..] = bytes else { return true };
    first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)).is_multiple_of(31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use std::io::Write;

    const TEXT: &[u8] = br#"{"connectionToken":"a-token-of-some-length"}"#;

    fn packed(name: &str) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(TEXT).expect("memory");
        zlib.write_all(TEXT).expect("memory");
        bare.write_all(TEXT).expect("memory");
        let packed = match name {
            "gzip" => gzip.finish(),
            "zlib" => zlib.finish(),
            _ => bare.finish(),
        };
        packed.expect("memory")
    }

    #[test]
    fn a_packed_body_is_unpacked_wherever_it_is_split() {
        for (name, encoding) in [("gzip", "gzip"), ("gzip", "X-GZIP"), ("zlib", "deflate"), ("bare", "deflate")] {
            let packed = packed(name);
            for at in 0..packed.len() {
                let mut body = BodyStart::new(Some(encoding.as_bytes())).expect("it is known");
                body.add(Pieces::data(&packed[..at], false));
                assert!(TEXT.starts_with(body.text()), "{name} split at {at}");
                body.add(Pieces::data(&packed[at..], true));
                assert_eq!((body.text(), body.is_over()), (TEXT, true), "{name} split at {at}");
            }
        }
        assert!(BodyStart::new(Some(b"br")).is_none());
    }

    #[test]
    fn what_is_no_packed_body_is_empty() {
        for encoding in ["gzip", "deflate"] {
            let mut body = BodyStart::new(Some(encoding.as_bytes())).expect("it is known");
            body.add(Pieces::data(&[b'x'; 100], false));
            assert!(body.text().len() < 100, "{encoding}");
        }
    }

    #[test]
    fn four_kilobytes_are_looked_at_however_much_comes_out() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&vec![b'x'; 4 << 20]).expect("memory");
        let bomb = gzip.finish().expect("memory");
        let mut body = BodyStart::new(Some(b"gzip")).expect("it is known");
        body.add(Pieces::data(&bomb, false));
        assert_eq!((body.text().len(), body.is_over()), (LOOKED_AT, true));
        let mut body = BodyStart::new(None).expect("it is known");
        body.add(Pieces::data(&[b'x'; 10_000], false));
        assert_eq!((body.text().len(), body.is_over()), (LOOKED_AT, true));
    }
}
