//! What becomes of the log lines of each output. The outputs are a front end's; this is what everyone is told of them.

use serde::{Deserialize, Serialize};

use super::warning::About;

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

    /// The warning that is about it.
    pub(crate) const fn about(self) -> About {
        match self {
            LogOutput::Stdout => About::Stdout,
            LogOutput::File => About::LogFile,
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
#[non_exhaustive]
pub struct LogView {
    /// Which.
    pub output: LogOutput,
    /// Lines it did not get: it had no room for them, or took them too slowly.
    pub dropped: u64,
}
