//! TLS with clients: whose certificates are shown, and the authority that signs those made here.

mod authority;
mod leaves;
mod store;
mod termination;
mod tls_error;

pub(crate) use store::TlsStore;
pub(crate) use termination::{Termination, terminations};
pub use tls_error::TlsError;
