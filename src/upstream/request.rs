//! The body of a request on its way to a backend.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

/// Told of each piece of a body that goes by, so that an upload that moves is not taken for a stalled one.
pub(crate) trait Progress: Send + Sync {
    fn progressed(&self);
}

/// A request's body: none, or as it comes from the client, neither buffered nor re-framed.
#[derive(Default)]
pub(crate) enum RequestBody {
    #[default]
    Empty,
    Client(Incoming, Arc<dyn Progress>),
}

impl RequestBody {
    pub(crate) fn new(body: Incoming, progress: Arc<dyn Progress>) -> Self {
        if body.is_end_stream() { RequestBody::Empty } else { RequestBody::Client(body, progress) }
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RequestBody::Empty => "Empty",
            RequestBody::Client(..) => "Client",
        })
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match self.get_mut() {
            RequestBody::Empty => Poll::Ready(None),
            RequestBody::Client(body, progress) => {
                let frame = Pin::new(body).poll_frame(cx);
                if frame.is_ready() {
                    progress.progressed();
                }
                frame
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            RequestBody::Empty => true,
            RequestBody::Client(body, _) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            RequestBody::Empty => SizeHint::with_exact(0),
            RequestBody::Client(body, _) => body.size_hint(),
        }
    }
}
