//! Why the engine did not start.

use crate::api::CommandError;
use crate::listener::ListenError;

/// Why the engine did not start. Nothing is left running.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration contradicts itself.
    #[error("{}", .0.join("\n"))]
    Config(Vec<String>),
    /// The address cannot be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// `downgradeToUser` names a user that this process cannot become.
    #[error("{0}")]
    User(String),
    /// A thread could not be started.
    #[error("cannot start a worker thread: {0}")]
    Thread(std::io::Error),
    /// A process could not be started.
    #[error(transparent)]
    Process(#[from] CommandError),
}
