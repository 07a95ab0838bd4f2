//! What a front end knows an engine by, wherever the two are.

use std::future::Future;
use std::sync::Arc;

use super::command::{Command, CommandError, Done};
use super::event::Event;
use super::heads::Heads;
use super::ids::RequestNumber;
use super::replayed::Replayed;
use super::resolved::ResolvedConfig;
use super::snapshot::Snapshot;
use super::survive::SurviveReport;
use super::to_replay::ToReplay;
use super::what_if::{WhatIf, WhatIfOptions};
use crate::untrusted::Untrusted;

/// What a front end knows an engine by: [`LocalHandle`](crate::LocalHandle) in the same process, or one over a control
/// socket. Which of the two it is does not show.
pub trait EngineHandle {
    /// How things stand, as far as is known here.
    fn snapshot(&self) -> Snapshot;

    /// Whether this is a handle that can change nothing: every command is refused, nothing is sent again, and no heads are told.
    fn only_watches(&self) -> bool {
        false
    }

    /// How many requests and tunnels are in flight at this moment: those that would be waited for, or cut, if the engine
    /// stopped now. Unlike a [`snapshot`](EngineHandle::snapshot), which may be a second old, it is asked for.
    ///
    /// # Errors
    /// The engine cannot be asked, or did not answer within a second; why, as one sentence.
    fn in_flight(&self) -> impl Future<Output = Result<u64, Untrusted<String>>> + Send + 'static;

    /// Takes what has happened since the last call into `into`; returns how many events were missed.
    fn take(&mut self, into: &mut Vec<Arc<Event>>) -> u64;

    /// Waits for something new; for events only where `events` is set. It can be dropped and called again: nothing is lost.
    fn news(&mut self, events: bool) -> impl Future<Output = News>;

    /// Has one command carried out, after those that were given before, and says what it did.
    ///
    /// # Errors
    /// See [`CommandError`]; nothing changed.
    fn command(&self, command: Command) -> impl Future<Output = Result<Done, CommandError>> + Send + 'static;

    /// The heads of the request with this number; `None` where they are not kept any more.
    ///
    /// # Errors
    /// The engine cannot be asked; why, as one sentence.
    fn heads(
        &self,
        number: RequestNumber,
    ) -> impl Future<Output = Result<Option<Box<Heads>>, Untrusted<String>>> + Send + 'static;

    /// Sends a request again, as it was or as a person edited it.
    ///
    /// # Errors
    /// It was not sent, or what came of it was lost; why, as one sentence.
    fn replay(
        &self,
        replay: ToReplay,
    ) -> impl Future<Output = Result<Box<Replayed>, Untrusted<String>>> + Send + 'static;

    /// What the last run of `survive` has found, which is all once its stage is
    /// [`Ended`](super::SurviveStage::Ended); `None` where there was none.
    ///
    /// # Errors
    /// The engine cannot be asked; why, as one sentence.
    fn survive_report(
        &self,
    ) -> impl Future<Output = Result<Option<Box<SurviveReport>>, Untrusted<String>>> + Send + 'static;

    /// What each strategy would have done with the last requests of a pool.
    ///
    /// # Errors
    /// There is no such pool or backend, or the engine cannot be asked; why, as one sentence.
    fn what_if(
        &self,
        options: WhatIfOptions,
    ) -> impl Future<Output = Result<Box<WhatIf>, Untrusted<String>>> + Send + 'static;

    /// Its configuration with every default filled in, and with what a person changed since.
    ///
    /// # Errors
    /// The engine cannot be asked; why, as one sentence.
    fn configuration(&self) -> impl Future<Output = Result<Box<ResolvedConfig>, Untrusted<String>>> + Send + 'static;
}

/// What is new.
#[expect(clippy::exhaustive_enums, reason = "a caller that waits must handle each case")]
pub enum News {
    /// There are events to take.
    Events,
    /// A second has passed: [`EngineHandle::snapshot`] has new figures.
    Figures,
    /// The engine has ended, or is out of reach: why, as one sentence. It is told once.
    Ended(Untrusted<String>),
}
