//! Connections to backends: dialling, keeping, and driving them.
//!
//! Every worker thread has its own idle connections, and a connection is driven inside the task of the
//! client it serves: no driver task, no wake-up across threads, no lock two threads contend for.

mod connection;
mod dial;
mod gate;
mod idle;
mod request;
mod stream;
mod tls;
mod trailers;

pub(crate) use connection::{Connection, SendError};
pub(crate) use dial::{DialError, dial, is_exhausted};
pub(crate) use idle::IdleConnections;
pub(crate) use request::{Broken, Progress, RequestBody, Upload, UploadLimits};
pub(crate) use stream::Stream;
pub(crate) use trailers::clean_trailers;
