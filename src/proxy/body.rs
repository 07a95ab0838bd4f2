//! Response bodies on their way through: nothing is buffered, decoded or re-framed.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::sync::mpsc;

use super::account::Exchange;
use crate::engine::Ended;
use crate::upstream::{Connection, Upload, clean_trailers};

/// The body of a response on its way to the client.
pub(crate) enum ResponseBody {
    /// None.
    Empty,
    /// The balancer's own.
    Own(Option<Bytes>),
    /// What happens, for as long as somebody reads it.
    Events(mpsc::Receiver<Bytes>),
    /// A backend's.
    Upstream(UpstreamBody),
}

/// A backend's body, with the connection it comes over and the account it is booked on.
pub(crate) struct UpstreamBody {
    incoming: Incoming,
    /// Given back when the body has ended well, reset when it has not.
    connection: Option<Box<Connection>>,
    /// How the backend broke off, told once what came before is on its way.
    broken: Option<hyper::Error>,
    /// The request's body, where it may still be on its way.
    upload: Option<Arc<Upload>>,
    exchange: Box<Exchange>,
}

impl UpstreamBody {
    pub(super) fn new(
        incoming: Incoming,
        connection: Box<Connection>,
        upload: Option<Arc<Upload>>,
        exchange: Box<Exchange>,
    ) -> Self {
        UpstreamBody { incoming, connection: Some(connection), broken: None, upload, exchange }
    }

    fn complete(&mut self, cx: &mut Context<'_>) {
        if let Some(mut connection) = self.connection.take() {
            let good = connection.poll_settled(cx);
            self.exchange.complete(good.then_some(connection));
        }
    }
}

impl Drop for UpstreamBody {
    fn drop(&mut self) {
        if self.connection.take().is_some() {
            self.exchange.end(Ended::ClientGone);
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match self.get_mut() {
            ResponseBody::Empty => Poll::Ready(None),
            ResponseBody::Own(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            ResponseBody::Events(pieces) => pieces.poll_recv(cx).map(|piece| piece.map(|bytes| Ok(Frame::data(bytes)))),
            ResponseBody::Upstream(body) => body.poll(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            ResponseBody::Empty => true,
            ResponseBody::Own(bytes) => bytes.is_none(),
            ResponseBody::Events(_) => false,
            ResponseBody::Upstream(body) => body.connection.is_none() && body.broken.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            ResponseBody::Empty => SizeHint::with_exact(0),
            ResponseBody::Events(_) => SizeHint::default(),
            ResponseBody::Own(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64)),
            ResponseBody::Upstream(body) => body.incoming.size_hint(),
        }
    }
}

impl UpstreamBody {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Some(error) = self.broken.take() {
            return Poll::Ready(Some(Err(error)));
        }
        let Some(connection) = &mut self.connection else { return Poll::Ready(None) };
        match connection.poll_body(&mut self.incoming, cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(Ok(mut frame))) => {
                if let Some(trailers) = frame.trailers_mut() {
                    clean_trailers(trailers);
                }
                if let Some(data) = frame.data_ref() {
                    self.exchange.sent(data.len());
                }
                if self.incoming.is_end_stream() {
                    self.complete(cx);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(None) => {
                self.complete(cx);
                Poll::Ready(None)
            }
            // The error ends the client's response short, as the backend's was: never with a clean end. hyper drops what
            // it has not written yet when it sees one, so it is given the chance to write first.
            Poll::Ready(Some(Err(error))) => {
                self.connection = None;
                self.broken = Some(error);
                self.exchange.client.broken_off.store(true, Relaxed);
                let by_client = self.upload.as_ref().is_some_and(|upload| upload.broken().is_some());
                self.exchange.end(if by_client { Ended::ClientGone } else { Ended::CutByBackend });
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}
