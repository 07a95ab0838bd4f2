//! The bytes read from a connection and not used yet, and the heads parsed out of them.

use httparse::{EMPTY_HEADER, Status};
use memchr::{memchr, memmem};
use std::mem;

use super::bad_name::BadName;
use super::blanks::without_blanks;
use super::buffer_pool::{BYTES, BufferPool};
use super::head::{Fields, Head};
use super::line::{BadHead, StartLine};
use super::token::is_token;

/// Fields that are parsed on the stack; most heads have no more.
const USUAL_FIELDS: usize = 32;

/// Limits of a head.
#[derive(Clone, Copy, Debug)]
pub struct HeadLimits {
    /// Most bytes of its fields.
    pub bytes: usize,
    /// Most fields.
    pub fields: usize,
}

/// The bytes read from one side and not used yet.
#[derive(Debug, Default)]
pub struct ReadBuffer {
    bytes: Vec<u8>,
    /// How many bytes there were when the head was last found incomplete.
    looked: usize,
}

impl ReadBuffer {
    /// Bytes that were read and not used yet.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether everything that was read has been used.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What was read, if no line of it is whole.
    pub fn unfinished_line(&self) -> Option<&[u8]> {
        memchr(b'\n', &self.bytes).is_none().then_some(&self.bytes)
    }

    /// Adds what was read from the connection.
    pub fn add(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if self.bytes.capacity() == 0 {
            self.bytes = BYTES.with(BufferPool::take);
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes everything, with its memory.
    pub fn take(&mut self) -> Vec<u8> {
        mem::take(self).bytes
    }

    /// Shows everything to `use_up`, which returns how many bytes it used; those are dropped.
    pub fn consume(&mut self, use_up: impl FnOnce(&[u8]) -> usize) {
        let used = use_up(&self.bytes);
        self.looked = 0;
        if used < self.bytes.len() {
            self.bytes.drain(..used);
        } else {
            BYTES.with(|pool| pool.give(self.take()));
        }
    }

    /// The head, once it is complete; what follows it stays in the buffer.
    ///
    /// A head that comes in many pieces is parsed again only when its end may have come, or when it has doubled, so that a
    /// slow sender (slowloris) costs no more than in proportion to its size.
    pub fn head<L: StartLine>(&mut self, limits: &HeadLimits) -> Result<Option<Head<L>>, BadHead> {
        self.skip_empty_lines();
        let fresh = &self.bytes[self.looked.saturating_sub(3)..];
        if self.looked > 0 && self.bytes.len() < self.looked * 2 && !may_end_head(fresh) {
            return Ok(None);
        }
        let mut found = parse(&self.bytes, limits);
        if L::REMOVES_BLANKS && matches!(found, Err(BadHead::FieldName(_))) {
            self.remove_blanks();
            found = parse(&self.bytes, limits);
            if found.is_err()
                && parse::<L>(&self.bytes[..self.name_at_the_end()], limits).is_ok_and(|head| head.is_none())
            {
                // More blanks may follow, and then the colon.
                found = Ok(None);
            }
        }
        let Some((line, fields, length)) = found? else {
            self.looked = self.bytes.len();
            return Ok(None);
        };
        let mut bytes = self.take();
        self.add(&bytes[length..]);
        bytes.truncate(length);
        Ok(Some(Head { bytes, line, fields }))
    }

    /// Removes the blanks between the names of fields and their colons.
    fn remove_blanks(&mut self) {
        let fields = memchr(b'\n', &self.bytes).map_or(self.bytes.len(), |end| end + 1);
        let cleaned = without_blanks(&self.bytes[fields..]);
        self.bytes.truncate(fields);
        self.bytes.extend_from_slice(&cleaned);
    }

    /// Where the last line begins, if that is a name and blanks so far; else the end.
    fn name_at_the_end(&self) -> usize {
        let line = self.bytes.rsplit(|b| *b == b'\n').next().unwrap_or_default();
        let name = line.trim_ascii_end();
        let is_name = !name.is_empty() && name.len() < line.len() && name.iter().all(|b| is_token(*b));
        self.bytes.len() - if is_name { line.len() } else { 0 }
    }

    /// RFC 9112 2.2: some clients send an empty line after a body. It may come in two pieces.
    fn skip_empty_lines(&mut self) {
        let mut empty = 0;
        loop {
            match &self.bytes[empty..] {
                [b'\n', ..] => empty += 1,
                [b'\r', b'\n', ..] => empty += 2,
                _ => break,
            }
        }
        if empty > 0 {
            self.bytes.drain(..empty);
            self.looked = 0;
        }
    }
}

fn may_end_head(fresh: &[u8]) -> bool {
    memmem::find(fresh, b"\n\r\n").is_some() || memmem::find(fresh, b"\n\n").is_some()
}

/// First line, fields, and the whole length.
type Parts<L> = (L, Fields, usize);

fn parse<L: StartLine>(bytes: &[u8], limits: &HeadLimits) -> Result<Option<Parts<L>>, BadHead> {
    let Some(end) = memchr(b'\n', bytes) else {
        return L::judge_begun(bytes.strip_suffix(b"\r").unwrap_or(bytes)).map(|()| None);
    };
    let line = &bytes[..end];
    let line = L::parse(line.strip_suffix(b"\r").unwrap_or(line))?;
    let rest = &bytes[end + 1..];
    // No further, so that the verdict is the same whether what is beyond has come yet or not.
    let within = &rest[..rest.len().min(limits.bytes)];
    let mut few = [EMPTY_HEADER; USUAL_FIELDS];
    let parsed = match httparse::parse_headers(within, &mut few[..limits.fields.min(USUAL_FIELDS)]) {
        Err(httparse::Error::TooManyHeaders) if limits.fields > USUAL_FIELDS => {
            let mut many = vec![EMPTY_HEADER; limits.fields];
            collect(httparse::parse_headers(within, &mut many), within, bytes)
        }
        parsed => collect(parsed, within, bytes),
    };
    let Some((fields, length)) = parsed? else {
        return if rest.len() > limits.bytes { Err(BadHead::TooLarge) } else { Ok(None) };
    };
    Ok(Some((line, fields, end + 1 + length)))
}

type Parsed<'h, 'b> = httparse::Result<(usize, &'h [httparse::Header<'b>])>;

/// The fields by their places, instead of by references.
fn collect(parsed: Parsed<'_, '_>, within: &[u8], bytes: &[u8]) -> Result<Option<(Fields, usize)>, BadHead> {
    let (length, headers) = match parsed {
        Ok(Status::Complete(found)) => found,
        Ok(Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(BadHead::TooManyFields),
        Err(httparse::Error::HeaderName) => return Err(BadHead::FieldName(BadName::first_in(within))),
        Err(_) => return Err(BadHead::FieldValue(BadName::first_in(within))),
    };
    let mut fields = Fields::with_room_for(headers.len());
    for header in headers {
        fields.add(header.name.as_bytes(), header.value, bytes);
    }
    Ok(Some((fields, length)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::field_kind::FieldKind;
    use crate::head::{Fate, RequestHead, ResponseHead};
    use crate::line::{METHOD_LIMIT, TARGET_LIMIT};
    use crate::test_split::pieces;

    const LIMITS: HeadLimits = HeadLimits { bytes: 2048, fields: 40 };

    /// What is found in bytes that come in these pieces: the heads, as text, and how they ended.
    fn found<'b>(pieces: impl IntoIterator<Item = &'b [u8]>) -> (Vec<String>, Option<BadHead>) {
        let (mut read_buffer, mut heads) = (ReadBuffer::default(), Vec::new());
        for piece in pieces {
            read_buffer.add(piece);
            while !read_buffer.is_empty() {
                match read_buffer.head(&LIMITS) {
                    Ok(Some(head)) => heads.push(shown(&head)),
                    Ok(None) => break,
                    Err(bad) => return (heads, Some(bad)),
                }
            }
            assert!(read_buffer.len() <= LIMITS.bytes + TARGET_LIMIT + METHOD_LIMIT + 16 + piece.len(), "it grows");
        }
        (heads, None)
    }

    fn shown(head: &RequestHead) -> String {
        let mut out = [head.method(), b" ", head.target(), b" "].concat();
        head.write_fields(&mut out, |_, _, _| Fate::Keeps, |_, _, _, _| {});
        String::from_utf8_lossy(&out).into_owned()
    }

    fn bad(bytes: &str) -> Option<BadHead> {
        found([bytes.as_bytes()]).1
    }

    #[test]
    fn heads_follow_each_other_whatever_stands_between() {
        let (heads, bad) =
            found([&b"\r\nGET /a HTTP/1.1\r\nHost: a\r\nX:  y \r\n\r\n\r\n\nPUT /b HTTP/1.0\nHost: b\n\nGE"[..]]);
        assert_eq!((heads, bad), (vec!["GET /a Host: a\r\nX: y\r\n".into(), "PUT /b Host: b\r\n".into()], None));
    }

    #[test]
    fn an_empty_line_before_a_head_may_come_in_two_pieces() {
        let (heads, bad) = found([&b"\r"[..], b"\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n"]);
        assert_eq!((heads, bad), (vec!["GET /a Host: a\r\n".into()], None));
    }

    #[test]
    fn what_is_no_head_is_told_apart() {
        for line in ["GET /a b HTTP/1.1", "GET  /a HTTP/1.1", " GET /a HTTP/1.1", "G@T / HTTP/1.1"] {
            assert_eq!(bad(&format!("{line}\r\n")), Some(BadHead::StartLine), "{line}");
        }
        for line in ["SSH-2.0-OpenSSH_9.9", "EHLO example.com", "QUIT", "GET /a", "\u{1}\u{2}", "\u{16}\u{2}", "\u{80}"]
        {
            assert_eq!(bad(&format!("{line}\r\n")), Some(BadHead::NoHttp), "{line}");
        }
        assert_eq!(bad("\u{16}\u{3}\u{1}\u{2}\0"), Some(BadHead::Tls), "without a line end");
        assert_eq!(bad("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Some(BadHead::Http2));
        for version in ["HTTP/2.0", "HTTP/0.9", "HTTP/3.1"] {
            assert_eq!(bad(&format!("GET / {version}\r\n")), Some(BadHead::Version), "{version}");
        }
        for version in ["HTTP/1.1\r", "HTTP/1.1x", "HTTP/1.10", "HTTP/01.1", "HTTP/1,1", "HTTP/2", "http/1.1", "HTTP/"]
        {
            assert_eq!(bad(&format!("GET / {version}\r\n")), Some(BadHead::StartLine), "{version:?}");
        }
        let head = |fields: &str| format!("GET / HTTP/1.1\r\n{fields}");
        assert_eq!(bad(&head(&format!("X: {}", "y".repeat(3000)))), Some(BadHead::TooLarge));
        assert_eq!(bad(&head(&format!("X: {}\r\n\r\n", "y".repeat(3000)))), Some(BadHead::TooLarge));
        assert_eq!(bad(&head(&"X: y\r\n".repeat(41))), Some(BadHead::TooManyFields));
        assert_eq!(bad(&head(&format!("{}\r\n", "X: y\r\n".repeat(40)))), None);
        for (field, name) in [("X Y: a", "X"), (" X: a", ""), ("X : a", "X"), (": a", ""), ("X", "X")] {
            let Some(BadHead::FieldName(told)) = bad(&head(&format!("{field}\r\n\r\n"))) else { panic!("{field}") };
            assert_eq!(told.as_bytes(), name.as_bytes());
        }
        for field in ["X: a\rb", "X: a\0b", "X: a\u{1b}b", "X: a\u{7f}b"] {
            let found = bad(&head(&format!("{field}\r\n\r\n")));
            assert!(
                matches!(found, Some(BadHead::FieldValue(name)) if name.as_bytes() == b"X"),
                "{field:?}: {found:?}"
            );
        }
    }

    #[test]
    fn what_is_too_long_is_so_in_one_piece_and_in_many() {
        let method = |length: usize| format!("{} / HTTP/1.1\r\nHost: a\r\n\r\n", "M".repeat(length));
        let target = |length: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(length));
        let fields = |length: usize| format!("GET / HTTP/1.1\r\nX: {}\r\nA B: c\r\n\r\n", "x".repeat(length));
        for (text, verdict) in [
            (method(METHOD_LIMIT), None),
            (method(METHOD_LIMIT + 1), Some(BadHead::MethodTooLong)),
            (method(70_000), Some(BadHead::MethodTooLong)),
            (target(TARGET_LIMIT - 1), None),
            (target(TARGET_LIMIT), Some(BadHead::TargetTooLong)),
            (fields(LIMITS.bytes), Some(BadHead::TooLarge)),
            ("x".repeat(70_000), Some(BadHead::MethodTooLong)),
        ] {
            assert_eq!(bad(&text), verdict, "{text:.40}");
            for size in [1, 100, 1000, 30_000] {
                if text.len() / size < 5000 {
                    assert_eq!(found(text.as_bytes().chunks(size)).1, verdict, "{size}: {text:.40}");
                }
            }
        }
    }

    #[test]
    fn blanks_before_a_colon_are_removed_from_a_response_and_refused_in_a_request() {
        let text = b"HTTP/1.1 200 a : b\r\nX-A : 1\r\nX-B\t \t: 2 : 3\r\nHost: h\r\n\r\nbody : \r\nX-C : 4\r\n";
        for size in 1..text.len() {
            let mut read_buffer = ReadBuffer::default();
            let mut found: Option<ResponseHead> = None;
            for piece in text.chunks(size) {
                read_buffer.add(piece);
                if found.is_none() {
                    found = read_buffer.head(&LIMITS).unwrap_or_else(|bad| panic!("{size}: {bad:?}"));
                }
            }
            let head = found.expect("a whole head");
            assert_eq!(head.raw(), b"HTTP/1.1 200 a : b\r\nX-A: 1\r\nX-B: 2 : 3\r\nHost: h\r\n\r\n");
            assert_eq!(read_buffer.take(), b"body : \r\nX-C : 4\r\n", "{size}");
        }
        for bad in ["X Y : a", " : a", " X : a"] {
            let mut read_buffer = ReadBuffer::default();
            read_buffer.add(format!("HTTP/1.1 200 OK\r\n{bad}\r\n\r\n").as_bytes());
            let found: Result<Option<ResponseHead>, _> = read_buffer.head(&LIMITS);
            assert!(matches!(found, Err(BadHead::FieldName(_))), "{bad}");
        }
    }

    #[test]
    fn a_status_line_may_lack_its_reason_and_have_any_in_it() {
        let parse = |line: &[u8]| {
            let mut read_buffer = ReadBuffer::default();
            read_buffer.add(&[line, b"\r\n\r\n"].concat());
            let head: Result<Option<ResponseHead>, _> = read_buffer.head(&LIMITS);
            head.map(|head| head.map(|head| (head.line.status, head.reason().to_vec())))
        };
        assert_eq!(parse(b"HTTP/1.1 200 Gr\xfc\xdfe"), Ok(Some((200, b"Gr\xfc\xdfe".to_vec()))));
        assert_eq!(parse(b"HTTP/1.9 200 OK"), Ok(Some((200, b"OK".to_vec()))));
        assert_eq!(parse(b"HTTP/1.0 999 "), Ok(Some((999, Vec::new()))));
        assert_eq!(parse(b"HTTP/1.1 204"), Ok(Some((204, Vec::new()))));
        for line in [
            &b"HTTP/1.1 20 OK"[..],
            b"HTTP/1.1 2000 OK",
            b"HTTP/1.1 abc",
            b"HTTP/1.1 099 a",
            b"220 smtp",
            b"HTTP/1.1 200 a\x01",
        ] {
            assert_eq!(parse(line), Err(BadHead::StartLine), "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn fields_that_stay_side_by_side_are_the_same_as_one_by_one() {
        let mut read_buffer = ReadBuffer::default();
        read_buffer.add(b"GET / HTTP/1.1\r\nA: 1\r\nB:2\r\nHost: h\r\nC: 3\nD:\r\nVia: v\r\nE: 5\r\n\r\n");
        let head: RequestHead = read_buffer.head(&LIMITS).expect("a good head").expect("a whole head");
        let mut out = Vec::new();
        let decide = |kind, _: &[u8], _: &[u8]| match kind {
            FieldKind::Host => Fate::Ends,
            FieldKind::Via => Fate::Changes,
            _ => Fate::Keeps,
        };
        head.write_fields(&mut out, decide, |_, _, _, out| out.extend_from_slice(b"Via: w\r\n"));
        assert_eq!(String::from_utf8_lossy(&out), "A: 1\r\nB: 2\r\nC: 3\r\nD: \r\nVia: w\r\nE: 5\r\n");
    }

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let word = prop_oneof![
            Just(&b"GET / HTTP/1.1\r\n"[..]),
            Just(&b"Host: a\r\n"[..]),
            Just(&b"X-Long: 0123456789012345678901234567890123456789\r\n"[..]),
            Just(&b"\r\n"[..]),
            Just(&b"\n"[..]),
            Just(&b"\r"[..]),
            Just(&b" "[..]),
            Just(&b"\0"[..]),
        ];
        let mostly_good = proptest::collection::vec(word, 0..20).prop_map(|words| words.concat());
        prop_oneof![3 => mostly_good, 1 => proptest::collection::vec(any::<u8>(), 0..200)]
    }

    proptest! {
        #[test]
        fn however_the_bytes_are_cut_the_heads_are_the_same(bytes in bytes(), cuts in proptest::collection::vec(1_usize..30, 1..40)) {
            // What is bad may be seen later, when more of it has come; it is then the same.
            let (cut, whole) = (found(pieces(&bytes, &cuts)), found([bytes.as_slice()]));
            prop_assert_eq!(cut.0, whole.0);
            if cut.1.is_some() {
                prop_assert_eq!(cut.1, whole.1);
            }
        }
    }
}
