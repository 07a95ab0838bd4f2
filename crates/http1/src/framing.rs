//! Where a message's body ends (RFC 9112 6.3).

use super::field_kind::FieldKind;
use super::head::{RequestHead, ResponseHead};
use super::line::Version;

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is no body.
    None,
    /// It has this many bytes.
    Length(u64),
    /// It comes in chunks, the last of which is empty.
    Chunked,
    /// It ends with the connection.
    Close,
}

/// Why a head does not tell where its body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each says what it is")]
pub enum BadFraming {
    #[error("it has both Content-Length and Transfer-Encoding")]
    Both,
    #[error("it has more than one Content-Length")]
    TwoLengths,
    #[error("its Content-Length is not a number below 2^63")]
    Length,
    #[error("its Transfer-Encoding is not one 'chunked'")]
    Coding,
    #[error("HTTP/1.0 has no Transfer-Encoding")]
    OldCoding,
}

impl Framing {
    /// The framing of a request. Strict, because a server that parses it differently sees other requests: request smuggling
    /// (RFC 9112 11.2).
    pub fn of_request(head: &RequestHead) -> Result<Framing, BadFraming> {
        if head.has(FieldKind::TransferEncoding) {
            if head.line.version == Version::Http10 {
                return Err(BadFraming::OldCoding);
            }
            if head.has(FieldKind::ContentLength) {
                return Err(BadFraming::Both);
            }
            return if is_chunked(head.values(FieldKind::TransferEncoding)) {
                Ok(Framing::Chunked)
            } else {
                Err(BadFraming::Coding)
            };
        }
        let mut lengths = head.values(FieldKind::ContentLength);
        match (lengths.next(), lengths.next()) {
            (None, _) => Ok(Framing::None),
            (Some(_), Some(_)) => Err(BadFraming::TwoLengths),
            (Some(length), None) => match decimal(length) {
                Some(0) => Ok(Framing::None),
                Some(length) => Ok(Framing::Length(length)),
                None => Err(BadFraming::Length),
            },
        }
    }

    /// The framing of a response; `to_head`: the request was a HEAD.
    pub fn of_response(head: &ResponseHead, to_head: bool) -> Result<Framing, BadFraming> {
        let status = head.line.status;
        let length = length_of_response(head)?;
        if to_head || status < 200 || status == 204 || status == 304 {
            return Ok(Framing::None);
        }
        if head.has(FieldKind::TransferEncoding) {
            // Transfer-Encoding overrides a Content-Length beside it (RFC 9112 6.3).
            let chunked = is_chunked(head.values(FieldKind::TransferEncoding));
            return if chunked { Ok(Framing::Chunked) } else { Err(BadFraming::Coding) };
        }
        Ok(length.map_or(Framing::Close, |length| if length == 0 { Framing::None } else { Framing::Length(length) }))
    }
}

/// RFC 9110 8.6 lets a recipient take equal lengths for one.
fn length_of_response(head: &ResponseHead) -> Result<Option<u64>, BadFraming> {
    let mut length = None;
    for value in head.values(FieldKind::ContentLength) {
        let value = decimal(value).ok_or(BadFraming::Length)?;
        if length.is_some_and(|before| before != value) {
            return Err(BadFraming::TwoLengths);
        }
        length = Some(value);
    }
    Ok(length)
}

/// One line with one coding, in any case and with nothing around it.
fn is_chunked<'h>(mut lines: impl Iterator<Item = &'h [u8]>) -> bool {
    let only = lines.next().is_some_and(|value| value.eq_ignore_ascii_case(b"chunked"));
    only && lines.next().is_none()
}

/// Digits alone: no sign, no space, no underscore, and not more than 63 bits: many servers count with a sign, and a larger
/// number is less than nothing to them.
pub fn decimal(value: &[u8]) -> Option<u64> {
    if value.is_empty() {
        return None;
    }
    let number = value.iter().try_fold(0_u64, |sum, b| {
        let digit = b.checked_sub(b'0').filter(|digit| *digit < 10)?;
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    });
    number.filter(|number| i64::try_from(*number).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_buffer::{HeadLimits, ReadBuffer};

    const LIMITS: HeadLimits = HeadLimits { bytes: 4096, fields: 16 };

    fn request(fields: &str) -> Result<Framing, BadFraming> {
        let mut read_buffer = ReadBuffer::default();
        read_buffer.add(format!("POST / HTTP/1.1\r\n{fields}\r\n\r\n").as_bytes());
        Framing::of_request(&read_buffer.head(&LIMITS).expect("a good head").expect("a whole head"))
    }

    fn response(status: &str, fields: &str, to_head: bool) -> Result<Framing, BadFraming> {
        let mut read_buffer = ReadBuffer::default();
        read_buffer.add(format!("HTTP/1.1 {status}\r\n{fields}\r\n\r\n").as_bytes());
        Framing::of_response(&read_buffer.head(&LIMITS).expect("a good head").expect("a whole head"), to_head)
    }

    #[test]
    fn a_requests_body_has_one_framing_or_none() {
        assert_eq!(request("Host: a"), Ok(Framing::None));
        assert_eq!(request("Content-Length: 0"), Ok(Framing::None));
        assert_eq!(request("Content-Length: 9223372036854775807"), Ok(Framing::Length(i64::MAX as u64)));
        assert_eq!(request("Transfer-Encoding: Chunked"), Ok(Framing::Chunked));
        assert_eq!(request("Content-Length: 5\r\nContent-Length: 5"), Err(BadFraming::TwoLengths));
        assert_eq!(request("Content-Length: 5\r\nTransfer-Encoding: chunked"), Err(BadFraming::Both));
        for length in ["", "+5", "-5", "0x5", "5_0", "5 0", "5,5", "9223372036854775808", "18446744073709551616"] {
            assert_eq!(request(&format!("Content-Length: {length}")), Err(BadFraming::Length), "{length}");
        }
        for coding in ["", "xchunked", "chunked, chunked", "gzip, chunked", "chunked;q=1", "identity"] {
            assert_eq!(request(&format!("Transfer-Encoding: {coding}")), Err(BadFraming::Coding), "{coding}");
        }
    }

    #[test]
    fn a_responses_body_follows_from_its_status_and_its_fields() {
        assert_eq!(response("200 OK", "X: y", false), Ok(Framing::Close));
        assert_eq!(response("200 OK", "Content-Length: 5\r\nContent-Length: 5", false), Ok(Framing::Length(5)));
        assert_eq!(response("200 OK", "Content-Length: 5\r\nContent-Length: 6", false), Err(BadFraming::TwoLengths));
        let both = "Content-Length: 5\r\nTransfer-Encoding: chunked";
        assert_eq!(response("200 OK", both, false), Ok(Framing::Chunked));
        for status in ["103 Early", "204 No", "304 Not"] {
            assert_eq!(response(status, "Content-Length: 5", false), Ok(Framing::None), "{status}");
        }
        assert_eq!(response("200 OK", "Content-Length: 5", true), Ok(Framing::None));
    }
}
