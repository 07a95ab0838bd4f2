//! Connections to backends: dialling and keeping them, and judging what comes back on them.
//!
//! Every worker thread has its own idle connections, and a connection is driven inside the task of the
//! client it serves: no driver task, no wake-up across threads, no lock two threads contend for.

mod connection;
mod dial;
mod idle;
pub(crate) mod response;
mod stream;
mod tls;

pub(crate) use connection::Connection;
pub(crate) use dial::{DialError, dial, is_exhausted};
pub(crate) use idle::IdleConnections;
pub(crate) use stream::Stream;
