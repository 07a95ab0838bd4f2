//! What is known of the outputs that log lines are written to, and when a person is told of it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::api::{LogOutput, LogView};

/// Between two notices that an output gets no lines.
const NOTICES_APART: Duration = Duration::from_secs(30);

/// What is known of each output.
#[derive(Default)]
pub(super) struct LogOutputs(BTreeMap<LogOutput, LogState>);

#[derive(Default)]
struct LogState {
    dropped: u64,
    in_trouble: bool,
    /// When a notice last said that it gets no lines.
    noticed: Option<Instant>,
    /// A notice is to say that it gets lines again.
    owes_notice: bool,
}

impl LogOutputs {
    /// Notes how an output stands; returns whether a notice is due. It is told now and then, for an output that changes all
    /// the time would fill the log.
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

    /// For the snapshot.
    pub(super) fn views(&self) -> Vec<LogView> {
        self.0.iter().map(|(output, state)| LogView { output: *output, dropped: state.dropped }).collect()
    }
}
