//! `Expect: 100-continue` (RFC 9110 10.1.1): the backend is asked, and where it knows nothing of it the balancer says
//! the word, so that the client does not wait for nobody.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use stickylb_http1::Version;
use tokio::time::Sleep;

use super::request::Request;
use super::upload::Upload;

/// How long the backend may take to say that it does not want the body. Clients wait a second or so themselves.
const GRACE: Duration = Duration::from_millis(250);

/// Who waits for the word, if anybody does.
pub(crate) struct Continues {
    grace: Option<Pin<Box<Sleep>>>,
}

impl Continues {
    /// What the client waits for.
    pub(crate) const WORD: &'static [u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

    pub(crate) fn new(upload: &Upload) -> Self {
        Continues { grace: upload.expects.then(|| Box::pin(tokio::time::sleep(GRACE))) }
    }

    /// The answer is there: whatever comes of the body, the word would now stand in the middle of a response.
    pub(crate) fn is_over(&mut self) {
        self.grace = None;
    }

    /// Whether an interim response of the backend's goes to the client.
    pub(crate) fn lets_through(&mut self, status: u16, request: &mut Request) -> bool {
        if status == 100 {
            self.grace = None;
            return std::mem::take(&mut request.upload.expects);
        }
        request.version() == Version::Http11
    }

    /// Ready, once, when the client is to be told to go on.
    pub(crate) fn poll(&mut self, request: &mut Request, silent: bool, cx: &mut Context<'_>) -> Poll<()> {
        let Some(grace) = &mut self.grace else { return Poll::Pending };
        if silent && request.upload.expects {
            ready!(grace.as_mut().poll(cx));
        }
        self.grace = None;
        if std::mem::take(&mut request.upload.expects) && silent { Poll::Ready(()) } else { Poll::Pending }
    }
}
