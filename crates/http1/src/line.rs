//! The first line of a message (RFC 9112 3 and 4).

use memchr::memchr;

use super::bad_name::BadName;
use super::span::Span;
use super::token::is_token;

/// Bytes of a request's target; more is 414.
pub(crate) const TARGET_LIMIT: usize = 65_536;

/// Bytes of a request's method; more is 501. The longest registered one has 17.
pub(crate) const METHOD_LIMIT: usize = 128;

/// Bytes of a status line.
const STATUS_LINE_LIMIT: usize = 65_536;

/// The minor version of HTTP/1. One later than 1.1 is treated as 1.1 (RFC 9110 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1, and each later minor version of HTTP/1.
    Http11,
}

/// Why a head is malformed, or too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum BadHead {
    #[error("the first line is malformed")]
    StartLine,
    #[error("it is no HTTP")]
    NoHttp,
    #[error("it is the beginning of TLS")]
    Tls,
    #[error("it is the beginning of HTTP/2")]
    Http2,
    #[error("the version is not one of HTTP/1")]
    Version,
    #[error("the method is longer than {METHOD_LIMIT} bytes")]
    MethodTooLong,
    #[error("the target is longer than 64 KB")]
    TargetTooLong,
    #[error("the header fields are larger than limits.headerBytes")]
    TooLarge,
    #[error("there are more header fields than limits.headers")]
    TooManyFields,
    #[error("a header field's name is malformed")]
    FieldName(BadName),
    #[error("a header field's value is malformed")]
    FieldValue(BadName),
}

/// The first line of a request or a response. The line starts the head, so that its spans are the head's.
pub trait StartLine: Sized {
    /// Whether blanks between a field's name and its colon are removed: in a response they must be, in a request they must not
    /// (RFC 9112 5.1).
    const REMOVES_BLANKS: bool;

    /// Parses a line without its line end.
    fn parse(line: &[u8]) -> Result<Self, BadHead>;

    /// Judges the beginning of a line, without half of a line end. What is bad about it is bad in the same way once the line is whole, so that a verdict does
    /// not depend on how the bytes were cut.
    fn judge_begun(line: &[u8]) -> Result<(), BadHead>;
}

/// `GET /path HTTP/1.1`
#[derive(Clone, Copy, Debug)]
pub struct RequestLine {
    /// Where the method stands.
    pub method: Span,
    /// Where the target stands.
    pub target: Span,
    /// The version.
    pub version: Version,
}

/// `HTTP/1.1 200 OK`
#[derive(Clone, Copy, Debug)]
pub struct StatusLine {
    /// The version.
    pub version: Version,
    /// The status code.
    pub status: u16,
    /// Where the reason phrase stands.
    pub reason: Span,
}

/// Bytes of a version.
const VERSION: usize = b"HTTP/1.1".len();

/// RFC 9112 2.3: one digit, a point, one digit.
fn version(bytes: &[u8]) -> Result<Version, BadHead> {
    match bytes {
        b"HTTP/1.0" => Ok(Version::Http10),
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1'..=b'9'] => Ok(Version::Http11),
        [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => Err(BadHead::Version),
        _ => Err(BadHead::StartLine),
    }
}

impl RequestLine {
    /// RFC 9112 3: three words, one space between them. `None` if the line is not whole and good so far. Each word is judged
    /// from its beginning, up to its limit first.
    #[inline]
    fn read(line: &[u8], is_whole: bool) -> Result<Option<Self>, BadHead> {
        match line {
            // The header of a handshake record (RFC 8446 5.1).
            [0x16, 0x03, ..] => return Err(BadHead::Tls),
            [0x16] if !is_whole => return Ok(None),
            _ => {}
        }
        let first = memchr(b' ', line).unwrap_or(line.len());
        let method = &line[..first];
        if let Some(bad) = method[..first.min(METHOD_LIMIT)].iter().find(|b| !is_token(**b)) {
            return Err(if bad.is_ascii_graphic() { BadHead::StartLine } else { BadHead::NoHttp });
        }
        if first > METHOD_LIMIT {
            return Err(BadHead::MethodTooLong);
        }
        if first == line.len() {
            return if is_whole { Err(BadHead::NoHttp) } else { Ok(None) };
        }
        let second = first + 1 + memchr(b' ', &line[first + 1..]).unwrap_or(line.len() - first - 1);
        let target = &line[first + 1..second];
        let visible = |b: &u8| *b > b' ' && *b != 0x7f;
        if first == 0 || !target[..target.len().min(TARGET_LIMIT)].iter().all(visible) {
            return Err(BadHead::StartLine);
        }
        if target.len() > TARGET_LIMIT {
            return Err(BadHead::TargetTooLong);
        }
        let Some(last) = line.get(second + 1..) else {
            return if is_whole { Err(BadHead::NoHttp) } else { Ok(None) };
        };
        if target.is_empty() {
            return Err(BadHead::StartLine);
        }
        if !is_whole {
            return if last.len() > VERSION { Err(BadHead::StartLine) } else { Ok(None) };
        }
        let version = version(last).map_err(|bad| match (bad, method, last) {
            // The preface of a client that expects it (RFC 9113 3.4).
            (BadHead::Version, b"PRI", b"HTTP/2.0") => BadHead::Http2,
            (bad, ..) => bad,
        })?;
        Ok(Some(RequestLine { method: Span::new(0, first), target: Span::new(first + 1, second), version }))
    }
}

impl StartLine for RequestLine {
    const REMOVES_BLANKS: bool = false;

    fn parse(line: &[u8]) -> Result<Self, BadHead> {
        RequestLine::read(line, true)?.ok_or(BadHead::StartLine)
    }

    fn judge_begun(line: &[u8]) -> Result<(), BadHead> {
        RequestLine::read(line, false).map(drop)
    }
}

impl StartLine for StatusLine {
    const REMOVES_BLANKS: bool = true;

    /// RFC 9112 4: a reason may be missing, and with it, in the wild, the space before it.
    fn parse(line: &[u8]) -> Result<Self, BadHead> {
        Self::judge_begun(line)?;
        let (first, rest) = line.split_at_checked(VERSION).ok_or(BadHead::StartLine)?;
        let version = version(first)?;
        let [b' ', a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..] = rest else {
            return Err(BadHead::StartLine);
        };
        let digit = |d: &u8| u16::from(d - b'0');
        let status = digit(a) * 100 + digit(b) * 10 + digit(c);
        let reason = match rest {
            [] => Span::default(),
            [b' ', reason @ ..] if reason.iter().all(|b| *b == b'\t' || *b >= b' ' && *b != 0x7f) => {
                Span::within(reason, line)
            }
            _ => return Err(BadHead::StartLine),
        };
        Ok(StatusLine { version, status, reason })
    }

    fn judge_begun(line: &[u8]) -> Result<(), BadHead> {
        let begins = line.iter().zip(b"HTTP/").all(|(byte, wanted)| byte == wanted);
        if begins && line.len() <= STATUS_LINE_LIMIT { Ok(()) } else { Err(BadHead::StartLine) }
    }
}
