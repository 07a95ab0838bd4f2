//! The first line of a message (RFC 9112 3 and 4).

use memchr::memchr;

use super::span::Span;

/// Bytes of a request's target; more is 414.
pub(crate) const TARGET_LIMIT: usize = 65_536;

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
    #[error("the version is not one of HTTP/1")]
    Version,
    #[error("the target is longer than 64 KB")]
    TargetTooLong,
    #[error("the header fields are larger than limits.headerBytes")]
    TooLarge,
    #[error("there are more header fields than limits.headers")]
    TooManyFields,
    #[error("a header field's name is malformed")]
    FieldName,
    #[error("a header field's value is malformed")]
    FieldValue,
}

/// The first line of a request or a response.
pub trait StartLine: Sized {
    /// Parses a line without its line end. The line starts the head, so that its spans are the head's.
    fn parse(line: &[u8]) -> Result<Self, BadHead>;
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

/// RFC 9112 2.3: one digit, a point, one digit.
fn version(bytes: &[u8]) -> Result<Version, BadHead> {
    match bytes {
        b"HTTP/1.0" => Ok(Version::Http10),
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1'..=b'9'] => Ok(Version::Http11),
        [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => Err(BadHead::Version),
        _ => Err(BadHead::StartLine),
    }
}

impl StartLine for RequestLine {
    /// RFC 9112 3: three words, one space between them.
    fn parse(line: &[u8]) -> Result<Self, BadHead> {
        let first = memchr(b' ', line).ok_or(BadHead::StartLine)?;
        let second = first + 1 + memchr(b' ', &line[first + 1..]).ok_or(BadHead::StartLine)?;
        let (method, target) = (&line[..first], &line[first + 1..second]);
        if target.len() > TARGET_LIMIT {
            return Err(BadHead::TargetTooLong);
        }
        let visible = |b: &u8| *b > b' ' && *b != 0x7f;
        if method.is_empty() || !method.iter().all(|b| is_token(*b)) || target.is_empty() || !target.iter().all(visible)
        {
            return Err(BadHead::StartLine);
        }
        let version = version(&line[second + 1..])?;
        Ok(RequestLine { method: Span::new(0, first), target: Span::new(first + 1, second), version })
    }
}

impl StartLine for StatusLine {
    /// RFC 9112 4: a reason may be missing, and with it, in the wild, the space before it.
    fn parse(line: &[u8]) -> Result<Self, BadHead> {
        let (first, rest) = line.split_at_checked(8).ok_or(BadHead::StartLine)?;
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
}

/// RFC 9110 5.6.2
fn is_token(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b)
}
