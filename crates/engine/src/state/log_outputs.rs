//! Tracks the outputs that log lines are written to, and limits how often a person is told of trouble with one.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::api::{LogOutput, LogView};

/// Minimum time between two notices of trouble with the same output.
const NOTICES_APART: Duration = Duration::from_secs(30);

/// The state of each log output.
#[derive(Default)]
pub(super) struct LogOutputs(BTreeMap<LogOutput, LogState>);

#[derive(Default)]
struct LogState {
    dropped: u64,
    in_trouble: bool,
    /// When a notice last reported trouble.
    noticed: Option<Instant>,
    /// Whether trouble was reported, so that recovery must be reported, too.
    owes_notice: bool,
}

impl LogOutputs {
    /// Updates an output's state; returns whether a notice is due. Notices are rate-limited, because an output that
    /// keeps failing and recovering would fill the log.
    pub(super) fn note(&mut self, output: LogOutput, dropped: u64, in_trouble: bool) -> bool {
        let state = self.0.entry(output).or_default();
        state.dropped = dropped;
        let was_well = !std::mem::replace(&mut state.in_trouble, in_trouble);
        if !in_trouble {
            return std::mem::take(&mut state.owes_notice);
        }
        let is_due = was_well && state.noticed.is_none_or(|noticed| noticed.elapsed() >= NOTICES_APART);
        if is_due {
            (state.noticed, state.owes_notice) = (Some(Instant::now()), true);
        }
        is_due
    }

    /// The dropped lines of each output, for the snapshot.
    pub(super) fn views(&self) -> Vec<LogView> {
        self.0.iter().map(|(output, state)| LogView { output: *output, dropped: state.dropped }).collect()
    }
}
