//! Judging a backend's response: the one set of rules for traffic and for health checks, so that a check cannot pass what
//! traffic answers with 502, nor fail what traffic takes.
//!
//! Nothing here knows a socket: whoever reads from one hands over what the read brought.

use std::io;
use stickylb_http1::{
    BadBody, BadFraming, BadHead, BodyRelay, FieldKind, Framing, HeadLimits, ReadBuffer, ResponseHead, tokens,
};

use crate::api::{Fault, Outcome};
use crate::config::Limits;

/// Bytes read at once for a head, and for what comes right behind it: a head is kept, and should not bring much
/// of a body along.
pub(crate) const HEAD_READ: usize = 16 * 1024;

/// A head that came whole.
pub(crate) enum Received {
    /// Of an interim response (RFC 9110 15.2): another one follows.
    Interim(ResponseHead),
    /// Of the response itself, with where its body ends. A 101 is one, too: after it the connection speaks another
    /// protocol.
    Final(ResponseHead, Framing),
}

/// What a response's head may not exceed.
pub(crate) fn head_limits(limits: &Limits) -> HeadLimits {
    HeadLimits { bytes: limits.header_bytes, fields: limits.headers }
}

/// Takes in what a read brought while a head is awaited. The connection's end, in good order or not, leaves the request
/// without an answer.
pub(crate) fn take_in(read_buffer: &mut ReadBuffer, read: io::Result<&[u8]>) -> Result<(), Outcome> {
    read_buffer.add(read.ok().filter(|bytes| !bytes.is_empty()).ok_or(Outcome::NoAnswer)?);
    Ok(())
}

/// The next head in what was read, once all of it is there; `to_head` says whether it answers a HEAD.
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

/// Whether a 101 names what it switches to, and nothing but what was asked for (RFC 9110 7.8).
pub(crate) fn accepts_switch(head: &ResponseHead, was_asked: impl Fn(&[u8]) -> bool) -> bool {
    let mut named = head.values(FieldKind::Upgrade).flat_map(tokens).filter(|named| !named.is_empty()).peekable();
    named.peek().is_some() && named.all(was_asked)
}

/// What a read brought of a body.
#[derive(Clone, Copy)]
pub(crate) struct Carried<'b> {
    /// What goes on.
    pub(crate) out: &'b [u8],
    /// What stands behind the body's end.
    pub(crate) behind: &'b [u8],
    /// Why nothing more goes on: the body breaks off here.
    pub(crate) cut: Option<BadBody>,
}

/// Carries a body on by what a read brought.
pub(crate) fn carry<'b>(body: &mut BodyRelay, read: io::Result<&'b [u8]>, spill: &'b mut Vec<u8>) -> Carried<'b> {
    let end = match read {
        Ok(bytes) if !bytes.is_empty() => {
            let relayed = body.pass(bytes, spill);
            return Carried { out: relayed.out, behind: &bytes[relayed.used..], cut: relayed.bad };
        }
        Ok(_) => body.end(),
        // Over TLS, an end without a close_notify (RFC 8446 6.1). Many servers leave it out, and browsers take what ends
        // so for whole; where a length or chunks say that more was to come, it is cut short all the same.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => body.end(),
        Err(_) => Err(BadBody::CutShort),
    };
    Carried { out: end.unwrap_or_default(), behind: b"", cut: end.err() }
}

fn fault_of_head(bad: BadHead) -> Fault {
    match bad {
        BadHead::StartLine | BadHead::Version | BadHead::TargetTooLong => Fault::StatusLine,
        BadHead::TooLarge | BadHead::TooManyFields => Fault::TooLarge,
        BadHead::FieldName | BadHead::FieldValue => Fault::Field,
    }
}

fn fault_of_framing(bad: BadFraming) -> Fault {
    match bad {
        BadFraming::TwoLengths | BadFraming::Length => Fault::Length,
        BadFraming::Both | BadFraming::Coding | BadFraming::OldCoding => Fault::Coding,
    }
}
