//! The result of one check.

use std::fmt::Display;

use super::agent::Report;

/// The result of one check.
pub(crate) struct Finding {
    pub(crate) result: CheckResult,
    /// A description, for example `GET / 200` or `exit 1: no database`.
    pub(crate) reason: String,
    /// Whether the check connected to the backend in the same way as traffic.
    pub(crate) connected: bool,
    /// The backend's agent report, if enabled.
    pub(crate) report: Option<Report>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum CheckResult {
    Passed,
    Failed,
    /// Another program than the one started here listens on its port.
    Foreign,
    /// The check could not be made for a local reason, so the backend's state must not change.
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
