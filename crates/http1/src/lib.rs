//! HTTP/1.0 and 1.1 as a proxy needs them (RFC 9112): heads are parsed once and kept as they came, bodies pass in place
//! without a copy, and what two servers could parse differently (request smuggling) is refused.
//!
//! No I/O: bytes in, bytes out. A [`ReadBuffer`] finds heads among the bytes read, a [`RequestHead`] or [`ResponseHead`] the
//! fields in them, [`Framing`] where the body ends; a [`BodyReader`] makes [`Pieces`] of the body and a [`BodyWriter`] frames those
//! for another connection, and [`Target`] splits what a request asks for.

mod bad_name;
mod blanks;
mod body_reader;
mod body_writer;
mod buffer_pool;
mod chunk_place;
mod chunked;
mod date;
mod field;
mod field_kind;
mod framing;
mod head;
mod line;
mod piece;
mod pieces;
mod read_buffer;
mod span;
mod target;
#[cfg(test)]
mod test_split;
mod token;
mod trailers;

pub use bad_name::BadName;
pub use body_reader::{BadBody, BodyReader};
pub use body_writer::BodyWriter;
pub use chunk_place::BadChunk;
pub use date::write_date;
pub use field_kind::FieldKind;
pub use framing::{BadFraming, Framing, decimal};
pub use head::{Fate, RequestHead, ResponseHead, tokens};
pub use line::{BadHead, Version};
pub use piece::Piece;
pub use pieces::{EachPiece, Pieces};
pub use read_buffer::{HeadLimits, ReadBuffer};
pub use target::{BadTarget, Target, is_host};
