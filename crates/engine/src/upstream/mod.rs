//! Connections to backends: dialling and keeping them, and judging what comes back on them.
//!
//! Every worker thread has its own idle connections, and a connection is driven inside the task of the
//! client it serves: no driver task, no wake-up across threads, no lock two threads contend for.

mod connection;
mod dial;
mod idle;
mod owner;
pub(crate) mod response;
mod reuse;
mod stream;
mod tcp;
mod tls;

pub(crate) use connection::Connection;
pub(crate) use dial::{DialError, dial, is_exhausted};
pub(crate) use idle::{IdleConnections, Wanted};
pub(crate) use owner::{Login, Owner, binds_connection};
pub(crate) use reuse::Reuse;
pub(crate) use stream::Stream;
pub(crate) use tcp::PROVES;
