//! JSON with its long strings shortened as it is read, so that no string takes more memory than it may.

use std::io::{self, BufRead as _, BufReader, Read};

/// The most bytes of a string that are passed on, as they stand in the file.
pub(super) const LONGEST: usize = 1 << 20;

/// What a shortened string ends with: a character that no text has (Unicode 23.7).
pub(super) const CUT: char = '\u{10ffff}';

/// What half a character is replaced by.
const REPLACEMENT: &[u8] = br"\ufffd";

/// Passes JSON on. Strings are cut at [`LONGEST`] bytes and end in [`CUT`] then; halves of characters, which JSON may have
/// (RFC 8259 8.2) and text may not, become U+FFFD. What is outside of strings passes as it is.
pub(super) struct Shorten<R> {
    from: BufReader<R>,
    /// What is ready to be handed out, and how much of it is gone.
    ready: Vec<u8>,
    taken: usize,
    /// How many bytes of a string were passed on; `None` outside of strings.
    string: Option<usize>,
    /// Whether the rest of this string is dropped.
    cut: bool,
    /// An escape that is not whole: up to two of the form `\uXXXX`, as a character may need both.
    escape: Vec<u8>,
}

impl<R: Read> Shorten<R> {
    pub(super) fn new(from: R) -> Self {
        let from = BufReader::with_capacity(64 * 1024, from);
        Shorten { from, ready: Vec::new(), taken: 0, string: None, cut: false, escape: Vec::new() }
    }

    /// Takes the next block.
    fn fill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.taken = 0;
        // A block can be all of a string's dropped rest, and an empty answer would be the end.
        while self.ready.is_empty() {
            let block = self.from.fill_buf()?.to_vec();
            if block.is_empty() {
                break;
            }
            self.from.consume(block.len());
            let mut rest = block.as_slice();
            while !rest.is_empty() {
                rest = self.pass(rest);
            }
        }
        Ok(())
    }

    /// Passes the beginning of these bytes on, at least one, and gives back the rest.
    fn pass<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        if self.string.is_none() {
            let end = bytes.iter().position(|byte| *byte == b'"');
            let (outside, rest) = bytes.split_at(end.map_or(bytes.len(), |at| at + 1));
            self.ready.extend_from_slice(outside);
            self.string = end.map(|_| 0);
            return rest;
        }
        if !self.escape.is_empty() {
            self.escape.push(bytes[0]);
            self.escaped();
            return &bytes[1..];
        }
        let end = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\')).unwrap_or(bytes.len());
        let (text, rest) = bytes.split_at(end);
        self.text(text);
        match rest.split_first() {
            Some((b'"', rest)) => {
                self.ready.push(b'"');
                self.string = None;
                self.cut = false;
                rest
            }
            Some((byte, rest)) => {
                self.escape.push(*byte);
                rest
            }
            None => rest,
        }
    }

    /// Bytes of a string that are no escapes.
    fn text(&mut self, bytes: &[u8]) {
        let length = self.string.unwrap_or_default();
        if self.cut || length + bytes.len() <= LONGEST {
            self.put(bytes);
            return;
        }
        // A character is not cut in two: its later bytes have 10 as their first bits.
        let fits = LONGEST.saturating_sub(length);
        match bytes[fits..].iter().position(|byte| byte & 0xc0 != 0x80) {
            Some(more) => {
                self.put(&bytes[..fits + more]);
                self.shorten();
            }
            None => self.put(bytes),
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        if !self.cut {
            self.ready.extend_from_slice(bytes);
            self.string = self.string.map(|length| length + bytes.len());
        }
    }

    fn shorten(&mut self) {
        let mut bytes = [0; 4];
        self.ready.extend_from_slice(CUT.encode_utf8(&mut bytes).as_bytes());
        self.cut = true;
    }

    /// Passes on what is known of the escape.
    fn escaped(&mut self) {
        let escape = std::mem::take(&mut self.escape);
        match escape.as_slice() {
            [_, b'u'] => self.escape = escape,
            [_, _] => self.whole(&escape),
            [.., last] if !is_right(escape.len(), *last) => self.broken(&escape),
            first if first.len() == 6 => match number(first) {
                0xd800..=0xdbff => self.escape = escape,
                0xdc00..=0xdfff => self.whole(REPLACEMENT),
                _ => self.whole(&escape),
            },
            both if both.len() == 12 => {
                if let 0xdc00..=0xdfff = number(&both[6..]) {
                    self.whole(&escape);
                } else {
                    self.whole(REPLACEMENT);
                    self.escape = both[6..].to_vec();
                    self.escaped();
                }
            }
            _ => self.escape = escape,
        }
    }

    /// An escape that goes on otherwise than it must.
    fn broken(&mut self, escape: &[u8]) {
        if escape.len() < 7 {
            // No JSON: its reader will say so.
            self.whole(escape);
            return;
        }
        // The second half does not come: what came in its place is something else.
        self.whole(REPLACEMENT);
        let mut rest = &escape[6..];
        while !rest.is_empty() {
            rest = self.pass(rest);
        }
    }

    fn whole(&mut self, escape: &[u8]) {
        if self.string.is_some_and(|length| length >= LONGEST) && !self.cut {
            self.shorten();
        }
        self.put(escape);
    }
}

/// Whether this can be the last byte of one or two escapes `\uXXXX` of this length so far.
fn is_right(length: usize, byte: u8) -> bool {
    match length {
        7 => byte == b'\\',
        8 => byte == b'u',
        _ => byte.is_ascii_hexdigit(),
    }
}

/// What `\uXXXX` says.
fn number(escape: &[u8]) -> u32 {
    escape[2..].iter().fold(0, |sum, byte| (sum << 4) | char::from(*byte).to_digit(16).unwrap_or_default())
}

impl<R: Read> Read for Shorten<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.ready.len() {
            self.fill()?;
        }
        let bytes = into.len().min(self.ready.len() - self.taken);
        into[..bytes].copy_from_slice(&self.ready[self.taken..self.taken + bytes]);
        self.taken += bytes;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn passed(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Shorten::new(bytes).read_to_end(&mut out).expect("bytes in memory");
        out
    }

    #[test]
    fn json_passes_as_it_is() {
        for json in [r#"{"a":["\"b\\",1,"\u00e9\ud83d\ude00é😀"]}"#, "", "\"", r#"["\"#, r#"["\u12"#, r#"["\ud83d"#]
        {
            let unfinished = json.ends_with(['\\', '2']) || json.ends_with("d83d");
            let expected = if unfinished { "[\"" } else { json };
            assert_eq!(String::from_utf8_lossy(&passed(json.as_bytes())), expected);
        }
    }

    #[test]
    fn half_a_character_becomes_a_whole_one() {
        for (json, text) in [
            (r#""a\ud83db""#, "a\u{fffd}b"),
            (r#""\ude00""#, "\u{fffd}"),
            (r#""\ud83d""#, "\u{fffd}"),
            (r#""\ud83d\n""#, "\u{fffd}\n"),
            (r#""\ud83d\"""#, "\u{fffd}\""),
            (r#""\ud83d\u0041""#, "\u{fffd}A"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
            (r#""\ud83d\ud83d\ud83d""#, "\u{fffd}\u{fffd}\u{fffd}"),
        ] {
            let out = passed(json.as_bytes());
            let read: String = serde_json::from_slice(&out).unwrap_or_else(|error| panic!("{json}: {error}"));
            assert_eq!(read, text, "{json}");
        }
    }

    #[test]
    fn a_long_string_is_cut_between_characters_and_what_follows_is_there() {
        for unit in ["a", "é", "😀", r"\n", r"\u00e9", r"\ud83d\ude00"] {
            for before in ["", "x", "xyz"] {
                let long = unit.repeat(LONGEST / unit.len() + 100);
                let out = passed(format!(r#"["{before}{long}", "end"]"#).as_bytes());
                let read: Vec<String> = serde_json::from_slice(&out).unwrap_or_else(|error| panic!("{unit}: {error}"));
                assert!(read[0].ends_with(CUT) && read[0].len() <= LONGEST + 16, "{unit}: {}", read[0].len());
                assert_eq!(read[1], "end");
            }
        }
    }

    proptest! {
        #[test]
        fn any_json_means_the_same(texts in proptest::collection::vec(".{0,40}", 0..10)) {
            let json = serde_json::to_vec(&texts).expect("strings are JSON");
            let read: Vec<String> = serde_json::from_slice(&passed(&json)).expect("still JSON");
            prop_assert_eq!(read, texts);
        }

        #[test]
        fn any_bytes_pass_bounded(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'\\'), Just(b'"'), Just(b'u'), Just(b'd')], 0..200)) {
            prop_assert!(passed(&bytes).len() <= bytes.len() + 8);
        }
    }
}
