//! One connection to a backend.

use std::time::{Duration, Instant};
use stickylb_http1::{FieldKind, ResponseHead, Version};

use super::owner::Owner;
use super::stream::Stream;
use super::tcp::Tcp;

/// How long a connection may be idle, where the backend does not say how long it keeps one, and still be used for a request that
/// may not be sent twice.
const FRESH_ENOUGH: Duration = Duration::from_secs(1);

/// A connection to a backend.
pub(crate) struct Connection {
    /// `None` once a tunnel has taken it over.
    stream: Option<Stream>,
    /// Whether an exchange is under way: a connection dropped now is reset, so that the backend notices at once.
    busy: bool,
    /// Whether an earlier request was answered on it.
    pub(crate) reused: bool,
    /// Whether the current request was allowed to use an idle connection.
    pub(crate) reusable: bool,
    /// The only client it may be used for.
    pub(crate) owner: Option<Owner>,
    /// When it is too old to be used again; set when it is given back.
    pub(crate) idle_until: Instant,
    /// How long it may stay idle: the configured limit, or less if a response said so. Zero forbids reuse.
    pub(crate) idle_limit: Duration,
    /// How long it may be idle for a request that may not be sent twice: well before the backend might close it.
    careful_limit: Duration,
    /// Bytes that were written to its socket before the present request.
    written_before: u64,
}

impl Connection {
    pub(crate) fn new(stream: Stream, owner: Option<Owner>, idle_timeout: Duration, now: Instant) -> Self {
        Connection {
            written_before: written(&stream),
            stream: Some(stream),
            busy: true,
            reused: false,
            reusable: true,
            owner,
            idle_until: now,
            idle_limit: idle_timeout,
            careful_limit: FRESH_ENOUGH,
        }
    }

    /// The socket. Must not be called on a connection that a tunnel took.
    pub(crate) fn stream(&mut self) -> &mut Stream {
        self.stream.as_mut().expect("the stream is taken when the connection is given up, and not before")
    }

    /// Applies what a response says about reusing its connection. `to_head`: the request's method was HEAD.
    pub(crate) fn heed(&mut self, head: &ResponseHead, to_head: bool) {
        // RFC 9112 6.1 and 6.3: Transfer-Encoding together with Content-Length or in HTTP/1.0 makes the framing
        // ambiguous, so the start of the next response would be uncertain.
        let in_doubt = head.has(FieldKind::ContentLength) || head.line.version == Version::Http10;
        // A backend that takes no notice of HEAD, or sends a body where none may be, may do so at any time from now on: its late
        // bytes must not become the next request's answer.
        let may_follow = (to_head || matches!(head.line.status, 204 | 304)) && promises_body(head, to_head);
        if !head.is_persistent() || head.has(FieldKind::TransferEncoding) && in_doubt || may_follow {
            self.idle_limit = Duration::ZERO;
        } else if let Some(seconds) = keep_alive_timeout(head) {
            // The backend's timer started earlier, when it sent its last byte; stop reusing before it closes.
            let margin = Duration::from_millis(if seconds > 1 { 1000 } else { 500 });
            self.idle_limit = Duration::from_secs(seconds).saturating_sub(margin).min(self.idle_limit);
            self.careful_limit = Duration::from_secs(seconds) / 2;
        }
    }

    /// Marks the start of an exchange.
    pub(crate) fn begin(&mut self) {
        self.busy = true;
        self.written_before = self.stream.as_ref().map_or(0, written);
    }

    /// How long it has been idle.
    pub(crate) fn idle_age(&self, now: Instant) -> Duration {
        (now + self.idle_limit).saturating_duration_since(self.idle_until)
    }

    /// Whether it has been idle so shortly that a request which may not be sent twice may go over it; `most` is what this
    /// backend's earlier connections suggest.
    pub(crate) fn is_fresh_enough(&self, now: Instant, most: Option<Duration>) -> bool {
        self.idle_age(now) < most.map_or(self.careful_limit, |most| most.min(self.careful_limit))
    }

    /// Whether any of the present request left, below TLS.
    pub(crate) fn has_written(&self) -> bool {
        self.stream.as_ref().map_or(0, written) > self.written_before
    }

    /// Whether the backend had provably closed it before anything of the present request arrived. Asked once no answer comes
    /// any more; may take half a second.
    pub(crate) async fn had_closed(&mut self) -> bool {
        match self.stream.as_mut().and_then(Stream::tcp_mut) {
            Some(tcp) => tcp.had_closed(self.written_before).await,
            None => false,
        }
    }

    /// Marks the response as complete: the connection may now be kept, or closed without a reset.
    pub(crate) fn rest(&mut self) {
        self.busy = false;
    }

    /// Whether it has not ended, as the system knows.
    pub(crate) fn is_open(&mut self) -> bool {
        self.stream().tcp_mut().is_none_or(Tcp::is_open)
    }

    /// Whether nothing came on it and it has not ended.
    pub(crate) fn is_quiet(&mut self) -> bool {
        self.stream().is_quiet()
    }

    /// Waits until it ends, or something comes on it that nobody has asked for.
    pub(crate) async fn closed(&mut self) {
        while self.is_quiet() {
            // An error is an end, which the next look finds.
            let _ = self.stream().readable().await;
        }
    }

    /// Hands the socket to a tunnel, so that dropping `self` does not reset it.
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

/// Whether a response's fields speak of a body. To HEAD, one that does not say its length may have any.
fn promises_body(head: &ResponseHead, to_head: bool) -> bool {
    let length = head.value(FieldKind::ContentLength).map(<[u8]>::trim_ascii);
    head.has(FieldKind::TransferEncoding) || length.map_or(to_head, |length| length != b"0")
}

/// Bytes that its socket was given to send.
fn written(stream: &Stream) -> u64 {
    stream.tcp().map_or(0, Tcp::written)
}

/// The seconds in `Keep-Alive: timeout=5, max=100`.
fn keep_alive_timeout(head: &ResponseHead) -> Option<u64> {
    let value = std::str::from_utf8(head.value(FieldKind::KeepAlive)?).ok()?;
    let mut parameters = value.split(',').filter_map(|parameter| parameter.split_once('='));
    parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("timeout"))?.1.trim().parse().ok()
}
