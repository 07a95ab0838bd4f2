//! The door between the engine and a screen, wherever the two are.

use std::future::Future;
use std::sync::Arc;

use super::command::{Command, CommandError};
use super::event::Event;
use super::heads::Heads;
use super::replayed::Replayed;
use super::snapshot::Snapshot;
use crate::untrusted::Untrusted;

/// What a screen knows an engine by. Whether that engine is in the same process does not show.
pub trait Door {
    /// How things stand, as far as is known here.
    fn snapshot(&self) -> Snapshot;

    /// Takes what has happened since the last call into `into`; returns how many events were missed.
    fn take(&mut self, into: &mut Vec<Arc<Event>>) -> u64;

    /// Waits for something new; for events only where `events` is set. Safe to drop and call again.
    fn news(&mut self, events: bool) -> impl Future<Output = News>;

    /// Does one thing.
    fn command(&self, command: Command) -> impl Future<Output = Result<(), CommandError>> + Send + 'static;

    /// The heads of the request with this number; `None` where they are not kept any more.
    fn heads(
        &self,
        number: u64,
    ) -> impl Future<Output = Result<Option<Box<Heads>>, Untrusted<String>>> + Send + 'static;

    /// Sends a request again, to this backend or as it is balanced. The error says why it was not.
    fn replay(
        &self,
        number: u64,
        to: Option<u32>,
    ) -> impl Future<Output = Result<Box<Replayed>, Untrusted<String>>> + Send + 'static;
}

/// What is new.
#[expect(clippy::exhaustive_enums, reason = "whoever waits has to know what for")]
pub enum News {
    /// There are events to take.
    Events,
    /// The figures are those of another second.
    Figures,
    /// The engine has ended, or is out of reach: why, as one sentence. It is told once.
    Ended(Untrusted<String>),
}
