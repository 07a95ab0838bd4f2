//! Why the engine did not start.

use crate::api::CommandError;
use crate::listener::ListenError;
use crate::untrusted::{Untrusted, joined};

/// Why a balancer did not start, or a reload changed nothing: each a sentence that says what to do. Nothing is left running
/// that did not run before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration is wrong, in each of these ways; displayed one a line.
    #[error("{}", joined(.0, "\n"))]
    Config(Vec<Untrusted<String>>),
    /// An address cannot be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// `downgradeToUser` names a user that this process cannot become.
    #[error("{0}")]
    User(Untrusted<String>),
    /// A thread could not be started; what the system said.
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
