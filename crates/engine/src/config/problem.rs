//! What is wrong with a configuration, where, and what to do.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::untrusted::{Untrusted, joined};

/// One thing wrong in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, in characters.
    pub column: usize,
    /// Where in the document: `backends[1].weight`; empty for the document itself.
    pub path: Untrusted<String>,
    /// What is wrong and what to write.
    pub message: Untrusted<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        self.message.fmt(f)
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read {}: {error}", shown(path))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The file was read and is wrong, in each of these places.
    #[error("{}", joined(&self.problems(), "\n"))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// All that is wrong, in the order of the file.
        problems: Vec<Problem>,
    },
}

impl ConfigError {
    /// Each problem as one sentence, with the file's name.
    pub fn problems(&self) -> Vec<Untrusted<String>> {
        match self {
            ConfigError::Unreadable { .. } => vec![self.to_string().into()],
            ConfigError::Invalid { path, problems } => {
                problems.iter().map(|problem| format!("{}:{problem}", shown(path)).into()).collect()
            }
        }
    }
}

fn shown(path: &Path) -> Untrusted<String> {
    path.display().to_string().into()
}
