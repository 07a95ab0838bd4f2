//! What one check found.

use std::fmt::Display;

use super::agent::Report;

/// What a check found.
pub(crate) struct Finding {
    pub(crate) result: CheckResult,
    /// In words: `GET / 200`, `exit 1: no database`.
    pub(crate) reason: String,
    /// Whether a connection to the backend was made, as traffic makes them.
    pub(crate) connected: bool,
    /// What the backend says of itself, where it is asked.
    pub(crate) report: Option<Report>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum CheckResult {
    Passed,
    Failed,
    /// This program could not ask, which says nothing of the backend.
    Inconclusive,
}

impl Finding {
    pub(crate) fn new(result: CheckResult, reason: impl Display) -> Self {
        Finding { result, reason: reason.to_string(), connected: false, report: None }
    }

    pub(crate) fn passed(reason: impl Display) -> Self {
        Finding::new(CheckResult::Passed, reason)
    }

    pub(crate) fn failed(reason: impl Display) -> Self {
        Finding::new(CheckResult::Failed, reason)
    }
}
