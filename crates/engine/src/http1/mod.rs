//! HTTP/1.0 and 1.1 as a proxy needs them (RFC 9112): heads are parsed once and kept as they came, bodies go by in
//! place, and what two servers could read differently is refused.
//!
//! Nothing here knows a socket: bytes in, bytes out. [`unread`] finds the heads among the bytes,
//! [`head`] the fields in them, [`framing`] where its body
//! ends, [`chunked`] and [`passage`] carry the body, [`target`] splits what a request asks for.

mod chunked;
#[cfg(test)]
mod cuts;
mod date;
mod framing;
mod head;
mod kind;
mod line;
mod passage;
mod spare;
mod target;
mod trailers;
mod unread;

pub(crate) use date::write_date;
pub(crate) use framing::{BadFraming, Framing, decimal};
pub(crate) use head::{Fate, RequestHead, ResponseHead, tokens};
pub(crate) use kind::Kind;
pub(crate) use line::{BadHead, Version};
pub(crate) use passage::Passage;
pub(crate) use target::{BadTarget, Target, is_host};
pub(crate) use unread::{HeadLimits, Unread};
