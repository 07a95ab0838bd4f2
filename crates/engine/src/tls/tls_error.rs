//! Why TLS cannot be spoken with clients.

use std::io;
use std::path::{Path, PathBuf};

use crate::untrusted::Untrusted;

/// Why a listener cannot speak TLS. No message repeats what a key file holds.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// There is no folder for what is made here.
    #[error(
        "there is no folder for the authority that signs certificates: set HOME or XDG_DATA_HOME, or give --tls-cert and --tls-key"
    )]
    NoHome,
    /// A file cannot be read.
    #[error("{}: cannot be read: {error}{advice}", shown(path))]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
        /// What to do, after a colon; empty where the system's error says enough.
        advice: String,
    },
    /// The authority cannot be written.
    #[error(
        "{}: the authority that signs certificates cannot be written there: {error}: set XDG_DATA_HOME to a folder that can be \
         written, or give --tls-cert and --tls-key",
        shown(path)
    )]
    Unwritable {
        /// Which file or folder.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// A certificate or a key is malformed, does not fit or must not be used.
    #[error("{}: {why}", shown(path))]
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

impl TlsError {
    pub(super) fn malformed(path: impl Into<PathBuf>, why: impl Into<String>) -> Self {
        TlsError::Malformed { path: path.into(), why: why.into() }
    }

    pub(super) fn unreadable(path: &Path, error: io::Error) -> Self {
        let advice = if error.kind() == io::ErrorKind::PermissionDenied {
            ": let this user read it, or start the program as the user that it belongs to"
        } else {
            ""
        };
        TlsError::Unreadable { path: path.to_owned(), error, advice: advice.to_owned() }
    }
}

/// A path as it is shown.
pub(super) fn shown(path: &Path) -> Untrusted<String> {
    path.display().to_string().into()
}
