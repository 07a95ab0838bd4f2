//! What a front end knows an engine of this process by.

use std::future::{Future, pending};
use std::sync::Arc;
use tokio::sync::watch;

use super::start::Balancer;
use crate::api::{Command, CommandError, Door, Event, Heads, News, Replayed, Snapshot};
use crate::state::{EventReader, HeadWatch};
use crate::untrusted::Untrusted;

/// What a front end knows an engine of this process by. While it lives, the heads of requests are kept.
pub struct LocalHandle {
    engine: Arc<Balancer>,
    events: EventReader,
    seconds: watch::Receiver<u64>,
    _heads: HeadWatch,
}

impl LocalHandle {
    /// A handle to this engine.
    pub fn new(engine: &Arc<Balancer>) -> Self {
        LocalHandle {
            engine: Arc::clone(engine),
            events: engine.events(),
            seconds: engine.seconds(),
            _heads: engine.watch_heads(),
        }
    }
}

impl Door for LocalHandle {
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
        async move { engine.command(command).await }
    }

    fn heads(
        &self,
        number: u64,
    ) -> impl Future<Output = Result<Option<Box<Heads>>, Untrusted<String>>> + Send + 'static {
        std::future::ready(Ok(self.engine.heads(number)))
    }

    fn replay(
        &self,
        number: u64,
        to: Option<u32>,
    ) -> impl Future<Output = Result<Box<Replayed>, Untrusted<String>>> + Send + 'static {
        let engine = Arc::clone(&self.engine);
        async move { engine.replay(number, to).await.map_err(Untrusted::new) }
    }
}
