//! What becomes of the log lines of each output. Outputs are a front end's; here stands what everyone is told of them.

use serde::{Deserialize, Serialize};

use super::event::Level;
use super::start::Balancer;
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

    const fn about(self) -> About {
        match self {
            LogOutput::Stdout => About::Stdout,
            LogOutput::File => About::LogFile,
        }
    }

    const fn in_words(self) -> &'static str {
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

impl Balancer {
    /// Notes how many log lines an output did not get since the start, and why it gets none now, where that is so.
    pub fn log_stands(&self, output: LogOutput, dropped: u64, trouble: Option<String>) {
        let was_well = {
            let mut control = self.shared.control();
            control.logs.insert(output, dropped);
            control.warnings.iter().all(|warning| warning.about != output.about())
        };
        match trouble {
            Some(text) => {
                self.shared.warn_of(output.about(), text.clone());
                if was_well {
                    self.shared.notice(Level::Warning, text);
                }
            }
            None if was_well => {}
            None => {
                self.shared.is_well(output.about());
                let plural = if dropped == 1 { " was" } else { "s were" };
                let text = format!("{} is written again; {dropped} line{plural} dropped", output.in_words());
                self.shared.notice(Level::Info, text);
            }
        }
    }
}
