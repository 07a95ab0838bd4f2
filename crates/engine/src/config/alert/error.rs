//! A mistake in an alert's text.

use std::fmt;

/// A mistake in an alert's text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AlertError {
    /// The byte it stands at.
    pub at: usize,
    /// What is wrong and what to write, in one sentence.
    pub message: String,
}

impl fmt::Display for AlertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for AlertError {}

pub(super) fn wrong<T>(at: usize, message: impl Into<String>) -> Result<T, AlertError> {
    Err(AlertError { at, message: message.into() })
}
