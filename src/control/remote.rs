//! The handle to an engine in another process.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::client::{Connection, ControlError, Instance};
use super::protocol::{Reply, Request};
use stickylb::api::{
    Command, CommandError, Done, Ending, EngineHandle, Event, Heads, LONGEST, News, Replayed, RequestNumber,
    ResolvedConfig, Snapshot, SurviveReport, ToReplay, WhatIf, WhatIfOptions,
};
use stickylb::untrusted::Untrusted;

/// Events kept for a screen that does not take them; then the oldest are dropped.
const KEPT: usize = 4096;

/// How long a person waits who asks how things stand at this moment.
const AT_THIS_MOMENT: Duration = Duration::from_secs(1);

/// Said of a reply of an unexpected kind.
const OTHER: &str = "the balancer gave another answer than was asked for";

/// What came over the connection.
#[derive(Default)]
struct Received {
    snapshot: Snapshot,
    events: VecDeque<Arc<Event>>,
    missed: u64,
    figures: bool,
    /// Why nothing more will come; `told` is set once the screen knows.
    ended: Option<Untrusted<String>>,
    told: bool,
}

/// A running program as the screen uses it.
pub(crate) struct Remote {
    instance: Instance,
    received: Arc<Mutex<Received>>,
    news: Arc<Notify>,
    /// Held while a command is carried out.
    order: Arc<tokio::sync::Mutex<()>>,
    /// Reads the connection at all times, so that a slow screen never holds up the program.
    reading: AbortHandle,
}

impl Remote {
    /// Connects, and gets the current state.
    pub(crate) async fn attach(instance: Instance) -> Result<Self, ControlError> {
        let mut connection = instance.connect().await?;
        let mut received = Received::default();
        take(&mut received, connection.ask(&Request::Snapshot).await?);
        // The first reply to `Follow` is an event or a snapshot, and is taken like all later ones.
        let first = connection.ask(&Request::Follow).await?;
        take(&mut received, first);
        let (received, news) = (Arc::new(Mutex::new(received)), Arc::new(Notify::new()));
        let reading = tokio::spawn(receive(connection, Arc::clone(&received), Arc::clone(&news))).abort_handle();
        Ok(Remote { instance, received, news, order: Arc::default(), reading })
    }

    /// Why the connection ended, if it has.
    pub(crate) fn ended(&self) -> Option<Untrusted<String>> {
        self.received().ended.clone()
    }

    fn received(&self) -> MutexGuard<'_, Received> {
        lock(&self.received)
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

impl EngineHandle for Remote {
    fn only_watches(&self) -> bool {
        self.instance.only_watched
    }

    fn snapshot(&self) -> Snapshot {
        self.received().snapshot.clone()
    }

    fn in_flight(&self) -> impl Future<Output = Result<u64, Untrusted<String>>> + Send + 'static {
        let instance = self.instance.clone();
        async move { in_flight(&instance).await }
    }

    fn take(&mut self, into: &mut Vec<Arc<Event>>) -> u64 {
        let mut received = self.received();
        into.extend(received.events.drain(..));
        std::mem::take(&mut received.missed)
    }

    async fn news(&mut self, events: bool) -> News {
        loop {
            {
                let mut received = self.received();
                if events && !received.events.is_empty() {
                    return News::Events;
                }
                if std::mem::take(&mut received.figures) {
                    return News::Figures;
                }
                if let Some(why) = received.ended.clone().filter(|_| !received.told) {
                    received.told = true;
                    return News::Ended(why);
                }
            }
            // Returns at once if something came since the check above.
            self.news.notified().await;
        }
    }

    fn command(&self, command: Command) -> impl Future<Output = Result<Done, CommandError>> + Send + 'static {
        let (instance, order) = (self.instance.clone(), Arc::clone(&self.order));
        async move {
            let unreachable = |reason: String| CommandError::Unreachable { reason: reason.into() };
            // Each command has a connection of its own, and two of those would be served in any order.
            let _turn = order.lock().await;
            match instance.ask(&Request::Do(command)).await {
                Ok(Reply::Done(done)) => Ok(done),
                Ok(Reply::Failed(error)) => Err(error),
                Ok(_) => Err(unreachable(OTHER.to_owned())),
                Err(error) => Err(unreachable(error.to_string())),
            }
        }
    }

    fn heads(
        &self,
        number: RequestNumber,
    ) -> impl Future<Output = Result<Option<Box<Heads>>, Untrusted<String>>> + Send + 'static {
        let instance = self.instance.clone();
        async move {
            match instance.ask(&Request::Heads { number }).await {
                Ok(Reply::Heads { heads }) => Ok(heads),
                Ok(_) => Err(OTHER.into()),
                Err(error) => Err(error.to_string().into()),
            }
        }
    }

    fn replay(
        &self,
        replay: ToReplay,
    ) -> impl Future<Output = Result<Box<Replayed>, Untrusted<String>>> + Send + 'static {
        let instance = self.instance.clone();
        async move {
            let mut connection = instance.connect().await.map_err(|error| error.to_string())?;
            match connection.ask_within(&Request::Replay(replay), LONGEST + Duration::from_secs(20)).await {
                Ok(Reply::Replayed(replayed)) => Ok(replayed),
                Ok(Reply::NotReplayed { why }) => Err(why),
                Ok(_) => Err(OTHER.into()),
                Err(error) => Err(error.to_string().into()),
            }
        }
    }

    fn survive_report(
        &self,
    ) -> impl Future<Output = Result<Option<Box<SurviveReport>>, Untrusted<String>>> + Send + 'static {
        let instance = self.instance.clone();
        async move {
            match instance.ask(&Request::SurviveReport).await {
                Ok(Reply::Survived { report }) => Ok(report),
                Ok(_) => Err(OTHER.into()),
                Err(error) => Err(error.to_string().into()),
            }
        }
    }

    fn what_if(
        &self,
        options: WhatIfOptions,
    ) -> impl Future<Output = Result<Box<WhatIf>, Untrusted<String>>> + Send + 'static {
        let instance = self.instance.clone();
        async move {
            match instance.ask(&Request::WhatIf(options)).await {
                Ok(Reply::WhatIf(told)) => Ok(told),
                Ok(Reply::NoWhatIf { why }) => Err(why),
                Ok(_) => Err(OTHER.into()),
                Err(error) => Err(error.to_string().into()),
            }
        }
    }

    fn configuration(&self) -> impl Future<Output = Result<Box<ResolvedConfig>, Untrusted<String>>> + Send + 'static {
        let instance = self.instance.clone();
        async move {
            match instance.ask(&Request::Configuration).await {
                Ok(Reply::Configuration(config)) => Ok(config),
                Ok(_) => Err(OTHER.into()),
                Err(error) => Err(error.to_string().into()),
            }
        }
    }
}

/// What is in flight there at this moment: on a connection of its own, since the other has news of a while ago on its way.
async fn in_flight(instance: &Instance) -> Result<u64, Untrusted<String>> {
    match tokio::time::timeout(AT_THIS_MOMENT, instance.ask(&Request::Snapshot)).await {
        Ok(Ok(Reply::Snapshot(snapshot))) => Ok(snapshot.totals.unfinished()),
        Ok(Ok(_)) => Err(OTHER.into()),
        Ok(Err(error)) => Err(error.to_string().into()),
        Err(_) => Err("the balancer did not answer within a second".into()),
    }
}

fn lock(received: &Mutex<Received>) -> MutexGuard<'_, Received> {
    // A panic leaves nothing half done: every change is complete in itself.
    received.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn receive(mut connection: Connection, received: Arc<Mutex<Received>>, news: Arc<Notify>) {
    loop {
        let reply = connection.next().await;
        let over = {
            let mut received = lock(&received);
            match reply {
                Ok(Some(reply)) => take(&mut received, reply),
                Ok(None) => received.ended = Some("the balancer is gone: it ended without a word".into()),
                Err(error) => received.ended = Some(format!("the connection to the balancer was lost: {error}").into()),
            }
            received.ended.is_some()
        };
        news.notify_one();
        if over {
            return;
        }
    }
}

fn take(received: &mut Received, reply: Reply) {
    match reply {
        Reply::Snapshot(snapshot) => {
            received.snapshot = *snapshot;
            received.figures = true;
        }
        Reply::Happened(event) => {
            received.events.push_back(event);
            if received.events.len() > KEPT {
                received.events.pop_front();
                received.missed += 1;
            }
        }
        Reply::Missed { events } => received.missed += events,
        Reply::Ended(Ending::Cut { connections }) => {
            let plural = if connections == 1 { "" } else { "s" };
            received.ended =
                Some(format!("the balancer has ended; {connections} connection{plural} had to be cut").into());
        }
        Reply::Ended(_) => received.ended = Some("the balancer has ended".into()),
        Reply::Hello(_)
        | Reply::Done(_)
        | Reply::Failed(_)
        | Reply::Explained(_)
        | Reply::Unclear(_)
        | Reply::Heads { .. }
        | Reply::Replayed(_)
        | Reply::NotReplayed { .. }
        | Reply::Survived { .. }
        | Reply::WhatIf(_)
        | Reply::NoWhatIf { .. }
        | Reply::Configuration(_)
        | Reply::Watching
        | Reply::Stopping
        | Reply::Refused { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::protocol::{Hello, REQUEST_LIMIT, read, write};
    use tokio::io::BufReader;
    use tokio::net::UnixListener;

    /// A program that tells how many requests are in flight there, or does not answer.
    async fn asked(in_flight: Option<u64>) -> Result<u64, Untrusted<String>> {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("socket");
        let listener = UnixListener::bind(&path).expect("a socket");
        let hello: Hello = Instance::at(path).hello;
        let serve = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a client");
            let (from, mut to) = stream.into_split();
            write(&mut to, &Reply::Hello(hello)).await.expect("it reads");
            let mut from = BufReader::new(from);
            let _request: Option<Request> = read(&mut from, REQUEST_LIMIT).await.expect("a request");
            let Some(in_flight) = in_flight else { return std::future::pending().await };
            let mut snapshot = Snapshot::default();
            (snapshot.totals.in_flight, snapshot.totals.tunnels) = (in_flight, 2);
            write(&mut to, &Reply::Snapshot(Box::new(snapshot))).await.expect("it reads");
        });
        let answer = super::in_flight(&Instance::at(dir.path().join("socket"))).await;
        serve.abort();
        answer
    }

    #[tokio::test]
    async fn what_is_in_flight_elsewhere_is_asked_for_and_a_program_that_is_silent_is_not_waited_for() {
        assert_eq!(asked(Some(3)).await, Ok(5));
        let silent = asked(None).await.expect_err("nobody answers");
        assert_eq!(silent, "the balancer did not answer within a second");
    }
}
