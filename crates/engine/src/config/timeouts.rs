//! How long each wait may take: the `timeouts` section.

use std::time::Duration;

use super::keys::Keys;

/// How long each wait may take.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Timeouts {
    /// For a connection to a backend.
    pub connect: Duration,
    /// For a client to send the head of its request, from its first byte.
    pub request_headers: Duration,
    /// For a backend to begin its answer.
    pub response: Duration,
    /// For a client's connection without a request.
    pub idle: Duration,
    /// For a tunnel on which nothing moves; zero is no limit.
    pub tunnel_idle: Duration,
    /// For requests in flight to end when the program stops.
    pub shutdown: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            connect: Duration::from_secs(2),
            request_headers: Duration::from_secs(10),
            response: Duration::from_mins(1),
            idle: Duration::from_mins(1),
            tunnel_idle: Duration::ZERO,
            shutdown: Duration::from_secs(10),
        }
    }
}

impl Timeouts {
    pub(crate) fn read(&mut self, keys: &mut Keys<'_, '_>) {
        keys.set("connect", "For a connection to a backend", &mut self.connect, |n| n.millis(1));
        keys.set("requestHeaders", "For a client to send a head", &mut self.request_headers, |n| n.millis(1));
        keys.set("response", "For a backend to begin its answer; 504 after it", &mut self.response, |n| n.millis(1));
        keys.set("idle", "For a client's connection without a request", &mut self.idle, |n| n.millis(1));
        keys.set("tunnelIdle", "For a WebSocket on which nothing moves; 0 is no limit", &mut self.tunnel_idle, |n| {
            n.millis(0)
        });
        keys.set("shutdown", "For requests in flight when the program stops", &mut self.shutdown, |n| n.millis(0));
    }
}
