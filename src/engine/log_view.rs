//! What became of the log lines of each output.

use serde::{Deserialize, Serialize};

/// Where log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum LogOutput {
    /// Standard output.
    Stdout,
    /// A file.
    File,
}

impl LogOutput {
    /// `stdout`, `file`
    pub const fn name(self) -> &'static str {
        match self {
            LogOutput::Stdout => "stdout",
            LogOutput::File => "file",
        }
    }

    /// `stdout`, `the log file`
    pub const fn in_words(self) -> &'static str {
        match self {
            LogOutput::Stdout => "stdout",
            LogOutput::File => "the log file",
        }
    }
}

/// What became of the log lines of one output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogView {
    /// Which.
    pub output: LogOutput,
    /// Lines it did not get: it had no room for them, or took them too slowly.
    pub dropped: u64,
}
