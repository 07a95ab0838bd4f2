//! TLS with clients: whose certificates are shown, and the authority that signs those made here.

mod authority;
mod authority_files;
mod data_folder;
mod facts;
mod leaves;
mod local_authority;
mod new_authority;
mod read_pem;
mod refused_name;
mod resolver;
mod store;
mod termination;
mod ticket_file;
mod ticket_key;
mod tickets;
mod tls_error;
mod user_certificate;

pub use local_authority::LocalAuthority;
pub(crate) use refused_name::RefusedName;
pub(crate) use store::TlsStore;
pub(crate) use termination::{Termination, terminations};
pub use tls_error::TlsError;
pub use user_certificate::check_certificates;
pub(crate) use user_certificate::{UserCertificate, certificate_warnings, refresh};
