//! Errors of starting and reloading the engine.

use crate::api::CommandError;
use crate::listener::ListenError;
use crate::tls::TlsError;
use crate::untrusted::{Untrusted, joined};

/// Why a balancer did not start, or a reload changed nothing. Each message says what to do. Nothing is left running
/// that did not run before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// All problems of the configuration; displayed one per line.
    #[error("{}", joined(.0, "\n"))]
    Config(Vec<Untrusted<String>>),
    /// A listener's address cannot be bound.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A listener cannot speak TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// This process cannot switch to the user in `downgradeToUser`.
    #[error("{0}")]
    User(Untrusted<String>),
    /// A worker thread could not be started, with the system's error.
    #[error("cannot start a worker thread: {0}")]
    Thread(std::io::Error),
    /// A demo backend or a copy could not be started.
    #[error(transparent)]
    Process(#[from] CommandError),
}

impl StartError {
    pub(crate) fn user(why: String) -> Self {
        StartError::User(why.into())
    }
}
