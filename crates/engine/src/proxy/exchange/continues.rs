//! `Expect: 100-continue` (RFC 9110 10.1.1): the expectation is forwarded, and where the backend stays silent the balancer sends
//! `100 Continue` itself, so that the client does not wait in vain.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use stickylb_http1::Version;
use tokio::time::Sleep;

use super::request::Request;
use super::upload::Upload;

/// How long the backend may take to refuse the body. Clients wait about a second by themselves.
const GRACE: Duration = Duration::from_millis(250);

/// Whether the client waits for `100 Continue`.
pub(crate) struct Continues {
    grace: Option<Pin<Box<Sleep>>>,
}

impl Continues {
    /// The interim response the client waits for.
    pub(crate) const WORD: &'static [u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

    pub(crate) fn new(upload: &Upload) -> Self {
        Continues { grace: upload.expects.then(|| Box::pin(tokio::time::sleep(GRACE))) }
    }

    /// The final response has begun: `100 Continue` would now stand in the middle of it.
    pub(crate) fn is_over(&mut self) {
        self.grace = None;
    }

    /// Whether an interim response of the backend is forwarded to the client.
    pub(crate) fn lets_through(&mut self, status: u16, request: &mut Request) -> bool {
        if status == 100 {
            self.grace = None;
            return std::mem::take(&mut request.upload.expects);
        }
        request.version() == Version::Http11
    }

    /// Ready, once, when the client is to be sent `100 Continue`.
    pub(crate) fn poll(&mut self, request: &mut Request, silent: bool, cx: &mut Context<'_>) -> Poll<()> {
        let Some(grace) = &mut self.grace else { return Poll::Pending };
        if silent && request.upload.expects {
            ready!(grace.as_mut().poll(cx));
        }
        self.grace = None;
        if std::mem::take(&mut request.upload.expects) && silent { Poll::Ready(()) } else { Poll::Pending }
    }
}
