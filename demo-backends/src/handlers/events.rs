//! Server-sent events, one each second.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::stream;
use serde::Serialize;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::response::{self, Response};
use crate::state::backend::Backend;
use crate::state::shutdown::Shutdown;

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
    shutdown: Shutdown,
}

impl Ticker {
    /// The next event, or none once the backend is shutting down.
    async fn next(mut self) -> Option<(Bytes, Self)> {
        tokio::select! {
            _ = self.interval.tick() => {}
            () = self.shutdown.wait() => return None,
        }
        self.n += 1;
        let event = Event { backend: &self.name, n: self.n, time: now() };
        let data = serde_json::to_string(&event).expect("a name and two numbers can always be written as JSON");
        // Without this a browser waits several seconds before it reconnects.
        let retry = if self.n == 1 { "retry: 1000\n" } else { "" };
        Some((Bytes::from(format!("{retry}data: {data}\n\n")), self))
    }
}

/// `/events`.
pub(crate) fn events(backend: &Backend) -> Response {
    let mut interval = interval(Duration::from_secs(1));
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let ticker = Ticker { name: backend.identity.name.clone(), n: 0, interval, shutdown: backend.shutdown.clone() };
    response::streamed("text/event-stream", stream::unfold(ticker, Ticker::next))
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| u64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}
