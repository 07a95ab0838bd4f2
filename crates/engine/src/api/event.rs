//! What happened, as front ends and the log are told.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::SystemTime;

use super::backend_state::State;
use super::identity::Identity;
use super::request_event::RequestEvent;
use crate::untrusted::Untrusted;

/// Something that happened.
#[expect(clippy::large_enum_variant, reason = "always behind an Arc, and nearly always the large one")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "camelCase")]
pub enum Event {
    /// A request ended, one way or another.
    Request(RequestEvent),
    /// A backend's state changed.
    Update(UpdateEvent),
    /// Something a person should know.
    Notice(Notice),
    /// The process of a backend wrote a line.
    Output(OutputEvent),
}

/// A backend's state changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateEvent {
    /// When.
    #[serde(with = "crate::api::timestamp")]
    pub time: SystemTime,
    /// Whose.
    pub backend: Arc<Identity>,
    /// What it was.
    pub from: State,
    /// What it is.
    pub to: State,
    /// Why, in words.
    pub reason: Untrusted<String>,
}

/// A line that the process of a backend wrote, on its standard output or its standard error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutputEvent {
    /// When it was read.
    #[serde(with = "crate::api::timestamp")]
    pub time: SystemTime,
    /// Whose.
    pub backend: Arc<Identity>,
    /// The line, without colours and cursor movements, at most 4096 bytes of it.
    pub line: Untrusted<String>,
}

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// Good to know.
    Info,
    /// Something should be done about it.
    Warning,
}

/// Something a person should know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// When.
    #[serde(with = "crate::api::timestamp")]
    pub time: SystemTime,
    /// How much it matters.
    pub level: Level,
    /// One plain sentence.
    pub text: Untrusted<String>,
}
