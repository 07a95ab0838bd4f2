//! HTTP/1.0 and 1.1 as a proxy needs them (RFC 9112): heads are parsed once and kept as they came, bodies pass in place
//! without a copy, and what two servers could parse differently (request smuggling) is refused.
//!
//! No I/O: bytes in, bytes out. A [`ReadBuffer`] finds heads among the bytes read, a [`RequestHead`] or [`ResponseHead`] the
//! fields in them, [`Framing`] where the body ends; a [`BodyRelay`] passes the body on, and [`Target`] splits what a request
//! asks for.

mod bad_name;
mod blanks;
mod body_relay;
mod buffer_pool;
mod chunked;
mod date;
mod field;
mod field_kind;
mod framing;
mod head;
mod line;
mod read_buffer;
mod span;
mod target;
#[cfg(test)]
mod test_split;
mod token;
mod trailers;

pub use bad_name::BadName;
pub use body_relay::{BadBody, BodyRelay};
pub use chunked::BadChunk;
pub use date::write_date;
pub use field_kind::FieldKind;
pub use framing::{BadFraming, Framing, decimal};
pub use head::{Fate, RequestHead, ResponseHead, tokens};
pub use line::{BadHead, Version};
pub use read_buffer::{HeadLimits, ReadBuffer};
pub use target::{BadTarget, Target, is_host};
