//! What one backend knows about itself, shared by all its connections.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::header::HeaderValue;
use serde::Serialize;
use tokio::sync::watch;

use crate::Options;
use crate::chat::Room;
use crate::health::Health;
use crate::palette;

pub(crate) struct Backend {
    pub(crate) name: String,
    pub(crate) served_by: HeaderValue,
    pub(crate) health: Health,
    pub(crate) room: Room,
    pub(crate) stopping: Stopping,
    port: u16,
    pid: u32,
    color: &'static str,
    requests: AtomicU64,
}

/// A backend as `/whoami` shows it.
#[derive(Serialize)]
pub(crate) struct Identity<'a> {
    pub(crate) name: &'a str,
    pub(crate) port: u16,
    pub(crate) pid: u32,
    pub(crate) color: &'static str,
    pub(crate) requests: u64,
}

impl Backend {
    pub(crate) fn new(options: Options, address: SocketAddr, stopping: Stopping) -> Self {
        Self {
            served_by: header_value(&options.name),
            health: Health::new(),
            room: Room::new(options.name.clone()),
            name: options.name,
            stopping,
            port: address.port(),
            pid: std::process::id(),
            color: palette::color(options.color),
            requests: AtomicU64::new(0),
        }
    }

    pub(crate) fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn identity(&self) -> Identity<'_> {
        Identity {
            name: &self.name,
            port: self.port,
            pid: self.pid,
            color: self.color,
            requests: self.requests.load(Ordering::Relaxed),
        }
    }
}

/// Lets connections, streams and sockets wait for the backend's end.
#[derive(Clone)]
pub(crate) struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// The waiting side, and the one that sends `true` to end everything.
    pub(crate) fn new() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// Returns once the backend is stopping, at once if it already is.
    pub(crate) async fn wait(&mut self) {
        // An error means the sender is gone, which is an end as well.
        let _ = self.0.wait_for(|stopping| *stopping).await;
    }
}

/// A header may not carry control characters, and browsers read other than
/// ASCII as Latin-1; the page and the JSON show the name unharmed.
fn header_value(name: &str) -> HeaderValue {
    let safe: String = name.chars().map(|c| if matches!(c, ' '..='~') { c } else { '?' }).collect();
    HeaderValue::from_str(safe.trim()).expect("only printable ASCII is left, and a header may hold all of it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_fit_a_header() {
        assert_eq!(header_value("a\r\nx: y\u{e9}"), "a??x: y?");
    }
}
