//! A front end's handle to an engine in the same process.

use std::future::{Future, pending};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinError;

use super::start::Balancer;
use crate::api::{
    Command, CommandError, Done, EngineHandle, Event, Heads, News, Replayed, RequestNumber, ResolvedConfig, Snapshot,
    SurviveReport, ToReplay, WhatIf, WhatIfOptions,
};
use crate::state::{EventReader, HeadWatch};
use crate::untrusted::Untrusted;

/// Most commands that wait for those before them.
const WAITING: usize = 1000;

/// A command, and where to say what came of it.
type Given = (Command, oneshot::Sender<Result<Done, CommandError>>);

/// A handle to an engine in this process, whose tasks may run on another thread. Heads of requests are stored while it
/// lives.
pub struct LocalHandle {
    engine: Arc<Balancer>,
    /// The engine's runtime.
    runtime: Handle,
    /// Commands to carry out, which is done on that runtime in their order.
    commands: mpsc::Sender<Given>,
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
            commands: in_order(Arc::clone(engine)),
            events: engine.events(),
            seconds: engine.seconds(),
            _heads: engine.watch_heads(),
        }
    }
}

/// Carries out commands one after the other, those that are left when the handle is gone as well.
fn in_order(engine: Arc<Balancer>) -> mpsc::Sender<Given> {
    let (commands, mut given) = mpsc::channel::<Given>(WAITING);
    tokio::spawn(async move {
        while let Some((command, reply)) = given.recv().await {
            let engine = Arc::clone(&engine);
            // A task of its own: if it fails, the others are carried out all the same.
            let done = tokio::spawn(async move { engine.command(command).await }).await;
            let lost = |lost: JoinError| Err(CommandError::Unreachable { reason: lost.to_string().into() });
            // Who gave it may have left.
            let _ = reply.send(done.unwrap_or_else(lost));
        }
    });
    commands
}

impl EngineHandle for LocalHandle {
    fn snapshot(&self) -> Snapshot {
        self.engine.snapshot()
    }

    fn in_flight(&self) -> impl Future<Output = Result<u64, Untrusted<String>>> + Send + 'static {
        std::future::ready(Ok(self.engine.unfinished()))
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
        let (reply, done) = oneshot::channel();
        let given = self.commands.try_send((command, reply));
        async move {
            let unreachable = |reason: &str| Err(CommandError::Unreachable { reason: reason.to_owned().into() });
            match given {
                Ok(()) => done.await.unwrap_or_else(|_| unreachable("the command was lost: the balancer ends")),
                Err(TrySendError::Full(_)) => unreachable("too many commands wait already: give it again later"),
                Err(TrySendError::Closed(_)) => unreachable("the balancer has ended"),
            }
        }
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

    fn survive_report(
        &self,
    ) -> impl Future<Output = Result<Option<Box<SurviveReport>>, Untrusted<String>>> + Send + 'static {
        std::future::ready(Ok(self.engine.survive_report()))
    }

    fn what_if(
        &self,
        options: WhatIfOptions,
    ) -> impl Future<Output = Result<Box<WhatIf>, Untrusted<String>>> + Send + 'static {
        let engine = Arc::clone(&self.engine);
        let told = self.runtime.spawn_blocking(move || engine.what_if(&options));
        async { told.await.unwrap_or_else(|lost| Err(lost.to_string())).map(Box::new).map_err(Untrusted::new) }
    }

    fn configuration(&self) -> impl Future<Output = Result<Box<ResolvedConfig>, Untrusted<String>>> + Send + 'static {
        std::future::ready(Ok(Box::new(self.engine.configuration())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{BackendConfig, Config};
    use crate::{Options, Source};

    /// With one backend of this weight, which nobody serves.
    fn config(weight: u32) -> Config {
        let address = "http://localhost:9".parse().expect("a URL");
        let mut config =
            Config::new(vec![BackendConfig { weight, ..BackendConfig::new(1, "alpha".to_owned(), address) }]);
        config.listeners[0].port = 0;
        config
    }

    #[tokio::test]
    async fn commands_are_carried_out_in_the_order_in_which_they_were_given() {
        let options = Options { workers: Some(1), source: Some(Source::new(|| Ok(config(5)))), ..Options::default() };
        let engine = Arc::new(Balancer::start(config(1), options).await.expect("starts"));
        let handle = LocalHandle::new(&engine);
        // Reading takes longer than setting a weight.
        let (reload, set) =
            (handle.command(Command::Reload), handle.command(Command::SetWeight { id: 1.into(), weight: 7 }));
        set.await.expect("it is set");
        assert_eq!(handle.snapshot().backends[0].weight, 7);
        reload.await.expect("it was reloaded before");
        assert_eq!(handle.snapshot().backends[0].weight, 7);
        engine.end_now();
    }
}
