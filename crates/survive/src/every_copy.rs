//! What every copy does by itself, such as a timer that sends mails.

use std::time::Duration;

/// Finds lines that several copies wrote while no request was in flight.
#[derive(Debug, Default)]
pub struct EveryCopy {}

impl EveryCopy {
    /// A line of a copy's output. `idle_for` is how long that copy had had no request and no check when the line came.
    pub fn line(&mut self, _copy: usize, _at: Duration, _idle_for: Duration, _line: &str) {}

    /// The lines that more than one copy wrote by itself, each once and as one of them wrote it.
    pub fn found(&self) -> Vec<String> {
        Vec::new()
    }
}
