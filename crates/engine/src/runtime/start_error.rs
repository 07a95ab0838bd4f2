//! Why the engine did not start.

use crate::api::CommandError;
use crate::listener::ListenError;
use crate::untrusted::{Untrusted, joined};

/// Why the engine did not start. Nothing is left running.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration contradicts itself.
    #[error("{}", joined(.0, "\n"))]
    Config(Vec<Untrusted<String>>),
    /// The address cannot be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// `downgradeToUser` names a user that this process cannot become.
    #[error("{0}")]
    User(Untrusted<String>),
    /// A thread could not be started.
    #[error("cannot start a worker thread: {0}")]
    Thread(std::io::Error),
    /// A process could not be started.
    #[error(transparent)]
    Process(#[from] CommandError),
}

impl StartError {
    pub(crate) fn user(why: String) -> Self {
        StartError::User(why.into())
    }
}
