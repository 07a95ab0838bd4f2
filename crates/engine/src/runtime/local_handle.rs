//! A front end's handle to an engine in the same process.

use std::future::{Future, pending};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::start::Balancer;
use crate::api::{
    Command, CommandError, Done, EngineHandle, Event, Heads, News, Replayed, RequestNumber, Snapshot, ToReplay,
};
use crate::state::{EventReader, HeadWatch};
use crate::untrusted::Untrusted;

/// A handle to an engine in this process, whose tasks may run on another thread. Heads of requests are stored while it
/// lives.
pub struct LocalHandle {
    engine: Arc<Balancer>,
    /// The engine's runtime. Commands run on it as well.
    runtime: Handle,
    events: EventReader,
    seconds: watch::Receiver<u64>,
    _heads: HeadWatch,
}

impl LocalHandle {
    /// A handle to this engine. Must be called on the runtime that the engine was started on.
    ///
    /// # Panics
    /// If called outside of a tokio runtime.
    pub fn new(engine: &Arc<Balancer>) -> Self {
        LocalHandle {
            engine: Arc::clone(engine),
            runtime: Handle::current(),
            events: engine.events(),
            seconds: engine.seconds(),
            _heads: engine.watch_heads(),
        }
    }
}

impl EngineHandle for LocalHandle {
    fn snapshot(&self) -> Snapshot {
        self.engine.snapshot()
    }

    fn in_flight(&self) -> impl Future<Output = Result<u64, Untrusted<String>>> + Send + 'static {
        std::future::ready(Ok(self.engine.snapshot().totals.unfinished()))
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

    fn command(&self, command: Command) -> impl Future<Output = Result<Done, CommandError>> + Send + 'static {
        let engine = Arc::clone(&self.engine);
        let done = self.runtime.spawn(async move { engine.command(command).await });
        async { done.await.unwrap_or_else(|lost| Err(CommandError::Unreachable { reason: lost.to_string().into() })) }
    }

    fn heads(
        &self,
        number: RequestNumber,
    ) -> impl Future<Output = Result<Option<Box<Heads>>, Untrusted<String>>> + Send + 'static {
        let engine = Arc::clone(&self.engine);
        // Looked up when it is awaited: who exports asks for many.
        async move { Ok(engine.heads(number)) }
    }

    fn replay(
        &self,
        replay: ToReplay,
    ) -> impl Future<Output = Result<Box<Replayed>, Untrusted<String>>> + Send + 'static {
        let engine = Arc::clone(&self.engine);
        let replayed = self.runtime.spawn(async move { engine.replay(replay).await });
        async { replayed.await.unwrap_or_else(|lost| Err(lost.to_string())).map_err(Untrusted::new) }
    }
}
