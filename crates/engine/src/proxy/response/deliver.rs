//! A backend's response on its way to the client: nothing is buffered, decoded or re-framed without need.

use http::HeaderValue;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use stickylb_http1::{FieldKind, Framing, Pieces, ResponseHead};

use crate::api::{BodyCut, Ended};
use crate::balancer::Backend;
use crate::proxy::connection::{After, Client, Stage};
use crate::proxy::exchange::{Answered, Exchange, Request, Said, UpstreamExchange, rewrite};
use crate::proxy::io::{Broken, ROUNDS, Scratch, with_scratch};

/// Why a response did not reach its end.
enum Cut {
    /// The client left.
    Client,
    /// The backend broke off.
    Backend(BodyCut),
    /// The request's body is malformed.
    Body,
}

impl Cut {
    fn of_client(broken: Broken) -> Self {
        match broken {
            Broken::Gone => Cut::Client,
            Broken::BadFraming | Broken::TooLarge | Broken::TooSlow => Cut::Body,
        }
    }
}

/// Whose response it is, and whom it binds.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) backend: &'a Arc<Backend>,
    /// The cookie that binds the client to it, where it gets one.
    pub(crate) set_cookie: Option<&'a HeaderValue>,
}

/// A response on its way.
struct Delivery<'a, 'c> {
    client: &'a mut Client<'c>,
    exchange: &'a mut Exchange<'c>,
    request: &'a mut Request,
    upstream: &'a mut UpstreamExchange,
    /// It switches to another protocol.
    switches: bool,
    /// No more will come from the backend than is kept.
    cut: Option<BodyCut>,
    /// When what is done last was done; kept, because telling the time costs as much as a small allocation.
    now: Instant,
}

/// What a connection carries after a 101.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    WebSocket,
    Other,
}

/// What became of a response.
pub(crate) struct Delivered {
    result: Result<(), Cut>,
    /// What it switched to, where it did.
    switched: Option<Protocol>,
    now: Instant,
}

/// What is waited for of a body whose answer came before its end, and for how long, before the connection is given up.
const SHORT_REST: usize = 64 * 1024;

const REST_TIME: Duration = Duration::from_secs(1);

/// Most bytes of a new protocol that are read before the request's body has ended.
const FIRST_WORDS: usize = 16 * 1024;

/// Sends a response to the client, head and body.
pub(crate) async fn deliver<'c>(
    client: &mut Client<'c>,
    exchange: &mut Exchange<'c>,
    request: &mut Request,
    answered: &mut Answered,
    source: Source<'_>,
    now: Instant,
) -> Delivered {
    let Answered { head, framing, upstream, .. } = answered;
    let framing = *framing;
    let status = head.line.status;
    // Who was never told to go on with a body may or may not send it; and a long one that is still to come when its answer
    // is there already is not waited for.
    let ends_with_body = !request.upload.expects && request.upload.may_end_within(SHORT_REST);
    let may = request.head.is_persistent() && ends_with_body && !client.is_finishing();
    let passed = client.front.answers(framing, may);
    let keeps = client.front.keeps();
    exchange.answered(status);
    if let Some(recording) = &mut exchange.recording {
        recording.heads.answer.set(head.raw());
    }
    client.clock.enter(Stage::Streaming, now);
    upstream.link.begin_body(head, framing);
    let switches = status == 101;
    let mut delivery = Delivery { client, exchange, request, upstream, switches, cut: None, now };
    let Source { backend, set_cookie } = source;
    let set_cookie = set_cookie.map(HeaderValue::as_bytes);
    let mut begun = false;
    let mut waited = false;
    let result = poll_fn(|cx| {
        if !begun {
            begun = true;
            let said = Said { backend, endpoint: &backend.endpoint, set_cookie, framing, keeps };
            delivery.begin(head, &said, passed, cx)?;
        }
        let polled = delivery.poll(cx);
        waited |= polled.is_pending();
        polled
    })
    .await;

    let Delivery { client, exchange, request, upstream, now, .. } = delivery;
    let now = if waited { Instant::now() } else { now };
    exchange.carried(upstream.link.data(), request.upload.data());
    client.clock.enter(Stage::Idle, now);
    let protocol = || if head.lists(FieldKind::Upgrade, b"websocket") { Protocol::WebSocket } else { Protocol::Other };
    Delivered { result, switched: switches.then(protocol), now }
}

impl Delivered {
    /// Whether the connection goes on once the short rest of the request's body has come.
    pub(crate) fn leaves_a_rest(&self, client: &Client<'_>, request: &Request) -> bool {
        self.result.is_ok() && client.front.keeps() && self.switched.is_none() && !request.upload.is_done()
    }

    /// Books how it ended, and gives the backend's connection back, or over to a tunnel.
    pub(crate) fn conclude(
        &self,
        client: &Client<'_>,
        exchange: &mut Exchange<'_>,
        request: &Request,
        upstream: UpstreamExchange,
        backend: &Arc<Backend>,
    ) -> After {
        let now = self.now;
        match &self.result {
            Ok(()) if self.switched.is_some() => {
                // Counted as active anew before the request is not any more.
                let open = exchange.open.take();
                let tunnel =
                    upstream.into_tunnel(backend, self.switched == Some(Protocol::WebSocket), open, exchange.ticket());
                exchange.end(Ended::Complete, now);
                tunnel.map_or(client.front.fail(Ended::CutByBackend), |tunnel| After::Tunnel(Box::new(tunnel)))
            }
            Ok(()) => {
                let uploaded = request.upload.is_done();
                upstream.settle(client, backend, request, now);
                client.front.end(uploaded)
            }
            Err(Cut::Client) => {
                exchange.end(Ended::ClientGone, now);
                client.front.fail(Ended::ClientGone)
            }
            Err(cut @ (Cut::Body | Cut::Backend(_))) => {
                if let Cut::Backend(lacks) = cut {
                    exchange.lacks(*lacks);
                }
                let ended = if matches!(cut, Cut::Body) { Ended::BadBody } else { Ended::CutByBackend };
                exchange.end(ended, now);
                client.front.fail(ended)
            }
        }
    }
}

/// Waits for the short rest of a body whose answer came early, so that the connection goes on as its client expects; the
/// backend gets it for as long as it takes anything. Says whether there is no more of it.
pub(crate) async fn take_rest(client: &mut Client<'_>, request: &mut Request, upstream: &mut UpstreamExchange) -> bool {
    let most = request.upload.data() + SHORT_REST as u64;
    let rest = poll_fn(|cx| {
        let polled = upstream.poll_upload(client, request, cx).map(|passed| passed.is_ok());
        if polled.is_pending() && request.upload.data() > most { Poll::Ready(false) } else { polled }
    });
    tokio::time::timeout(REST_TIME, rest).await.unwrap_or(false)
}

/// Those who look into the response's body see what passes of it.
#[inline]
fn note(exchange: &mut Exchange<'_>, pieces: &Pieces<'_>) {
    if let Some(recording) = &mut exchange.recording {
        recording.carries(*pieces);
    }
    if let Some(learning) = &mut exchange.learning {
        learning.carries(*pieces);
    }
}

impl Delivery<'_, '_> {
    /// Sends the head, and what came of the body right behind it.
    fn begin(
        &mut self,
        head: &ResponseHead,
        said: &Said<'_>,
        passed: Framing,
        cx: &mut Context<'_>,
    ) -> Result<(), Cut> {
        with_scratch(|Scratch { out, spill, .. }| {
            rewrite::write_response(head, self.request, self.client, said, out);
            if let Some(recording) = &mut self.exchange.recording {
                recording.passes(out, passed);
            }
            self.cut = self.upstream.link.take_piece(spill, |pieces| {
                self.client.front.append(pieces, out);
                note(self.exchange, &pieces);
            });
            self.book(!self.switches);
            self.client.front.send(out, cx).map_err(|_| Cut::Client)
        })
    }

    /// Counts what is about to be sent. Where it is the last, it `may` book the end: who has read it may ask for the figures.
    fn book(&mut self, may: bool) {
        self.exchange.carried(self.upstream.link.data(), self.request.upload.data());
        if may && self.upstream.link.is_done() && self.cut.is_none() {
            self.exchange.end(Ended::Complete, self.now);
        }
    }

    /// Moves both bodies on until the client has all of the response.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Cut>> {
        if let Poll::Ready(result) = self.poll_down(cx) {
            return if self.switches && result.is_ok() { self.poll_switch(cx) } else { Poll::Ready(result) };
        }
        self.upstream.poll_client(self.client, self.request, cx).map(|broken| Err(Cut::of_client(broken)))
    }

    /// The new protocol begins behind the request's body (RFC 9110 7.8). Until then the backend may say its first words in it, or
    /// end.
    fn poll_switch(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Cut>> {
        if let Poll::Ready(uploaded) = self.upstream.poll_upload(self.client, self.request, cx) {
            return Poll::Ready(uploaded.map_err(Cut::of_client));
        }
        self.upstream.link.poll_first_words(FIRST_WORDS, cx).map(|()| Err(Cut::Backend(BodyCut::Reset)))
    }

    fn poll_down(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Cut>> {
        for _ in 0..ROUNDS {
            ready!(self.client.front.poll_flush(cx)).map_err(|_| Cut::Client)?;
            if let Some(cut) = self.cut {
                return Poll::Ready(Err(Cut::Backend(cut)));
            }
            if self.upstream.link.is_done() {
                return Poll::Ready(Ok(()));
            }
            ready!(with_scratch(|scratch| self.poll_pass(scratch, cx)))?;
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reads once from the backend and sends it on.
    fn poll_pass(&mut self, scratch: &mut Scratch, cx: &mut Context<'_>) -> Poll<Result<(), Cut>> {
        let Scratch { read, out, spill } = scratch;
        let read = self.client.front.share(read);
        let (pieces, cut) = ready!(self.upstream.link.poll_piece(read, spill, cx));
        self.cut = cut;
        note(self.exchange, &pieces);
        if self.upstream.link.is_done() {
            self.now = Instant::now();
        }
        self.book(true);
        Poll::Ready(self.client.front.send_pieces(pieces, out, cx).map_err(|_| Cut::Client))
    }
}
