//! Server-sent events: one each second.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::stream;
use serde::Serialize;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::backend::{Backend, Stopping};
use crate::reply::{self, Reply};

#[derive(Serialize)]
struct Event<'a> {
    backend: &'a str,
    n: u64,
    /// Milliseconds since 1970, which JavaScript's `Date` takes as it is.
    time: u64,
}

struct Ticker {
    name: String,
    n: u64,
    interval: Interval,
    stopping: Stopping,
}

impl Ticker {
    /// The next event, or none once the backend is stopping.
    async fn next(mut self) -> Option<(Bytes, Self)> {
        tokio::select! {
            _ = self.interval.tick() => {}
            () = self.stopping.wait() => return None,
        }
        self.n += 1;
        let event = Event { backend: &self.name, n: self.n, time: now() };
        let data = serde_json::to_string(&event).expect("a name and two numbers can always be written as JSON");
        // A browser would otherwise wait several seconds before it comes
        // back, and the audience with it.
        let retry = if self.n == 1 { "retry: 1000\n" } else { "" };
        Some((Bytes::from(format!("{retry}data: {data}\n\n")), self))
    }
}

/// `/events`.
pub(crate) fn events(backend: &Backend) -> Reply {
    let mut interval = interval(Duration::from_secs(1));
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let ticker = Ticker { name: backend.name.clone(), n: 0, interval, stopping: backend.stopping.clone() };
    reply::streamed("text/event-stream", stream::unfold(ticker, Ticker::next))
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| u64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}
