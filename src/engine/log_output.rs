//! What becomes of the log lines of each output: outputs are a front end's, and everyone is told of them.

use std::time::{Duration, Instant};

use super::event::Level;
use super::log_view::LogOutput;
use super::shared::Shared;
use super::start::Balancer;
use super::warning::About;

/// Between two notices that an output gets no lines.
const NOTICES_APART: Duration = Duration::from_secs(30);

/// What is known of one output.
#[derive(Default)]
pub(crate) struct LogState {
    pub(super) dropped: u64,
    /// When it was last noticed that it gets none.
    noticed: Option<Instant>,
    /// It is to be noticed that it gets lines again.
    owed: bool,
}

impl Balancer {
    /// Notes how many log lines an output did not get since the start, and why it gets none now, where that is so. The
    /// warning stays for as long; a notice is told now and then, for one that changes all the time would fill the log.
    pub fn log_stands(&self, output: LogOutput, dropped: u64, trouble: Option<String>) {
        let is_due = self.shared.notes_log(output, dropped, trouble.is_some());
        let (level, text) = if let Some(text) = trouble {
            self.shared.warn_of(about(output), text.clone());
            (Level::Warning, text)
        } else {
            self.shared.is_well(about(output));
            let plural = if dropped == 1 { " was" } else { "s were" };
            (Level::Info, format!("{} is written again; {dropped} line{plural} dropped", output.in_words()))
        };
        if is_due {
            self.shared.notice(level, text);
        }
    }
}

impl Shared {
    /// Notes how an output stands; returns whether that is to be noticed.
    fn notes_log(&self, output: LogOutput, dropped: u64, in_trouble: bool) -> bool {
        let mut control = self.control();
        let was_well = control.warnings.iter().all(|warning| warning.about != about(output));
        let state = control.logs.entry(output).or_default();
        state.dropped = dropped;
        if !in_trouble {
            return std::mem::take(&mut state.owed);
        }
        let is_due = was_well && state.noticed.is_none_or(|noticed| noticed.elapsed() >= NOTICES_APART);
        if is_due {
            (state.noticed, state.owed) = (Some(Instant::now()), true);
        }
        is_due
    }
}

const fn about(output: LogOutput) -> About {
    match output {
        LogOutput::Stdout => About::Stdout,
        LogOutput::File => About::LogFile,
    }
}
