//! Connections to backends: dialling them, keeping idle ones, and validating responses.
//!
//! Each worker thread has its own idle connections, and the client's task itself reads and writes its backend
//! connection. This avoids driver tasks, wake-ups across threads and contended locks.

mod connection;
mod dial;
mod dial_faulty;
mod fault;
mod idle;
mod owner;
pub(crate) mod response;
mod reuse;
mod stream;
mod tcp;
mod tls;

pub(crate) use connection::Connection;
pub(crate) use dial::{DialError, dial, is_exhausted};
pub(crate) use dial_faulty::dial_faulty;
pub(crate) use fault::Carries;
pub(crate) use idle::{IdleConnections, Wanted};
pub(crate) use owner::{Login, Owner, binds_connection};
pub(crate) use reuse::Reuse;
pub(crate) use stream::Stream;
pub(crate) use tcp::PROVES;
pub(crate) use tls::to_own_listener;
