//! One HTTP/1.1 connection to a backend, driven by whoever uses it.

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use http::{Request, Response};
use http_body::Body as _;
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::task::AbortHandle;

use super::gate::Gate;
use super::idle::IDLE_TIMEOUT;
use super::stream::ReadsOn;
use super::{RequestBody, Stream};
use crate::config::Limits;

type Driver = http1::Connection<TokioIo<ReadsOn>, RequestBody>;

/// A connection to a backend. Nothing moves on it unless it is polled.
#[expect(clippy::struct_excessive_bools, reason = "four independent facts, none of which is a state of another")]
pub(crate) struct Connection {
    sender: http1::SendRequest<RequestBody>,
    /// `None` once it has failed, so that a request it never wrote comes back.
    driver: Option<Driver>,
    /// The driver has ended; it is kept where the stream is taken over by a tunnel.
    ended: bool,
    /// A request is on its way or its response is: dropped now, the backend is to notice at once.
    busy: bool,
    /// The task that drives it, where the response does not wait for the request's end.
    apart: Option<AbortHandle>,
    gate: Gate,
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

/// A request without a response.
#[derive(Debug)]
pub(crate) struct SendError {
    /// The request, where not one byte of it was written: safe to send again whatever its method.
    pub(crate) unsent: Option<Request<RequestBody>>,
    pub(crate) error: hyper::Error,
}

impl Connection {
    pub(crate) async fn new(stream: Stream, limits: &Limits) -> Result<Self, hyper::Error> {
        let (sender, driver) = http1::Builder::new()
            // One write from one buffer costs less than a gathered one at these sizes.
            .writev(false)
            .max_headers(limits.headers)
            .max_header_size(limits.header_bytes)
            .max_buf_size(limits.header_bytes.max(64 * 1024))
            .handshake(TokioIo::new(ReadsOn::new(stream)))
            .await?;
        Ok(Connection {
            sender,
            driver: Some(driver),
            ended: false,
            busy: false,
            apart: None,
            gate: Gate::new(),
            reused: false,
            reusable: true,
            only_for: None,
            idle_until: Instant::now(),
            idle_limit: IDLE_TIMEOUT,
        })
    }

    /// Sends a request and waits for the head of its response.
    pub(crate) async fn send(&mut self, request: Request<RequestBody>) -> Result<Response<Incoming>, SendError> {
        self.busy = true;
        let sender = &mut self.sender;
        let mut response = pin!(self.gate.quietly(|| sender.try_send_request(request)));
        let (driver, ended) = (&mut self.driver, &mut self.ended);
        let gate = &self.gate;
        poll_fn(|cx| {
            gate.poll(cx, |cx| {
                drive(driver, ended, cx);
                if let Poll::Ready(result) = response.as_mut().poll(cx) {
                    return Poll::Ready(result);
                }
                if *ended {
                    // An idle connection that the backend closed ends without looking at the request that waits:
                    // letting go of it gives that request back.
                    *driver = None;
                    return response.as_mut().poll(cx);
                }
                Poll::Pending
            })
        })
        .await
        .map_err(|mut failed| SendError { unsent: failed.take_message(), error: failed.into_error() })
    }

    /// Takes in what a response says about the connection it came over.
    pub(crate) fn heed(&mut self, headers: &HeaderMap) {
        if headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH) {
            // RFC 9112 6.3: its framing is in doubt, and with it where the next response begins.
            self.idle_limit = Duration::ZERO;
        } else if let Some(seconds) = keep_alive_timeout(headers) {
            // Given back in time: the backend counts from its own last byte.
            let margin = Duration::from_millis(if seconds > 1 { 1000 } else { 500 });
            self.idle_limit = Duration::from_secs(seconds).saturating_sub(margin).min(IDLE_TIMEOUT);
        }
    }

    /// Lets a task of its own drive the connection from here on. A response that comes before its request has ended
    /// is read at the client's pace, and the request must not wait for that (RFC 9112 9.3: full duplex).
    pub(crate) fn drive_apart(&mut self) {
        if let Some(driver) = self.driver.take().filter(|_| !self.ended) {
            // Its errors are told through the response's body.
            let task = tokio::spawn(async move { drop(driver.await) });
            self.apart = Some(task.abort_handle());
        }
    }

    /// Polls a response's body and, with it, the connection it comes over.
    pub(crate) fn poll_body(
        &mut self,
        body: &mut Incoming,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let (driver, ended) = (&mut self.driver, &mut self.ended);
        self.gate.poll(cx, |cx| {
            drive(driver, ended, cx);
            Pin::new(&mut *body).poll_frame(cx)
        })
    }

    /// Lets the connection come to rest after a response; says whether another request may follow.
    pub(crate) fn poll_settled(&mut self, cx: &mut Context<'_>) -> bool {
        self.busy = false;
        if self.apart.is_some() {
            return false;
        }
        if !self.sender.is_ready() {
            let (driver, ended) = (&mut self.driver, &mut self.ended);
            let _: Poll<()> = self.gate.poll(cx, |cx| {
                drive(driver, ended, cx);
                Poll::Pending
            });
        }
        !self.ended && !self.idle_limit.is_zero() && self.sender.is_ready()
    }

    /// The stream and what was read beyond the head of the 101, once the connection is done with HTTP.
    pub(crate) async fn into_stream(mut self) -> Option<(Stream, Bytes)> {
        let (driver, ended) = (&mut self.driver, &mut self.ended);
        poll_fn(|cx| {
            drive(driver, ended, cx);
            if *ended { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        self.busy = false;
        let parts = self.driver.take()?.into_parts();
        Some((parts.io.into_inner().stream, parts.read_buf))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(task) = &self.apart {
            task.abort();
        }
        if let Some(driver) = self.driver.take().filter(|_| self.busy) {
            driver.into_parts().io.inner().stream.reset_on_close();
        }
    }
}

/// Polls the driver unless it has ended. Its errors are told through the response and the body.
fn drive(driver: &mut Option<Driver>, ended: &mut bool, cx: &mut Context<'_>) {
    if !*ended && let Some(driver) = driver {
        *ended = Pin::new(driver).poll(cx).is_ready();
    }
}

/// The seconds in `Keep-Alive: timeout=5, max=100`.
fn keep_alive_timeout(headers: &HeaderMap) -> Option<u64> {
    let value = headers.get("keep-alive")?.to_str().ok()?;
    value.split(',').find_map(|part| part.trim().strip_prefix("timeout=")?.trim().parse().ok())
}
