//! What a kept body is, to be shown: text, coded or binary, and how much of it there is.

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use std::borrow::Cow;
use std::io::Read;
use stickylb::api::{Body, Part};

use super::format::bytes;
use super::head::{parts, text};

/// The most that a compressed body is taken apart to, in bytes.
const UNPACKED: usize = 64 * 1024;

/// What the bytes of a body are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// There are none.
    Empty,
    /// Text, as far as it is kept.
    Text,
    /// Compressed or otherwise coded, and still so.
    Coded,
    /// Something else than text.
    Binary,
}

/// A body as it can be read: decompressed where that is possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Readable<'b> {
    pub(crate) bytes: Cow<'b, [u8]>,
    pub(crate) content: Content,
    /// The name of its coding, where it came in one.
    pub(crate) coding: Option<String>,
    /// Whether there is more of it.
    pub(crate) is_cut: bool,
}

/// The body behind this head, as it can be read.
pub(crate) fn readable<'b>(head: &Part, body: &'b Body) -> Readable<'b> {
    let coding = value(head, b"content-encoding").map(<[u8]>::to_ascii_lowercase);
    let coding = coding.filter(|coding| !coding.is_empty() && coding != b"identity");
    let unpacked = coding.as_deref().map(|coding| unpacked(coding, &body.bytes));
    let (bytes, is_cut, is_coded) = match unpacked {
        None => (Cow::Borrowed(body.bytes.as_slice()), body.is_cut(), false),
        Some(None) => (Cow::Borrowed(body.bytes.as_slice()), body.is_cut(), true),
        Some(Some((bytes, whole))) => (Cow::Owned(bytes), !whole, false),
    };
    let content = match () {
        () if body.bytes.is_empty() => Content::Empty,
        () if is_coded => Content::Coded,
        () if is_text(&bytes, is_cut) => Content::Text,
        () => Content::Binary,
    };
    Readable { bytes, content, coding: coding.map(|coding| text(&coding)), is_cut }
}

/// The decompressed bytes, as far as they go, and whether those are all; `None` for another coding and for damaged bytes.
fn unpacked(coding: &[u8], bytes: &[u8]) -> Option<(Vec<u8>, bool)> {
    let mut out = Vec::new();
    let mut unpack = |from: &mut dyn Read| {
        let ended = Read::take(from, UNPACKED as u64).read_to_end(&mut out).is_ok();
        (ended && out.len() < UNPACKED, std::mem::take(&mut out))
    };
    let (whole, out) = match coding {
        b"gzip" | b"x-gzip" => unpack(&mut MultiGzDecoder::new(bytes)),
        // RFC 9110 8.4.1.2: zlib's format, which some servers leave out.
        b"deflate" => match unpack(&mut ZlibDecoder::new(bytes)) {
            (false, out) if out.is_empty() => unpack(&mut DeflateDecoder::new(bytes)),
            unpacked => unpacked,
        },
        _ => return None,
    };
    (whole || !out.is_empty()).then_some((out, whole))
}

/// The first value of a field in a head, its name in small letters.
pub(crate) fn value<'h>(head: &'h Part, name: &[u8]) -> Option<&'h [u8]> {
    parts(&head.bytes).1.into_iter().find(|field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value)
}

/// UTF-8 without NUL; a cut may go through a character.
fn is_text(bytes: &[u8], is_cut: bool) -> bool {
    let valid = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => is_cut && error.error_len().is_none(),
    };
    valid && !bytes.contains(&0)
}

/// How much of it there is: `1,204 bytes`, or `first 16 KB of 2 MB`.
pub(crate) fn amount(body: &Body) -> String {
    let kept = body.bytes.len() as u64;
    if body.is_cut() { format!("first {} of {}", size(kept), size(body.total)) } else { bytes(kept) }
}

/// `512 bytes`, `16 KB`, `1.5 MB`
fn size(n: u64) -> String {
    const KB: u64 = 1024;
    const MB: u64 = 1024 * KB;
    let (unit, name) = match n {
        0..KB => return bytes(n),
        KB..MB => (KB, "KB"),
        _ => (MB, "MB"),
    };
    match n % unit * 10 / unit {
        0 => format!("{} {name}", n / unit),
        tenths => format!("{}.{tenths} {name}", n / unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::read::{DeflateEncoder, GzEncoder, ZlibEncoder};

    fn head(coding: &str) -> Part {
        let mut part = Part::default();
        part.set(format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n").as_bytes());
        part
    }

    fn of(coding: &str, bytes: &[u8], total: u64) -> (Content, String) {
        let body = Body::new(bytes.to_vec(), total, true);
        (readable(&head(coding), &body).content, amount(&body))
    }

    fn packed(mut by: impl Read) -> Vec<u8> {
        let mut out = Vec::new();
        by.read_to_end(&mut out).expect("compressed");
        out
    }

    #[test]
    fn a_body_is_text_binary_or_coded_and_says_how_much_of_it_is_kept() {
        assert_eq!(of("identity", b"caf\xc3\xa9", 5), (Content::Text, "5 bytes".to_owned()));
        assert_eq!(of("", b"caf\xc3", 2 << 20), (Content::Text, "first 4 bytes of 2 MB".to_owned()));
        assert_eq!(of("", b"caf\xc3", 4).0, Content::Binary);
        assert_eq!(of("", b"a\0b", 3).0, Content::Binary);
        assert_eq!(of("", &[b'x'; 16 * 1024], 1_600_000).1, "first 16 KB of 1.5 MB");
        assert_eq!(of("", b"", 0).0, Content::Empty);
        assert_eq!(of("br", &[0x1f; 1204], 1204), (Content::Coded, "1,204 bytes".to_owned()));
        assert_eq!(of("gzip", &[0x1f; 1204], 1204).0, Content::Coded, "damaged");
    }

    #[test]
    fn a_compressed_body_is_read_as_far_as_it_is_kept() {
        let long: Vec<u8> = (0..40_000_u32).flat_map(|n| n.to_string().into_bytes()).collect();
        for (coding, packed) in [
            ("gzip", packed(GzEncoder::new(&long[..], Compression::fast()))),
            ("deflate", packed(ZlibEncoder::new(&long[..], Compression::fast()))),
            ("deflate", packed(DeflateEncoder::new(&long[..], Compression::fast()))),
        ] {
            let cut = Body::new(packed[..8_000].to_vec(), packed.len() as u64, true);
            let part = head(coding);
            let read = readable(&part, &cut);
            assert_eq!((read.content, read.is_cut), (Content::Text, true), "{coding}");
            assert!(read.bytes.len() > 8_000 && long.starts_with(&read.bytes), "{coding}");
            let whole = readable(&part, &Body::new(packed.clone(), packed.len() as u64, true)).bytes.len();
            assert_eq!(whole, UNPACKED, "no more than that, however much there is");
        }
    }
}
