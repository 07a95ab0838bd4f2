//! TLS with clients: whose certificates are shown, and the authority that signs those made here.

mod authority;
mod authority_files;
mod data_folder;
mod facts;
mod leaves;
mod local_authority;
mod new_authority;
mod read_pem;
mod store;
mod termination;
mod tls_error;

pub use local_authority::LocalAuthority;
pub(crate) use store::TlsStore;
pub(crate) use termination::{Termination, terminations};
pub use tls_error::TlsError;
