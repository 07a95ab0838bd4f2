//! Threshold alerts: what is watched, and what became of it.

use serde::{Deserialize, Serialize};
use std::time::SystemTime;

use crate::untrusted::Untrusted;

/// A way to tell of an alert beside the log, the events and the warnings, which tell of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AlertWay {
    /// The bell of the screen's terminal.
    Bell,
    /// A desktop notification, which the screen's terminal shows.
    Desktop,
    /// Mail.
    Mail,
}

/// One alert that is watched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AlertView {
    /// What it is, as written: `p95>500ms for=10s`.
    pub when: Untrusted<String>,
    /// Whether it has begun and not ended.
    pub active: bool,
    /// When it began; `None` while it is not active.
    #[serde(default, with = "crate::api::timestamp::optional")]
    pub since: Option<SystemTime>,
    /// The figures it compares, in words: `p95 is 812 ms`.
    pub value: Untrusted<String>,
}

impl AlertView {
    /// An alert that is not active.
    pub fn new(when: impl Into<Untrusted<String>>, value: impl Into<Untrusted<String>>) -> Self {
        AlertView { when: when.into(), active: false, since: None, value: value.into() }
    }
}

/// An alert began or ended, in the [`Notice`](super::Notice) that tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AlertChange {
    /// The alert, as written.
    pub when: Untrusted<String>,
    /// Whether it began; otherwise it ended.
    pub active: bool,
    /// The ways it is told beside the log; `None` leaves that to the screen's setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify: Option<Vec<AlertWay>>,
}

impl AlertChange {
    /// A change that the screen tells as it is set.
    pub fn new(when: impl Into<Untrusted<String>>, active: bool) -> Self {
        AlertChange { when: when.into(), active, notify: None }
    }
}
