//! Why TLS cannot be spoken with clients.

use std::io;
use std::path::PathBuf;

/// Why a listener cannot speak TLS. No message repeats what a key file holds.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// There is no folder for what is made here.
    #[error(
        "there is no folder for the authority that signs certificates: set HOME or XDG_DATA_HOME, or give --tls-cert"
    )]
    NoHome,
    /// A file cannot be read or written.
    #[error("cannot {what} {}: {error}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// A certificate or key is malformed or does not fit.
    #[error("{}: {why}", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// A certificate cannot be made.
    #[error("cannot make a certificate: {0}")]
    NotMade(String),
}
