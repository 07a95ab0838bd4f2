//! One connection to a backend.

use std::net::SocketAddr;
use std::time::{Duration, Instant};
use stickylb_http1::{FieldKind, ResponseHead, Version};

use super::stream::Stream;

/// A connection to a backend.
pub(crate) struct Connection {
    /// `None` once a tunnel has taken it over.
    stream: Option<Stream>,
    /// A request is on its way or its response is: dropped now, the backend is to notice at once.
    busy: bool,
    /// Whether a request was answered on it before.
    pub(crate) reused: bool,
    /// Whether the present request could have gone over a kept connection.
    pub(crate) reusable: bool,
    /// The only client it may be used for, where the backend was told that it is for that one.
    pub(crate) only_for: Option<SocketAddr>,
    /// When it is too old to be used again; set when it is given back.
    pub(crate) idle_until: Instant,
    /// How long the backend keeps it, as its last response says; zero is not at all.
    pub(crate) idle_limit: Duration,
}

impl Connection {
    pub(crate) fn new(stream: Stream, only_for: Option<SocketAddr>, idle_timeout: Duration, now: Instant) -> Self {
        Connection {
            stream: Some(stream),
            busy: true,
            reused: false,
            reusable: true,
            only_for,
            idle_until: now,
            idle_limit: idle_timeout,
        }
    }

    /// Its socket.
    pub(crate) fn stream(&mut self) -> &mut Stream {
        self.stream.as_mut().expect("the stream is taken when the connection is given up, and not before")
    }

    /// Takes in what a response says about the connection it came over.
    pub(crate) fn heed(&mut self, head: &ResponseHead) {
        // RFC 9112 6.1 and 6.3: with a length beside a coding, or a coding in HTTP/1.0, a response's framing is in doubt, and
        // with it where the next one begins.
        let in_doubt = head.has(FieldKind::ContentLength) || head.line.version == Version::Http10;
        if !head.is_persistent() || head.has(FieldKind::TransferEncoding) && in_doubt {
            self.idle_limit = Duration::ZERO;
        } else if let Some(seconds) = keep_alive_timeout(head) {
            // Given back in time: the backend counts from its own last byte.
            let margin = Duration::from_millis(if seconds > 1 { 1000 } else { 500 });
            self.idle_limit = Duration::from_secs(seconds).saturating_sub(margin).min(self.idle_limit);
        }
    }

    /// A request goes over it.
    pub(crate) fn begin(&mut self) {
        self.busy = true;
    }

    /// The response is whole: from here on it may be closed in good order, or kept.
    pub(crate) fn rest(&mut self) {
        self.busy = false;
    }

    /// Whether nothing came on it and it has not ended.
    pub(crate) fn is_quiet(&mut self) -> bool {
        self.stream().is_quiet()
    }

    /// The socket, for a tunnel.
    pub(crate) fn into_stream(mut self) -> Option<Stream> {
        self.stream.take()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.as_ref().filter(|_| self.busy) {
            stream.reset_on_close();
        }
    }
}

/// The seconds in `Keep-Alive: timeout=5, max=100`.
fn keep_alive_timeout(head: &ResponseHead) -> Option<u64> {
    let value = std::str::from_utf8(head.value(FieldKind::KeepAlive)?).ok()?;
    value.split(',').find_map(|part| part.trim().strip_prefix("timeout=")?.trim().parse().ok())
}
