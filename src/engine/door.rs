//! The door between the engine and a screen, wherever the two are.

use std::future::{Future, pending};
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::watch;

use super::command::{Command, CommandError};
use super::event::Event;
use super::heads::{Heads, Watch};
use super::journal::EventReader;
use super::snapshot::Snapshot;
use super::start::Balancer;
use crate::proxy::Replayed;

/// What a screen knows an engine by. Whether that engine is in the same process does not show.
pub(crate) trait Door {
    /// How things stand, as far as is known here.
    fn snapshot(&self) -> Snapshot;

    /// Takes what has happened since the last call into `into`; returns how many events were missed.
    fn take(&mut self, into: &mut Vec<Arc<Event>>) -> u64;

    /// Waits for something new; for events only where `events` is set. Safe to drop and call again.
    fn news(&mut self, events: bool) -> impl Future<Output = News>;

    /// Does one thing.
    fn command(&self, command: Command) -> impl Future<Output = Result<(), CommandError>> + Send + 'static;

    /// The heads of the request with this number; `None` where they are not kept any more.
    fn heads(&self, number: u64) -> impl Future<Output = Result<Option<Box<Heads>>, String>> + Send + 'static;

    /// Sends a request again, to this backend or as it is balanced. The error says why it was not.
    fn replay(
        &self,
        number: u64,
        to: Option<u32>,
    ) -> impl Future<Output = Result<Box<Replayed>, String>> + Send + 'static;
}

/// What is new.
pub(crate) enum News {
    /// There are events to take.
    Events,
    /// The figures are those of another second.
    Figures,
    /// The engine has ended, or is out of reach: why, as one sentence. It is told once.
    Ended(String),
}

/// The door to an engine in this process, whose tasks may be another thread's.
pub(crate) struct Local {
    engine: Arc<Balancer>,
    /// What the engine runs on, and what is asked of it.
    runtime: Handle,
    events: EventReader,
    seconds: watch::Receiver<u64>,
    _heads: Watch,
}

impl Local {
    /// To be made on the runtime that the engine was started on.
    pub(crate) fn new(engine: &Arc<Balancer>) -> Self {
        Local {
            engine: Arc::clone(engine),
            runtime: Handle::current(),
            events: engine.events(),
            seconds: engine.seconds(),
            _heads: engine.watch_heads(),
        }
    }
}

impl Door for Local {
    fn snapshot(&self) -> Snapshot {
        self.engine.snapshot()
    }

    fn take(&mut self, into: &mut Vec<Arc<Event>>) -> u64 {
        self.events.take(into)
    }

    async fn news(&mut self, events: bool) -> News {
        tokio::select! {
            () = self.events.wait(), if events => News::Events,
            Ok(()) = self.seconds.changed() => News::Figures,
            else => pending().await,
        }
    }

    fn command(&self, command: Command) -> impl Future<Output = Result<(), CommandError>> + Send + 'static {
        let engine = Arc::clone(&self.engine);
        let done = self.runtime.spawn(async move { engine.command(command).await });
        async { done.await.unwrap_or_else(|lost| Err(CommandError::Unreachable { reason: lost.to_string() })) }
    }

    fn heads(&self, number: u64) -> impl Future<Output = Result<Option<Box<Heads>>, String>> + Send + 'static {
        std::future::ready(Ok(self.engine.heads(number)))
    }

    fn replay(
        &self,
        number: u64,
        to: Option<u32>,
    ) -> impl Future<Output = Result<Box<Replayed>, String>> + Send + 'static {
        let engine = Arc::clone(&self.engine);
        let replayed = self.runtime.spawn(async move { engine.replay(number, to).await });
        async { replayed.await.unwrap_or_else(|lost| Err(lost.to_string())) }
    }
}
