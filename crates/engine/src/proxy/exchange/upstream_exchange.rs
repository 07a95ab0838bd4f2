//! A request on its way over one connection: what is still to be written to it, and what came back.

use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;
use stickylb_http1::{Framing, ResponseHead};

use super::continues::Continues;
use super::link::Link;
use super::request::Request;
use super::rewrite;
use crate::api::Outcome;
use crate::balancer::{Backend, OpenId, Slot, Ticket};
use crate::proxy::connection::Client;
use crate::proxy::io::{Broken, READ, ROUNDS, Scratch, with_scratch};
use crate::proxy::tunnel::Tunnel;
use crate::upstream::response::{self, Received};
use crate::upstream::{Connection, Reuse};

/// A response's head, and where its body ends.
pub(crate) struct Answered {
    pub(crate) head: ResponseHead,
    pub(crate) framing: Framing,
    pub(crate) upstream: UpstreamExchange,
    /// When the connection was there; `None` where it was before.
    pub(crate) connected: Option<Instant>,
}

/// Why a backend's try gave no response.
#[derive(Clone, Copy)]
pub(crate) enum Failure {
    /// The backend's doing.
    Backend(Outcome),
    /// The client's.
    Client(Broken),
}

/// A request on its way to a backend, or its response on its way back.
pub(crate) struct UpstreamExchange {
    pub(crate) link: Link,
    /// The link's place at a backend that has so many and no more; given back after it.
    slot: Option<Slot>,
    /// Something came that was used.
    saw_interim: bool,
    continues: Continues,
    /// It is a kept connection, which the backend may have closed.
    may_be_closed: bool,
}

impl UpstreamExchange {
    pub(crate) fn new(connection: Box<Connection>, slot: Option<Slot>, request: &Request, reuse: Reuse) -> Self {
        UpstreamExchange {
            may_be_closed: connection.reused,
            link: Link::new(connection, request.framing, reuse),
            slot,
            saw_interim: false,
            continues: Continues::new(&request.upload),
        }
    }

    /// Sends the request and waits for the head of its response.
    pub(crate) async fn answered(
        &mut self,
        client: &mut Client<'_>,
        backend: &Backend,
        request: &mut Request,
    ) -> Result<(ResponseHead, Framing), Failure> {
        let config = client.config;
        let limits = response::head_limits(&config.limits);
        let mut begun = false;
        std::future::poll_fn(|cx| {
            if !begun {
                begun = true;
                self.begin(client, backend, request, cx)?;
            }
            // While the client has not taken what came before the answer, no more of it is read.
            while client.front.poll_flush(cx).map_err(|_| Failure::Client(Broken::Gone))?.is_ready() {
                let Poll::Ready(received) = self.link.poll_head(&limits, request.is_head(), cx) else { break };
                match received.map_err(Failure::Backend)? {
                    Received::Interim(head) => self.inform(client, request, &head, cx)?,
                    Received::Final(head, framing) => {
                        self.continues.is_over();
                        self.may_be_closed = false;
                        return Poll::Ready(Ok((head, framing)));
                    }
                }
            }
            let left_alone = client.is_left_alone() && request.framing == Framing::None;
            // A body that the backend did not take may be needed once more: then no more of it is read than is kept.
            let polled = match () {
                () if left_alone => Poll::Pending,
                () if self.link.is_write_closed() && request.upload.is_kept() => client.front.poll_gone(cx),
                () => self.poll_client(client, request, cx),
            };
            if let Poll::Ready(broken) = polled {
                return Poll::Ready(Err(Failure::Client(broken)));
            }
            if client.clock.poll_expired(&config.timeouts, cx).is_ready() {
                return Poll::Ready(Err(self.expired(client, request)));
            }
            Poll::Pending
        })
        .await
    }

    /// Whether nothing came on it.
    pub(crate) fn ended_without_a_word(&self) -> bool {
        !self.saw_interim && self.link.is_silent()
    }

    /// Whether a byte of the request was written.
    pub(crate) fn has_sent(&self) -> bool {
        self.link.has_sent()
    }

    /// Its place, for another connection to the same backend.
    pub(crate) fn take_place(&mut self) -> Option<Slot> {
        self.slot.take()
    }

    /// Whose doing it is that too much time went by.
    fn expired(&self, client: &Client<'_>, request: &Request) -> Failure {
        if !client.front.is_flushed() {
            // It does not take what came before the answer.
            Failure::Client(Broken::Gone)
        } else if !request.upload.is_done() && self.link.is_flushed() {
            Failure::Client(Broken::TooSlow)
        } else {
            Failure::Backend(Outcome::ResponseTimeout)
        }
    }

    /// Writes the head and as much of the body as is there.
    fn begin(
        &mut self,
        client: &mut Client<'_>,
        backend: &Backend,
        request: &mut Request,
        cx: &mut Context<'_>,
    ) -> Result<(), Failure> {
        with_scratch(|Scratch { read, out, spill }| {
            rewrite::write_request(request, client, &backend.endpoint, out);
            if let Some(written) = &mut request.written {
                written.set(out);
            }
            if request.framing != Framing::None {
                self.link.append_kept(&request.upload, out);
                // More than is kept is not touched before the backend has taken the head.
                if request.upload.may_keep(client.front.waiting())
                    && let Some(came) = client.front.take_piece(read, spill)
                {
                    self.link.append(request.upload.take(came).map_err(Failure::Client)?, out);
                }
            }
            self.link.send(out, cx);
            Ok(())
        })
    }

    /// Passes on what comes before the answer, to clients that know of such (RFC 9110 15.2).
    fn inform(
        &mut self,
        client: &mut Client<'_>,
        request: &mut Request,
        head: &ResponseHead,
        cx: &mut Context<'_>,
    ) -> Result<(), Failure> {
        // It is at work; but not for longer than `timeouts.response`, whatever it goes on to say.
        self.saw_interim = true;
        self.may_be_closed = false;
        if !self.continues.lets_through(head.line.status, request) {
            return Ok(());
        }
        with_scratch(|scratch| {
            rewrite::write_interim(head, &mut scratch.out);
            client.front.send(&scratch.out, cx)
        })
        .map_err(|_| Failure::Client(Broken::Gone))
    }

    /// Moves the request's body on, and sees whether the client is still there; ready when it is not, or its body is no
    /// good.
    pub(crate) fn poll_client(
        &mut self,
        client: &mut Client<'_>,
        request: &mut Request,
        cx: &mut Context<'_>,
    ) -> Poll<Broken> {
        if self.continues.poll(request, client.front.waiting() == 0, cx).is_ready()
            && client.front.send(Continues::WORD, cx).is_err()
        {
            return Poll::Ready(Broken::Gone);
        }
        if let Poll::Ready(Err(_)) = client.front.poll_flush(cx) {
            return Poll::Ready(Broken::Gone);
        }
        if self.link.is_write_closed() && self.link.is_untouched() {
            // Nothing of it was taken: what is still to come of it is for another backend.
            return client.front.poll_gone(cx);
        }
        match self.poll_upload(client, request, cx) {
            Poll::Ready(Ok(())) => client.front.poll_gone(cx),
            Poll::Ready(Err(broken)) => Poll::Ready(broken),
            // The backend does not take what was read: until it does, no more is.
            Poll::Pending if !self.link.is_flushed() => client.front.poll_closed(cx),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Moves the request's body on until it is with the backend.
    pub(crate) fn poll_upload(
        &mut self,
        client: &mut Client<'_>,
        request: &mut Request,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Broken>> {
        for _ in 0..ROUNDS {
            ready!(self.link.poll_flush(cx));
            if request.upload.is_done() {
                return Poll::Ready(Ok(()));
            }
            if self.may_be_closed && !request.upload.may_keep(READ) {
                // The last moment at which the request could still go over another connection.
                self.may_be_closed = false;
                if !self.link.is_open() {
                    self.link.close_writing();
                    return Poll::Pending;
                }
            }
            let passed = with_scratch(|Scratch { read, out, spill }| {
                let came = ready!(client.front.poll_piece(self.link.share(read), spill, cx));
                let pieces = request.upload.take(came)?;
                self.link.send_pieces(pieces, out, cx);
                Poll::Ready(Ok(()))
            });
            ready!(passed)?;
            client.clock.progressed();
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Hands the connection over to a tunnel.
    pub(crate) fn into_tunnel(
        mut self,
        backend: &Arc<Backend>,
        websocket: bool,
        open: Option<OpenId>,
        ticket: Option<Ticket>,
    ) -> Option<Tunnel> {
        let slot = self.slot.take();
        let (stream, early) = self.link.into_parts();
        stream.map(|stream| Tunnel::new(stream, early, (backend, ticket), (slot, open), websocket))
    }

    /// Lets go of the connection after a whole response, keeping it for the next request where it is good for one.
    pub(crate) fn settle(self, client: &Client<'_>, backend: &Backend, request: &Request, now: Instant) {
        self.link.settle(client, backend, request, now);
    }
}
