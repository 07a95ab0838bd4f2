//! Values that must not be shown.

use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::read_file::read_file;

/// How long a file that is none, such as a named pipe, may take to give its value.
const PATIENCE: Duration = Duration::from_secs(5);

/// A value that may be a password or a token: it never appears in `Debug` output, pages, logs or events.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    value: String,
    source: Source,
}

/// Where a value was written.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// In the configuration, or in the program that embeds the balancer.
    Here,
    /// In this environment variable.
    Environment(String),
    /// In a file of its own.
    File,
}

impl Secret {
    /// Takes a value as it is to be used.
    pub fn new(value: String) -> Self {
        Secret { value, source: Source::Here }
    }

    /// The value itself, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.value
    }

    /// Where the value was written.
    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// Reads what a file says: `env:NAME` and `file:PATH` name where the value is, anything else is the value.
    pub(crate) fn resolve(written: &str) -> Result<Self, String> {
        if let Some(name) = written.strip_prefix("env:") {
            if name.is_empty() || name.contains(['=', '\0']) {
                return Err("'env:' names no variable: write env:NAME".to_owned());
            }
            return std::env::var(name)
                .map(|value| Secret { value, source: Source::Environment(name.to_owned()) })
                .map_err(|_| format!("the environment variable {name} is not set: set it, or write the value"));
        }
        if let Some(path) = written.strip_prefix("file:") {
            return read_file(Path::new(path), Some(PATIENCE))
                .and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other))
                .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
                .map(|value| Secret { value, source: Source::File })
                .map_err(|e| format!("cannot read {path}: {e}"));
        }
        Ok(Secret::new(written.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}
