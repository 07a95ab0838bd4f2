//! Answers out of their compression, so that they can be compared.

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use crate::{Answer, End};

/// The most that a body may become: what is beyond is left out, as if the body had been longer than what is kept.
const MOST: u64 = 1 << 20;

impl Answer {
    /// Takes a body in gzip or deflate out of it, to at most 1 MB, and the field `Content-Encoding` with it; of a body that was
    /// cut off, what its beginning gives. A body in another encoding, or one that is damaged at once, stays as it is.
    pub fn unpack(&mut self) {
        let named: Vec<&[u8]> = self.fields.named("Content-Encoding").collect();
        let [encoding] = named.as_slice() else { return };
        let body = self.body.as_slice();
        let unpacked = match encoding.trim_ascii().to_ascii_lowercase().as_slice() {
            b"gzip" | b"x-gzip" => beginning(MultiGzDecoder::new(body)),
            // RFC 9110 8.4.1.2 says zlib; some servers send what is inside it alone.
            b"deflate" => beginning(ZlibDecoder::new(body)).or_else(|| beginning(DeflateDecoder::new(body))),
            b"identity" => Some((self.body.clone(), true)),
            _ => None,
        };
        let Some((mut unpacked, whole)) = unpacked else { return };
        if unpacked.len() as u64 > MOST {
            unpacked.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
            self.end = longer(self.end);
        } else if !whole {
            self.end = longer(self.end);
        }
        self.body = unpacked;
        self.fields.0.retain(|(name, _)| !name.eq_ignore_ascii_case("Content-Encoding"));
    }
}

fn longer(end: End) -> End {
    if end == End::Whole { End::Longer } else { end }
}

/// What can be read, and whether that is all; `None` where it is nothing although something was there.
fn beginning(mut from: impl Read) -> Option<(Vec<u8>, bool)> {
    let (mut out, mut piece) = (Vec::new(), [0; 8192]);
    loop {
        match from.read(&mut piece) {
            Ok(0) => return Some((out, true)),
            Ok(read) => out.extend_from_slice(&piece[..read]),
            Err(_) => return (!out.is_empty()).then_some((out, false)),
        }
        if out.len() as u64 > MOST {
            return Some((out, false));
        }
    }
}
