//! Tells of a process's output, and finds in it why the process ended.

use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::task::JoinHandle;

use crate::api::{Event, OutputEvent};
use crate::balancer::Backend;
use crate::process::{Lines, Process, Why};
use crate::state::Telemetry;

/// How long after a process's exit to wait for its last output.
const LAST_LINES: Duration = Duration::from_millis(500);

/// Reports a process's output line by line, and keeps the most informative line for the reason of its exit.
pub(super) struct ProcessOutput {
    task: JoinHandle<()>,
    why: Why,
}

impl ProcessOutput {
    pub(super) fn read(process: &mut Process, telemetry: &Arc<Telemetry>, backend: &Arc<Backend>) -> Self {
        let (telemetry, backend) = (Arc::clone(telemetry), Arc::clone(backend));
        let Some(output) = process.output.take() else {
            return ProcessOutput { task: tokio::spawn(async {}), why: Why::default() };
        };
        let mut lines = Lines::new(output);
        let why = lines.why();
        let task = tokio::spawn(async move {
            while let Some(line) = lines.next().await {
                let backend = Arc::clone(&backend.identity);
                telemetry.journal.tell(Event::Output(OutputEvent {
                    time: SystemTime::now(),
                    backend,
                    line: line.into(),
                }));
            }
        });
        ProcessOutput { task, why }
    }

    /// The line that best explains the exit. Waits for a limited time, because what the process left behind may keep
    /// the output open.
    pub(super) async fn last(mut self) -> String {
        let _ = tokio::time::timeout(LAST_LINES, &mut self.task).await;
        self.why.line()
    }
}
