//! Validates a backend's response. Traffic and health checks share these rules, so that a check cannot pass a response
//! for which traffic gets a 502, nor fail one that traffic accepts. No I/O happens here.

use std::io;
use stickylb_http1::{
    BadBody, BadFraming, BadHead, BodyReader, FieldKind, Framing, HeadLimits, Pieces, ReadBuffer, ResponseHead, tokens,
};

use crate::api::{BodyCut, Fault, FieldName, Outcome};
use crate::config::Limits;

/// Bytes read at once for a head, and for what comes right behind it: a head is kept, and should not bring much
/// of a body along.
pub(crate) const HEAD_READ: usize = 16 * 1024;

/// A complete response head.
pub(crate) enum Received {
    /// An interim response (RFC 9110 15.2): another head follows.
    Interim(ResponseHead),
    /// The final response and its body's framing. Includes 101, after which the connection speaks another protocol.
    Final(ResponseHead, Framing),
}

/// The configured limits for a response head.
pub(crate) fn head_limits(limits: &Limits) -> HeadLimits {
    HeadLimits { bytes: limits.header_bytes, fields: limits.headers }
}

/// Buffers the result of a read while a head is awaited. End of stream and read errors both mean `NoAnswer`.
pub(crate) fn take_in(read_buffer: &mut ReadBuffer, read: io::Result<&[u8]>) -> Result<(), Outcome> {
    read_buffer.add(read.ok().filter(|bytes| !bytes.is_empty()).ok_or(Outcome::NoAnswer)?);
    Ok(())
}

/// Parses the next head from the buffer; `None` if it is incomplete. `to_head`: the request's method was HEAD.
pub(crate) fn next_head(
    read_buffer: &mut ReadBuffer,
    limits: &HeadLimits,
    to_head: bool,
) -> Result<Option<Received>, Outcome> {
    if read_buffer.is_empty() {
        return Ok(None);
    }
    let found: Option<ResponseHead> = read_buffer.head(limits).map_err(|bad| Outcome::BadAnswer(fault_of_head(bad)))?;
    let Some(head) = found else { return Ok(None) };
    if head.line.status < 200 && head.line.status != 101 {
        return Ok(Some(Received::Interim(head)));
    }
    let framing = Framing::of_response(&head, to_head).map_err(|bad| Outcome::BadAnswer(fault_of_framing(bad)))?;
    Ok(Some(Received::Final(head, framing)))
}

/// Whether a 101 names at least one protocol, and only protocols that the request offered (RFC 9110 7.8).
pub(crate) fn accepts_switch(head: &ResponseHead, was_asked: impl Fn(&[u8]) -> bool) -> bool {
    let mut named = head.values(FieldKind::Upgrade).flat_map(tokens).filter(|named| !named.is_empty()).peekable();
    named.peek().is_some() && named.all(was_asked)
}

/// What one read contributed to a body.
#[derive(Clone, Copy)]
pub(crate) struct Carried<'b> {
    /// What it is of the body.
    pub(crate) pieces: Pieces<'b>,
    /// Bytes after the body's end.
    pub(crate) behind: &'b [u8],
    /// Why the body ends here, if it is malformed or truncated.
    pub(crate) cut: Option<BadBody>,
}

/// Takes in the result of one read of the body, which may use `spill` for bytes that it has to rewrite.
pub(crate) fn carry<'b>(body: &mut BodyReader, read: io::Result<&'b [u8]>, spill: &'b mut Vec<u8>) -> Carried<'b> {
    let end = match read {
        Ok(bytes) if !bytes.is_empty() => {
            let came = body.read(bytes, spill);
            return Carried { pieces: came.pieces, behind: &bytes[came.used..], cut: came.bad };
        }
        Ok(_) => body.end(),
        // A TLS end of stream without close_notify (RFC 8446 6.1). Many servers omit it, and browsers accept such a
        // body as complete. If a length or chunked framing is unfinished, `end` still reports it as truncated.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => body.end(),
        Err(_) => Err(BadBody::CutShort),
    };
    let cut = end.as_ref().err().copied();
    Carried { pieces: end.unwrap_or(Pieces::none()), behind: b"", cut }
}

/// What a body of this framing lacks that ends like this.
pub(crate) fn cut_of(bad: BadBody, framing: Framing) -> BodyCut {
    match (bad, framing) {
        (BadBody::Chunk(_), _) => BodyCut::BadChunk,
        (BadBody::CutShort, Framing::Length(_)) => BodyCut::Length,
        (BadBody::CutShort, Framing::Chunked) => BodyCut::LastChunk,
        (BadBody::CutShort, Framing::Close | Framing::None) => BodyCut::Reset,
    }
}

fn fault_of_head(bad: BadHead) -> Fault {
    match bad {
        BadHead::TooLarge | BadHead::TooManyFields => Fault::TooLarge,
        BadHead::FieldName(name) | BadHead::FieldValue(name) => Fault::Field(FieldName::new(name.as_bytes())),
        _ => Fault::StatusLine,
    }
}

fn fault_of_framing(bad: BadFraming) -> Fault {
    match bad {
        BadFraming::TwoLengths | BadFraming::Length => Fault::Length,
        BadFraming::Both | BadFraming::Coding | BadFraming::OldCoding => Fault::Coding,
    }
}
