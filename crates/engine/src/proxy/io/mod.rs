//! Bytes in and out of sockets: buffers, reading, writing, and whether the other side is still there.

mod broken;
mod client_stream;
mod disconnect;
mod read;
mod scratch;
mod socket;
mod tls_records;
mod tls_stream;
mod write_buffer;

pub(crate) use broken::Broken;
pub(crate) use client_stream::ClientStream;
pub(crate) use disconnect::{DisconnectProbe, LOOK, backend_has_reset, has_reset, is_abandoned, unless_disconnected};
pub(crate) use read::{ROUNDS, poll_read};
pub(crate) use scratch::{READ, Scratch, with_scratch};
pub(crate) use socket::Socket;
pub(crate) use tls_stream::TlsStream;
pub(crate) use write_buffer::WriteBuffer;
