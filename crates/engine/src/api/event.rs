//! What happened, as front ends, the log and embedding programs are told.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::SystemTime;

use super::alert::AlertChange;
use super::backend_state::State;
use super::change::PoolChange;
use super::identity::Identity;
use super::request_event::RequestEvent;
use crate::untrusted::Untrusted;

/// Something that happened, read with an [`EventReader`](crate::EventReader). In JSON its kind is the field `event`.
#[expect(clippy::large_enum_variant, reason = "always behind an Arc, and nearly always the large one")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "camelCase")]
#[non_exhaustive]
pub enum Event {
    /// A request ended, or a connection in TCP mode, however it ended: once for each.
    Request(RequestEvent),
    /// A backend's state changed.
    Update(UpdateEvent),
    /// Something a person should know.
    Notice(Notice),
    /// The process of a backend wrote a line. `/_lb/events` leaves these out: anything may stand in them.
    Output(OutputEvent),
}

impl Event {
    /// When it was told: of a request, when it ended.
    pub fn time(&self) -> SystemTime {
        match self {
            Event::Request(request) => request.time + request.took,
            Event::Update(update) => update.time,
            Event::Notice(notice) => notice.time,
            Event::Output(output) => output.time,
        }
    }
}

/// A backend's state changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UpdateEvent {
    /// When it changed.
    #[serde(with = "crate::api::timestamp")]
    pub time: SystemTime,
    /// The backend.
    pub backend: Arc<Identity>,
    /// What it was.
    pub from: State,
    /// What it is.
    pub to: State,
    /// Why, in words: `check failed: GET / 503`.
    pub reason: Untrusted<String>,
}

impl UpdateEvent {
    /// A change of this backend's state.
    pub fn new(
        time: SystemTime,
        backend: Arc<Identity>,
        [from, to]: [State; 2],
        reason: impl Into<Untrusted<String>>,
    ) -> Self {
        UpdateEvent { time, backend, from, to, reason: reason.into() }
    }
}

/// A line that the process of a backend wrote, on its standard output or its standard error; at most 1000 a second of each
/// process are told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OutputEvent {
    /// When it was read.
    #[serde(with = "crate::api::timestamp")]
    pub time: SystemTime,
    /// The backend.
    pub backend: Arc<Identity>,
    /// The line, without colours and cursor movements, at most 4096 bytes of it.
    pub line: Untrusted<String>,
}

impl OutputEvent {
    /// A line of this backend's process.
    pub fn new(time: SystemTime, backend: Arc<Identity>, line: impl Into<Untrusted<String>>) -> Self {
        OutputEvent { time, backend, line: line.into() }
    }
}

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Level {
    /// Good to know.
    Info,
    /// Something should be done about it.
    Warning,
}

/// Something a person should know, told once; what is wrong until it is mended is a [`Warning`](super::Warning).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Notice {
    /// When it was told.
    #[serde(with = "crate::api::timestamp")]
    pub time: SystemTime,
    /// How much it matters.
    pub level: Level,
    /// One plain sentence.
    pub text: Untrusted<String>,
    /// What changed, where it tells of a change of a strategy, a stickiness or a weight, by key, command or reload; of a state
    /// [`UpdateEvent`] tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Box<PoolChange>>,
    /// The alert that began or ended, if it tells of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<Box<AlertChange>>,
}

impl Notice {
    /// A sentence that matters so much.
    pub fn new(time: SystemTime, level: Level, text: impl Into<Untrusted<String>>) -> Self {
        Notice { time, level, text: text.into(), change: None, alert: None }
    }
}
